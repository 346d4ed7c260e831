//! The hash chain of a control log.
//!
//! ```text
//! body_hash = SHA256(body)
//! hash_0    = SHA256("trilby.genesis.v1\0" ‖ store_id(16) ‖ lp(public_id) ‖ kind u8)
//! hash_n    = SHA256("trilby.event.v1\0" ‖ hash_{n-1} ‖ lp(public_id) ‖ incarnation u32 ‖ seq u64
//!                    ‖ commit_first u64 ‖ commit_last u64 ‖ at i64 ‖ lp(etype) ‖ ever u16 ‖ body_hash)
//! ```
//! Integers are big-endian; `lp` is a u32 length before the bytes. Verifiers hash the stored
//! bytes of a body and never serialize it again, so that no quirk of JSON can break a proof; and
//! as the body goes in by its hash, an erased body leaves the chain whole.
//!
//! `tests/vectors.json` has published values; `verify.py` is a second implementation.

use sha2::{Digest, Sha256};
use trilby_model::{Hash, LogId, Seq, Timestamp};

use crate::envelope::{Recorded, RecordedCommit};

const GENESIS_DOMAIN: &[u8] = b"trilby.genesis.v1\0";
const EVENT_DOMAIN: &[u8] = b"trilby.event.v1\0";

/// SHA-256 of an event's stored bytes.
pub fn body_hash(body: &[u8]) -> Hash {
    finish(Sha256::new().chain_update(body))
}

/// The hash before the first event of a log.
pub fn genesis(store_id: &[u8; 16], log: &LogId) -> Hash {
    let mut hasher = Sha256::new();
    hasher.update(GENESIS_DOMAIN);
    hasher.update(store_id);
    lp(&mut hasher, &log.to_string());
    hasher.update([log.kind().number()]);
    finish(hasher)
}

/// What an event's hash covers, beside the hash before it.
#[derive(Debug, Clone, Copy)]
pub struct Link<'a> {
    /// The log.
    pub log: &'a LogId,
    /// Incarnation of the store.
    pub incarnation: u32,
    /// The event's seq.
    pub seq: Seq,
    /// First seq of its commit.
    pub commit_first: Seq,
    /// Last seq of its commit.
    pub commit_last: Seq,
    /// Time of its commit.
    pub at: Timestamp,
    /// Its type.
    pub etype: &'a str,
    /// Version of its type.
    pub ever: u16,
    /// Hash of its body.
    pub body_hash: Hash,
}

/// The hash at an event, after the event whose hash is `prev`.
pub fn event_hash(prev: &Hash, link: &Link<'_>) -> Hash {
    let mut hasher = Sha256::new();
    hasher.update(EVENT_DOMAIN);
    hasher.update(prev.as_bytes());
    lp(&mut hasher, &link.log.to_string());
    hasher.update(link.incarnation.to_be_bytes());
    hasher.update(link.seq.get().to_be_bytes());
    hasher.update(link.commit_first.get().to_be_bytes());
    hasher.update(link.commit_last.get().to_be_bytes());
    hasher.update(link.at.micros().to_be_bytes());
    lp(&mut hasher, link.etype);
    hasher.update(link.ever.to_be_bytes());
    hasher.update(link.body_hash.as_bytes());
    finish(hasher)
}

/// Where and how a chain does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{log}` at seq {}: {fault}", seq.get())]
pub struct Break {
    /// The log.
    pub log: LogId,
    /// The event.
    pub seq: Seq,
    /// What does not fit.
    pub fault: Fault,
}

/// What does not fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The body's bytes are not those that were hashed.
    #[error("the body does not have its hash")]
    Body,
    /// The hash is not that of the event and the hash before it.
    #[error("the hash does not follow from the one before")]
    Hash,
    /// A seq is missing, doubled or out of order.
    #[error("the seq is out of order")]
    Seq,
    /// The events of a commit do not agree on its first and last seq.
    #[error("the commit's bounds are wrong")]
    Bounds,
    /// It is earlier than the event before it.
    #[error("its time is before that of the event before")]
    Time,
    /// Log, incarnation, time or hash of the commit differ from those of its events.
    #[error("the event does not belong to the commit")]
    Commit,
}

/// Checks one commit by itself, from its `prev_hash` on.
pub fn check_commit(commit: &RecordedCommit) -> Result<(), Break> {
    let fault = |seq, fault| Break {
        log: commit.log.clone(),
        seq,
        fault,
    };
    let mut prev = commit.prev_hash;
    let mut seq = commit.first;
    for event in &commit.events {
        check_event(commit, event, seq, &prev).map_err(|found| fault(seq, found))?;
        prev = event.hash;
        seq = seq.next();
    }
    if seq != commit.last.next() {
        return Err(fault(seq, Fault::Bounds));
    }
    if prev != commit.hash {
        return Err(fault(commit.last, Fault::Commit));
    }
    Ok(())
}

fn check_event(
    commit: &RecordedCommit,
    event: &Recorded,
    seq: Seq,
    prev: &Hash,
) -> Result<(), Fault> {
    if event.seq != seq {
        return Err(Fault::Seq);
    }
    if event.commit_first != commit.first || event.commit_last != commit.last {
        return Err(Fault::Bounds);
    }
    let belongs =
        event.log == commit.log && event.incarnation == commit.incarnation && event.at == commit.at;
    if !belongs {
        return Err(Fault::Commit);
    }
    if let Some(body) = &event.body
        && body_hash(body) != event.body_hash
    {
        return Err(Fault::Body);
    }
    if event_hash(prev, &link(event)) != event.hash {
        return Err(Fault::Hash);
    }
    Ok(())
}

/// What a stored event's hash covers.
pub fn link(event: &Recorded) -> Link<'_> {
    Link {
        log: &event.log,
        incarnation: event.incarnation,
        seq: event.seq,
        commit_first: event.commit_first,
        commit_last: event.commit_last,
        at: event.at,
        etype: &event.etype,
        ever: event.ever,
        body_hash: event.body_hash,
    }
}

fn lp(hasher: &mut Sha256, text: &str) {
    // Ids and type names are bounded far below this.
    hasher.update(u32::try_from(text.len()).unwrap_or(u32::MAX).to_be_bytes());
    hasher.update(text.as_bytes());
}

fn finish(hasher: Sha256) -> Hash {
    let digest: [u8; 32] = hasher.finalize().into();
    Hash(digest)
}
