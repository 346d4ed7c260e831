//! What a command is decided with besides the state: time, fresh ids, who asks, and on what condition.

use trilby_model::{AccountId, Entropy, RoleId, Seq, Timestamp, UserId};

/// Everything `decide` knows that is not in the state or the command.
///
/// The same context gives the same ids again: a command that lost a race is decided anew with it.
/// Therefore one context serves one command.
#[derive(Debug, Clone)]
pub struct Context {
    /// The present.
    pub now: Timestamp,
    /// Who asks.
    pub actor: Actor,
    /// What the caller asked of the thing before it is changed.
    pub precondition: Precondition,
    seed: [u8; 32],
}

/// Who asks for a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// Trilby itself: bootstrapping, key rotation.
    System,
    /// Root of an account.
    Root(AccountId),
    /// A user of an account.
    User(AccountId, UserId),
    /// A session of a role of an account.
    Role(AccountId, RoleId),
}

/// `If-Match` and `If-None-Match` of a request, checked where the change is decided so that of two
/// writers with the same `ETag` one wins.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Precondition {
    /// None.
    #[default]
    None,
    /// The thing was last changed by this event.
    Unchanged(Seq),
    /// There is no such thing yet.
    Absent,
}

impl Context {
    /// A context without precondition; takes 32 bytes of `entropy`.
    #[must_use]
    pub fn new(now: Timestamp, actor: Actor, entropy: &mut Entropy) -> Self {
        Self {
            now,
            actor,
            precondition: Precondition::None,
            seed: entropy.take(),
        }
    }

    /// The same with a precondition.
    #[must_use]
    pub fn with_precondition(self, precondition: Precondition) -> Self {
        Self {
            precondition,
            ..self
        }
    }

    pub(crate) fn entropy(&self) -> Entropy {
        Entropy::new(self.seed)
    }
}
