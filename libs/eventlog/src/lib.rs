//! The log: what everything else stands on.
//!
//! Two kinds of record. The *control log* holds every change of rights: one log per account, per
//! organization and for the installation, gapless and hash-chained ([`EventLog::append`]). The
//! *activity log* holds what happened under those rights ([`EventLog::activity_append`]). Beside
//! them lie side tables with what events only name: secrets, personal data, counters.
//!
//! This crate has the traits, the envelope, the hash chain, an in-memory backend, and the suite
//! every backend must pass. It knows no event type and no database.
//!
//! Invariants kept here and checked by [`verify`]:
//! * a commit is atomic: its events, claims, receipt, revocations and side rows exist together or
//!   not at all, over all logs it spans;
//! * a seq is given once, without gaps, from 1; `at` never decreases within a log;
//! * stored bytes are what was hashed: a verifier hashes them and never serializes again.

pub mod activity;
pub mod archive;
pub mod chain;
pub mod claim;
pub mod commit;
pub mod conformance;
pub mod copy;
pub mod envelope;
pub mod error;
pub mod export;
pub mod feed;
pub mod log;
pub mod memory;
pub mod meta;
pub mod node;
pub mod receipt;
pub mod record;
pub mod relay;
pub mod revocation;
pub mod seal;
pub mod shard;
pub mod side;
pub mod snapshot;
pub mod trusting;
pub mod verify;

pub use activity::{Activity, ActivityFilter, ActivityRecord, Segment};
pub use archive::{Archive, Section};
pub use claim::{Claim, ClaimKey, ClaimOwner, ClaimScope};
pub use commit::{Commit, Committed, Entry, Expected};
pub use envelope::{CommitPoint, Head, HeadState, NewEvent, Recorded, RecordedCommit};
pub use error::{AppendError, Error, SideError};
pub use feed::{Channel, Delivery, Feed, FeedMessage, FeedReceiver, FeedSender, Heartbeat, Polled};
pub use log::{EventLog, OutboxRow};
pub use memory::{Memory, MemoryNodes};
pub use meta::{READER_LEVEL, StoreMeta};
pub use node::{Applied, Node, NodeKind, NodeTable, Nodes, Told};
pub use receipt::{NewReceipt, StoredReceipt};
pub use record::{ActivityKeeper, ActivitySink, Kept};
pub use relay::RelayStore;
pub use revocation::{
    Dependency, NewRevocation, Revocation, RevocationKind, RevocationMark, RevocationNews,
};
pub use side::{
    Counter, Credential, OneTime, Personal, SealedKey, SideBody, SideOutcome, SideWrite,
};
pub use snapshot::Snapshot;
pub use trusting::{Trusting, TrustingChange};
