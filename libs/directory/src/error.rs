//! Why the directory cannot answer. Each of these is a refusal or a fault, never a stale answer.

use trilby_model::{LogId, Seq};

/// Why state could not be given.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// There is no such log.
    #[error("log `{log}` does not exist")]
    UnknownLog {
        /// The log that was asked for.
        log: LogId,
    },
    /// The log was not at the asked position in time. Nothing older is given instead.
    #[error("log `{log}` is behind seq {wanted}")]
    Behind {
        /// The log.
        log: LogId,
        /// The seq that was asked for.
        wanted: Seq,
    },
    /// The asked position has another hash here, or the log ends before it: it belongs to a timeline that was lost.
    #[error("log `{log}` has another history at seq {seq}")]
    TimelineLost {
        /// The log.
        log: LogId,
        /// The position's seq.
        seq: Seq,
    },
    /// A past position must be the end of a commit.
    #[error("seq {seq} is not the end of a commit of log `{log}`")]
    InvalidSeq {
        /// The log.
        log: LogId,
        /// The seq that was asked for.
        seq: Seq,
    },
    /// The named positions are of different moments: by one the account is in an organization that, by the other, it has
    /// left.
    #[error("log `{log}` and its organization's are named at positions that do not fit together")]
    Apart {
        /// The account's log.
        log: LogId,
    },
    /// Nothing of this log existed at that time.
    #[error("log `{log}` had no event yet")]
    BeforeGenesis {
        /// The log.
        log: LogId,
    },
    /// This log cannot be folded: an event of an unknown type or version, or one that does not parse. It answers
    /// nothing until a program that knows the event reads it.
    #[error("log `{log}` is quarantined at seq {seq}: {reason}")]
    Quarantined {
        /// The log.
        log: LogId,
        /// The first event that could not be folded.
        seq: Seq,
        /// What was wrong with it.
        reason: String,
    },
    /// The stored log contradicts itself or what was folded from it before.
    #[error("log `{log}` is broken: {reason}")]
    Corrupt {
        /// The log.
        log: LogId,
        /// What does not fit.
        reason: String,
    },
    /// The store cannot be reached or refused.
    #[error("the log cannot be read")]
    Unavailable(#[source] std::sync::Arc<trilby_eventlog::Error>),
}

impl From<trilby_eventlog::Error> for Error {
    fn from(error: trilby_eventlog::Error) -> Self {
        Self::Unavailable(std::sync::Arc::new(error))
    }
}
