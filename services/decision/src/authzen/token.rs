//! The session token that a question may bring along for its subject.

use std::fmt;

use trilby_model::json::{Node, Value};
use trilby_service::Secret;

/// Name of the member, of the subject's `properties`, that holds a token.
pub const IN_PROPERTIES: &str = "token";
/// Name of the member of `context.trilby` that does.
pub const IN_CONTEXT: &str = "subject_token";

/// A token as it came: nothing about it is believed, and it is never printed.
#[derive(Clone)]
pub struct SubjectToken(Secret<String>);

impl SubjectToken {
    /// The member's value. One that is no text is a token that fails, not a question that is malformed.
    pub fn of(node: &Node) -> Self {
        let text = match &node.value {
            Value::String(text) => text.clone(),
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::Array(_)
            | Value::Object(_) => String::new(),
        };
        Self(Secret::new(text))
    }

    /// The text, for the verifier.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

impl PartialEq for SubjectToken {
    fn eq(&self, other: &Self) -> bool {
        self.expose() == other.expose()
    }
}

impl fmt::Debug for SubjectToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SubjectToken(…)")
    }
}

/// How every JWT begins: `{"` in base64url.
pub const BEGINNING: &str = "eyJ";
