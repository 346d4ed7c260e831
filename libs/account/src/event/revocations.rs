//! Sessions that an event ends.

use trilby_model::Seq;

/// Sessions of this account's log that an event ends: those whose own seq, or that of what they
/// rest on, is lower than the event's.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Revocation {
    /// The letter of what is named: `r` role, `u` user (root's is the account id), `k` access key,
    /// `s` session, `a` account, `p` provider, `l` provider link; by value `i` provider and subject,
    /// `v` source identity, `n` role and session name.
    pub kind: char,
    /// Unique ids, or values for the kinds matched by value.
    pub parts: Vec<String>,
    /// Stands for the event's own seq where given.
    pub before_seq: Option<Seq>,
}
