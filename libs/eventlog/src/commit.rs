//! A commit as its writer asks for it, and what came of it.

use trilby_model::{Hash, LogId, Seq, Timestamp, TraceParent};

use crate::claim::Claim;
use crate::envelope::{Head, NewEvent, RecordedCommit};
use crate::receipt::NewReceipt;
use crate::revocation::{Dependency, NewRevocation, Revocation};
use crate::side::{SideOutcome, SideWrite};
use crate::trusting::TrustingChange;

/// Logs a commit may name, read guards included: as many as a consistency token or a decision knows.
pub const LOGS_MAX: usize = 4;
/// Events of a commit over all its logs.
pub const EVENTS_MAX: usize = 256;
/// Bytes of all bodies of a commit. A commit is one record of the feed.
pub const BYTES_MAX: usize = 256 * 1024;

/// What a log must look like for a commit to be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expected {
    /// The log has no event yet.
    New,
    /// The log ends exactly here.
    At {
        /// Its last seq.
        seq: Seq,
        /// The hash of that event.
        hash: Hash,
    },
}

impl Expected {
    /// The log ends where this head says.
    pub fn at(head: &Head) -> Self {
        Self::At {
            seq: head.seq,
            hash: head.hash,
        }
    }
}

/// One log's part in a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The log.
    pub log: LogId,
    /// Where the writer saw it end.
    pub expected: Expected,
    /// What to append. Empty makes this a read guard: the commit is refused if the log has moved,
    /// and writes nothing to it.
    pub events: Vec<NewEvent>,
}

/// Everything that becomes true together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    /// The writer's clock. Stored is this or, if that is later, the last time in a log it writes to.
    pub at: Timestamp,
    /// The circumstances, hashed with each event: a JSON object under the rules of
    /// [`NewEvent::data`]. The member `with` is added here and must not be given.
    pub meta: serde_json::Value,
    /// Fresh randomness. Each event's own 16-byte salt is derived from it.
    pub salt: [u8; 32],
    /// One to four logs, each once; at least one of them with events.
    pub entries: Vec<Entry>,
    /// Names that the events take. One that is held already refuses the commit.
    pub claims_taken: Vec<Claim>,
    /// Names that the events give up, before any is taken. One that this log does not hold is
    /// passed over.
    pub claims_released: Vec<Claim>,
    /// The answer to keep for a repetition of the request.
    pub receipt: Option<NewReceipt>,
    /// Which sessions the events end.
    pub revocations: Vec<NewRevocation>,
    /// What the caller's session rests on. If any of it was revoked, the commit is refused.
    pub alive: Vec<Dependency>,
    /// The incarnation of the store that it was decided in, if it may not be made in another: once the store is fenced no
    /// session from before it counts.
    pub incarnation: Option<u32>,
    /// Rows of side tables, written in the same transaction.
    pub side: Vec<SideWrite>,
    /// Changes of the index of who is trusted by which role.
    pub trusting: Vec<TrustingChange>,
    /// The trace that its writer is in, for whoever relays it. No part of the log.
    pub trace: Option<TraceParent>,
}

impl Commit {
    /// A commit of these entries and nothing beside them.
    pub fn new(
        at: Timestamp,
        meta: serde_json::Value,
        salt: [u8; 32],
        entries: Vec<Entry>,
    ) -> Self {
        Self {
            at,
            meta,
            salt,
            entries,
            claims_taken: Vec::new(),
            claims_released: Vec::new(),
            receipt: None,
            revocations: Vec::new(),
            alive: Vec::new(),
            incarnation: None,
            side: Vec::new(),
            trusting: Vec::new(),
            trace: None,
        }
    }
}

/// What a commit wrote. It is durable when the writer sees this.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Committed {
    /// The new heads of the logs that got events, in the order of the entries.
    pub heads: Vec<Head>,
    /// What each of these logs got, ready to fold, in the same order.
    pub commits: Vec<RecordedCommit>,
    /// The revocation rows.
    pub revocations: Vec<Revocation>,
    /// What each side write gave, in the order they were asked for.
    pub side: Vec<SideOutcome>,
}
