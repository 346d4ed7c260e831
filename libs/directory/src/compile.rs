//! From folds to what the engine decides by.
//!
//! Derived, never folded: everything here is a function of one state. What the previous commit's form has and this
//! commit did not touch is used again, and a policy is compiled once for each text it ever has.

mod account;
mod organization;
mod policies;

use trilby_eventlog::Head;

use crate::error::Error;

pub(crate) use account::account;
pub(crate) use organization::organization;
pub(crate) use policies::PolicyCache;

/// A stored document that this program cannot compile. The log fails as a whole: leaving the policy out could leave
/// out a Deny.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Broken {
    /// The document breaks the language's rules as this program knows them.
    #[error("policy `{name}` cannot be read: {reason}")]
    Unreadable {
        /// The policy.
        name: String,
        /// The first finding.
        reason: String,
    },
    /// The document is not the one its digest was made of.
    #[error("policy `{name}` is not what its digest says")]
    Digest {
        /// The policy.
        name: String,
    },
    /// Something names a policy that is not there.
    #[error("policy `{name}` does not exist")]
    Missing {
        /// The policy.
        name: String,
    },
    /// A name that cannot be put into an ARN.
    #[error("`{name}` is no ARN")]
    Arn {
        /// The name.
        name: String,
    },
}

fn quarantined(head: &Head, broken: &Broken) -> Error {
    Error::Quarantined {
        log: head.log.clone(),
        seq: head.seq,
        reason: broken.to_string(),
    }
}

#[cfg(test)]
mod tests;
