//! An index for "which roles could this principal assume": who each role's trust policy names.
//! Rebuildable from the logs; it decides nothing.

use trilby_model::{LogId, Seq};

/// A change of the index that an event of a commit makes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TrustingChange {
    /// The role's trust policy names this key from now on.
    Put {
        /// Digest of what is named: kind and provider id, principal unique id or account.
        key: [u8; 32],
        /// The role's log, which must have events in the commit.
        log: LogId,
        /// Unique id of the role.
        role: String,
        /// Which of that log's events in the commit says so, from 0.
        event: usize,
    },
    /// It no longer does.
    Remove {
        /// Digest of what was named.
        key: [u8; 32],
        /// The role's log.
        log: LogId,
        /// Unique id of the role.
        role: String,
    },
}

/// A role whose trust policy names a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trusting {
    /// Digest of what is named.
    pub key: [u8; 32],
    /// The role's log.
    pub log: LogId,
    /// Unique id of the role.
    pub role: String,
    /// The event that said so.
    pub seq: Seq,
}
