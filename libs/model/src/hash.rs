//! Hashes of the chain, and the short form that travels in consistency tokens.

use std::fmt;
use std::str::FromStr;

use crate::text::string_on_the_wire;

/// Text that is not a hash of the wanted length in lower-case hexadecimal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a hash here is {digits} lower-case hexadecimal digits")]
pub struct HashError {
    digits: usize,
}

macro_rules! hash {
    ($(#[$doc:meta])* $type:ident, $bytes:literal, $digits:literal, $example:expr) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $type(pub [u8; $bytes]);

        impl $type {
            /// The bytes.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; $bytes] {
                &self.0
            }
        }

        impl FromStr for $type {
            type Err = HashError;

            fn from_str(text: &str) -> Result<Self, HashError> {
                let mut bytes = [0; $bytes];
                let lower = !text.bytes().any(|b| b.is_ascii_uppercase());
                match hex::decode_to_slice(text, &mut bytes) {
                    Ok(()) if lower => Ok(Self(bytes)),
                    Ok(()) | Err(_) => Err(HashError { digits: $digits }),
                }
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }

        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({self})", stringify!($type))
            }
        }

        string_on_the_wire!(
            $type, pattern: concat!("^[0-9a-f]{", stringify!($digits), "}$"), example: $example,
            says: concat!(stringify!($digits), " lower-case hexadecimal digits")
        );
    };
}

hash!(
    /// A SHA-256 value of the hash chain.
    Hash, 32, 64, "9f2c41d70ab35e18".repeat(4)
);
hash!(
    /// The first eight bytes of a [`struct@Hash`]: enough to notice another timeline, short enough for a header.
    HashPrefix, 8, 16, "9f2c41d70ab35e18"
);

impl Hash {
    /// The short form.
    #[must_use]
    pub const fn prefix(&self) -> HashPrefix {
        let [a, b, c, d, e, f, g, h, ..] = self.0;
        HashPrefix([a, b, c, d, e, f, g, h])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_lower_case_hexadecimal_of_their_length() {
        let text = "00ff".repeat(16);
        let hash: Hash = text.parse().unwrap();
        assert_eq!(hash.to_string(), text);
        assert_eq!(hash.prefix().to_string(), "00ff00ff00ff00ff");
        for bad in [
            "",
            "00",
            &text.to_uppercase(),
            &text.replace('f', "g"),
            &format!("{text}00"),
        ] {
            assert!(bad.parse::<Hash>().is_err(), "{bad}");
        }
    }
}
