//! One faulty part of a request.

use serde::Serialize;

use super::Code;

/// Where in the request the fault is, and what it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldError {
    /// JSON pointer (RFC 6901) into the body; absent if the fault is not in the body.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
    /// Name of the path, query or form parameter at fault.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parameter: Option<String>,
    /// Name of the header at fault.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header: Option<String>,
    /// What is wrong: a problem code, or a code of the policy checker.
    pub code: String,
    /// The same in words.
    pub detail: String,
    /// Line in the body, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// Column in the line, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<u32>,
}

impl FieldError {
    /// A fault in the body at a JSON pointer.
    pub fn at(pointer: impl Into<String>, code: Code, detail: impl Into<String>) -> FieldError {
        FieldError {
            pointer: Some(pointer.into()),
            ..FieldError::blank(code, detail.into())
        }
    }

    /// A fault in a path, query or form parameter.
    pub fn parameter(name: impl Into<String>, code: Code, detail: impl Into<String>) -> FieldError {
        FieldError {
            parameter: Some(name.into()),
            ..FieldError::blank(code, detail.into())
        }
    }

    /// A fault in a header.
    pub fn header(name: impl Into<String>, code: Code, detail: impl Into<String>) -> FieldError {
        FieldError {
            header: Some(name.into()),
            ..FieldError::blank(code, detail.into())
        }
    }

    /// The same with the place in the body's text.
    #[must_use]
    pub fn placed(mut self, line: u32, column: u32) -> FieldError {
        self.line = Some(line);
        self.column = Some(column);
        self
    }

    /// The same with a code that is not a problem's, such as a policy finding's.
    #[must_use]
    pub fn coded(mut self, code: impl Into<String>) -> FieldError {
        self.code = code.into();
        self
    }

    fn blank(code: Code, detail: String) -> FieldError {
        FieldError {
            pointer: None,
            parameter: None,
            header: None,
            code: code.as_str().to_owned(),
            detail,
            line: None,
            column: None,
        }
    }
}
