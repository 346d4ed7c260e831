//! Where revocations go.
//!
//! The directory hears of every revocation of every account, from the log at start and from the feed after. What a
//! revocation does to a session is not its business: it hands each to a sink, which the session table implements.

use trilby_eventlog::Revocation;

/// Takes revocations as they become known. Called for each at least once, in no order; an implementation keeps the
/// highest `before` of a key.
pub trait RevocationSink: Send + Sync {
    /// This revocation is in force from now on.
    fn revoked(&self, revocation: &Revocation);
}

/// A sink for processes and tests that verify no sessions.
#[derive(Debug, Clone, Copy, Default)]
pub struct IgnoreRevocations;

impl RevocationSink for IgnoreRevocations {
    fn revoked(&self, _: &Revocation) {}
}
