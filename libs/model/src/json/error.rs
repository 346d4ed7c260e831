//! What the reader refuses.

use super::node::Place;

/// The kinds of refusal; each is a stable code of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorCode {
    /// Not JSON.
    Syntax,
    /// A member that its object already has.
    DuplicateMember,
    /// Nested deeper than [`NESTING_MAX`](super::NESTING_MAX).
    TooDeep,
}

/// Why a text was refused, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message} at line {}, column {}", at.line, at.column)]
pub struct Error {
    /// The kind.
    pub code: ErrorCode,
    /// JSON pointer (RFC 6901) of the value being read; of the second member, for a duplicate.
    pub pointer: String,
    /// Where reading stopped.
    pub at: Place,
    /// What was wrong, in a sentence without its end.
    pub message: String,
}
