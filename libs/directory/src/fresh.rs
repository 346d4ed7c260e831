//! How fresh, or how old, an answer has to be.

use trilby_model::{ConsistencyToken, Timestamp};

/// What a request asks of the state that answers it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Freshness {
    /// The newest state this process knows.
    #[default]
    Head,
    /// Each named log at least there (`Trilby-Min-Seq`).
    AtLeast(ConsistencyToken),
    /// Each named log exactly there; others at their last commit not later than the first named position
    /// (`Trilby-At-Seq`).
    AtSeq(ConsistencyToken),
    /// Each log at its last commit not later than this (`Trilby-At-Time`).
    AtTime(Timestamp),
}

impl Freshness {
    /// Whether the answer is about the past.
    #[must_use]
    pub const fn is_past(&self) -> bool {
        match self {
            Self::Head | Self::AtLeast(_) => false,
            Self::AtSeq(_) | Self::AtTime(_) => true,
        }
    }
}
