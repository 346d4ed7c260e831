//! What whoever relays commits to a feed between processes needs of a store.
//!
//! Work is shared by *leases*: each shard of the logs is looked after by one relay at a time. Nothing but economy rests
//! on that. A row of the outbox goes when its commit was told, not before, and whoever hears a commit twice drops it.

use std::time::Duration;

use async_trait::async_trait;
use trilby_model::{Hash, LogId, Seq};

use crate::envelope::RecordedCommit;
use crate::error::Error;
use crate::meta::StoreMeta;
use crate::revocation::Revocation;

/// How long a lease holds that is not renewed.
pub const LEASE: Duration = Duration::from_secs(3);

/// How often leases are renewed.
pub const RENEW: Duration = Duration::from_secs(1);

/// A shard that a relay looks after.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lease {
    /// Which.
    pub shard: u16,
    /// Raised whenever it comes to another relay.
    pub epoch: i64,
    /// The store's incarnation for which the feed's newest records of this shard were last compared with the store.
    /// `None`: never.
    pub checked: Option<u32>,
}

/// The leases of one relay.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Leases {
    /// Those it holds.
    pub held: Vec<Lease>,
    /// How many it should hold, as others are at work too. It gives back what it has beyond that.
    pub share: usize,
}

/// From where a shard's rows are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct From {
    /// The shard.
    pub shard: u16,
    /// Rows with a higher id. A lower one may become visible later: now and then everything has to be read, from 0.
    pub after: i64,
}

/// A commit that waits to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// Its row.
    pub row: RowId,
    /// The commit.
    pub commit: RecordedCommit,
    /// The revocations that its events made, in their order.
    pub revocations: Vec<Revocation>,
    /// How long it has waited, by the store's clock.
    pub age: Duration,
    /// The trace that its writer was in, as `traceparent` spells it.
    pub trace: Option<String>,
}

/// A row of the outbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RowId {
    /// The shard.
    pub shard: u16,
    /// Its id there. A store that was taken back draws ids again that it had drawn before.
    pub id: i64,
    /// Differs between commits, also of two pasts.
    pub mark: [u8; 16],
}

/// A store that relays work on.
#[async_trait]
pub trait RelayStore: Send + Sync {
    /// What the store says about itself.
    async fn meta(&self) -> Result<StoreMeta, Error>;

    /// Renews the leases of this relay and takes others that are free, up to its share.
    async fn lease(&self, relay: [u8; 16]) -> Result<Leases, Error>;

    /// Gives shards back. With `None`, all of them: the relay ends.
    async fn release(&self, relay: [u8; 16], shards: Option<&[u16]>) -> Result<(), Error>;

    /// Notes that the feed's newest records of these shards agree with the store of this incarnation.
    async fn checked(&self, shards: &[u16], incarnation: u32) -> Result<(), Error>;

    /// Commits to tell of each of these shards, at most so many of each, in the order of their ids; shard by shard. What
    /// was acknowledged before this was called, and was not told, is among them if it fits and `after` is 0.
    async fn waiting(&self, from: &[From], most_each: usize) -> Result<Vec<Waiting>, Error>;

    /// Forgets rows: they were told. A row that has such an id and another mark is of a commit that was not, and stays.
    async fn told(&self, rows: &[RowId]) -> Result<(), Error>;

    /// For each place whether the log has an event with this hash there, in the order asked.
    async fn stands(&self, places: &[(LogId, Seq, Hash)]) -> Result<Vec<bool>, Error>;
}
