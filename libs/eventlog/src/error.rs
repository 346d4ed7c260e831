//! How the log refuses and how it fails.

use trilby_model::LogId;

use crate::claim::ClaimKey;
use crate::envelope::Head;
use crate::receipt::StoredReceipt;
use crate::revocation::Dependency;

/// A store that could not be read or written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// It did not answer. Of a write nothing is known: read the receipt before repeating it.
    #[error("the store is unavailable: {0}")]
    Unavailable(String),
    /// More waits to be written than it takes. Nothing was begun.
    #[error("the store is busy: {0}")]
    Busy(String),
    /// It answered something it can never have been given.
    #[error("the store is corrupt: {0}")]
    Corrupt(String),
    /// The caller asked for something without sense.
    #[error("{0}")]
    Invalid(String),
}

/// Why a commit was not taken. But for `Unavailable`, nothing was written.
///
/// When several hold, the first in this order is given; a receipt comes before everything that
/// depends on the state, so that a repeated request gets its answer and not a conflict.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AppendError {
    /// The commit is malformed: a bug of its writer.
    #[error("invalid commit: {0}")]
    Invalid(String),
    /// More than one of the bounds in [`crate::commit`] allows.
    #[error("a commit may have at most {limit} {what}, this one has {actual}")]
    TooLarge {
        /// `logs`, `events` or `bytes`.
        what: &'static str,
        /// The bound.
        limit: usize,
        /// What was asked.
        actual: usize,
    },
    /// The key was used before. Compare `request_hash`, then give the stored answer or refuse.
    #[error("the idempotency key has a receipt")]
    Receipt(Box<StoredReceipt>),
    /// A log of the commit takes no more events.
    #[error("log `{log}` is closed")]
    NotOpen {
        /// The log.
        log: LogId,
    },
    /// A log has moved. Catch up, decide again, try again.
    #[error("the log has moved on")]
    Stale {
        /// Where the logs that were not as expected stand; one without events is left out.
        heads: Vec<Head>,
    },
    /// The caller's session, or something it rests on, was revoked.
    #[error("the session was revoked")]
    Dead {
        /// What was revoked.
        dependencies: Vec<Dependency>,
    },
    /// A name is taken.
    #[error("a name of claim kind {} is taken", key.kind)]
    ClaimTaken {
        /// The name.
        key: ClaimKey,
    },
    /// A side write's condition does not hold.
    #[error("side write {index} does not apply")]
    Side {
        /// Which, by its place in `Commit::side`.
        index: usize,
    },
    /// More commits wait than the store takes, and this one found no place among them in time.
    #[error("the store is busy: {0}")]
    Busy(String),
    /// The store did not answer. Whether the commit was taken is not known until its receipt, or the
    /// log, is read.
    #[error("the store is unavailable: {0}")]
    Unavailable(String),
    /// The store contradicts itself.
    #[error("the store is corrupt: {0}")]
    Corrupt(String),
}

impl From<Error> for AppendError {
    fn from(error: Error) -> Self {
        match error {
            Error::Unavailable(what) => Self::Unavailable(what),
            Error::Busy(what) => Self::Busy(what),
            Error::Corrupt(what) => Self::Corrupt(what),
            Error::Invalid(what) => Self::Invalid(what),
        }
    }
}

/// Why side writes of their own, outside a commit, were not done. But for an unavailable store,
/// none of them was.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SideError {
    /// The condition of one of them does not hold.
    #[error("side write {index} does not apply")]
    Conflict {
        /// Which, by its place.
        index: usize,
    },
    /// The store.
    #[error(transparent)]
    Store(#[from] Error),
}
