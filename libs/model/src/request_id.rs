//! Ids of requests, of decisions and of processes: UUIDs, version 7 when we make them.

use std::fmt;
use std::str::FromStr;

use crate::ids::IdError;
use crate::text::{echo, string_on_the_wire};

macro_rules! uuid_text {
    ($(#[$doc:meta])* $type:ident, $says:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $type(String);

        impl $type {
            /// The id as text: lower case, with hyphens.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<[u8; 16]> for $type {
            fn from(uuid: [u8; 16]) -> Self {
                let mut text = String::with_capacity(36);
                for (index, byte) in uuid.iter().enumerate() {
                    if matches!(index, 4 | 6 | 8 | 10) {
                        text.push('-');
                    }
                    text.push_str(&hex::encode([*byte]));
                }
                Self(text)
            }
        }

        impl FromStr for $type {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                if is_uuid(text) {
                    Ok(Self(text.to_owned()))
                } else {
                    Err(IdError::new($says, echo(text)))
                }
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        string_on_the_wire!(
            $type, pattern: "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$",
            example: "01938f2c-7d5e-7a10-9c3b-2f6d1e8a4b70", says: $says
        );
    };
}

/// Whether `text` is a UUID in its canonical spelling: lower case, with hyphens.
fn is_uuid(text: &str) -> bool {
    let fits = |(index, byte): (usize, u8)| match index {
        8 | 13 | 18 | 23 => byte == b'-',
        _ => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
    };
    text.len() == 36 && text.bytes().enumerate().all(fits)
}

uuid_text!(
    /// The id of one HTTP request; on every answer, in every log line and event it led to.
    RequestId, "a request id (UUID)"
);
uuid_text!(
    /// The id of one decision.
    DecisionId, "a decision id (UUID)"
);
uuid_text!(
    /// The id of one process at work, from its start to its end.
    NodeId, "a node id (UUID)"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_canonical_spelling_is_an_id() {
        let text = "01938f2c-7d5e-7a10-9c3b-2f6d1e8a4b70";
        assert_eq!(text.parse::<RequestId>().unwrap().as_str(), text);
        for bad in [
            "",
            &text.to_uppercase(),
            &text.replace('-', ""),
            &format!("{{{text}}}"),
            &format!("urn:uuid:{text}"),
        ] {
            assert!(bad.parse::<DecisionId>().is_err(), "{bad}");
        }
    }

    #[test]
    fn bytes_are_written_in_the_canonical_spelling() {
        let id = RequestId::from([
            0x01, 0x93, 0x8f, 0x2c, 0x7d, 0x5e, 0x7a, 0x10, 0x9c, 0x3b, 0x2f, 0x6d, 0x1e, 0x8a,
            0x4b, 0x70,
        ]);
        assert_eq!(id.as_str(), "01938f2c-7d5e-7a10-9c3b-2f6d1e8a4b70");
        assert_eq!(id.as_str().parse::<RequestId>().unwrap(), id);
    }
}
