//! An action asked about: `service:Operation`.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use crate::text::{echo, string_on_the_wire};

const SERVICE_MAX_CHARS: usize = 63;
const OPERATION_MAX_CHARS: usize = 128;

/// One action, such as `s3:GetObject`. Case is kept but tells no two actions apart: `S3:getobject` is equal to it.
///
/// An action is what a request asks for; a pattern of actions with `*` and `?` belongs to policies and is no `Action`.
#[derive(Debug, Clone)]
pub struct Action {
    text: String,
    /// `text` in lower case.
    key: String,
    /// Bytes before the colon.
    service_bytes: usize,
}

/// Text that is not an action.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not an action: `service:Operation`, such as `s3:GetObject`")]
pub struct ActionError {
    text: String,
}

impl Action {
    /// The part before the colon, as given.
    #[must_use]
    pub fn service(&self) -> &str {
        self.text.get(..self.service_bytes).unwrap_or_default()
    }

    /// The part after the colon, as given.
    #[must_use]
    pub fn operation(&self) -> &str {
        self.text
            .get(self.service_bytes.saturating_add(1)..)
            .unwrap_or_default()
    }

    /// The whole as given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The whole in lower case: equal for equal actions.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }
}

impl FromStr for Action {
    type Err = ActionError;

    fn from_str(text: &str) -> Result<Self, ActionError> {
        let fits = |part: &str, max: usize, extra: &str| {
            (1..=max).contains(&part.len())
                && part
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || extra.contains(c))
        };
        match text.split_once(':') {
            Some((service, operation))
                if fits(service, SERVICE_MAX_CHARS, "-")
                    && fits(operation, OPERATION_MAX_CHARS, "_-./") =>
            {
                Ok(Self {
                    text: text.to_owned(),
                    key: text.to_ascii_lowercase(),
                    service_bytes: service.len(),
                })
            }
            Some(_) | None => Err(ActionError { text: echo(text) }),
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl PartialEq for Action {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl Eq for Action {}

impl PartialOrd for Action {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Action {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.key.cmp(&other.key)
    }
}

impl Hash for Action {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key.hash(state);
    }
}

string_on_the_wire!(Action, pattern: "^[A-Za-z0-9-]{1,63}:[A-Za-z0-9_./-]{1,128}$", example: "s3:GetObject", says: "an action: `service:Operation`");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_tells_no_actions_apart() {
        let (a, b): (Action, Action) = (
            "s3:GetObject".parse().unwrap(),
            "S3:getobject".parse().unwrap(),
        );
        assert_eq!(a, b);
        assert_eq!(
            (a.service(), a.operation(), a.key()),
            ("s3", "GetObject", "s3:getobject")
        );
        assert_eq!(b.to_string(), "S3:getobject");
    }

    #[test]
    fn patterns_and_halves_are_no_actions() {
        for bad in [
            "",
            "*",
            "s3",
            "s3:",
            ":Get",
            "s3:*",
            "s3:Get?",
            "s3:Get:Object",
            "s3 :Get",
            "s3:Get Object",
            "sä:Get",
            "s3:Get\n",
        ] {
            assert!(bad.parse::<Action>().is_err(), "{bad}");
        }
    }
}
