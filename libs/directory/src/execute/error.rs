//! Why a command was not executed.

use trilby_model::LogId;

use crate::error::Error;
use crate::options::ATTEMPTS_MAX;

/// Why a command was not executed. Nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum ExecuteError<E> {
    /// Its own code refused it.
    #[error("the command was refused")]
    Refused(E),
    /// Others were faster each time.
    #[error("the log moved on {ATTEMPTS_MAX} times")]
    Conflict,
    /// Too many commands of this log wait already. Nothing was begun.
    #[error("too many commands of log `{log}` wait")]
    Busy {
        /// The log.
        log: LogId,
    },
    /// Too many commits wait for the store already. Nothing was begun.
    #[error("the store is busy: {0}")]
    StoreBusy(String),
    /// The key was used for another request.
    #[error("the idempotency key was used for another request")]
    KeyReused,
    /// The caller's session was revoked meanwhile.
    #[error("the session was revoked")]
    SessionDead,
    /// Another log holds a name that the command takes.
    #[error("a name of claim kind {kind} is taken")]
    ClaimTaken {
        /// The kind's number, see `account::ClaimKind`.
        kind: u16,
    },
    /// A side row is not as the command needs it (a ticket was used already, a key exists).
    #[error("side write {index} does not apply")]
    SideConflict {
        /// Which, by its place in the plan.
        index: usize,
    },
    /// A log of the command is closed for good.
    #[error("log `{log}` is closed")]
    NotOpen {
        /// The log.
        log: LogId,
    },
    /// The command is over a commit's bounds.
    #[error("a commit may have at most {limit} {what}, this one has {actual}")]
    TooLarge {
        /// `logs`, `events` or `bytes`.
        what: &'static str,
        /// The bound.
        limit: usize,
        /// What it would have been.
        actual: usize,
    },
    /// The program made a commit without sense.
    #[error("invalid commit: {0}")]
    Invalid(String),
    /// State could not be read.
    #[error(transparent)]
    Directory(Error),
    /// The store did not answer, and its receipt cannot be read: whether the command happened is not known.
    #[error("the store is unavailable: {0}")]
    Unavailable(String),
}

impl<E> From<Error> for ExecuteError<E> {
    fn from(error: Error) -> Self {
        Self::Directory(error)
    }
}

impl<E> From<trilby_eventlog::Error> for ExecuteError<E> {
    fn from(error: trilby_eventlog::Error) -> Self {
        Self::Directory(error.into())
    }
}
