//! Ids of requests and of decisions: UUIDs, version 7 when we make them.

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

        impl From<uuid::Uuid> for $type {
            fn from(uuid: uuid::Uuid) -> Self {
                Self(uuid.hyphenated().to_string())
            }
        }

        impl FromStr for $type {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                match uuid::Uuid::try_parse(text) {
                    Ok(uuid) if uuid.hyphenated().to_string() == text => Ok(Self(text.to_owned())),
                    Ok(_) | Err(_) => Err(IdError::new($says, echo(text))),
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

uuid_text!(
    /// The id of one HTTP request; on every answer, in every log line and event it led to.
    RequestId, "a request id (UUID)"
);
uuid_text!(
    /// The id of one decision.
    DecisionId, "a decision id (UUID)"
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
}
