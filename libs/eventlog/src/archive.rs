//! A store laid open: every row of every table, for verification, copying and administration.

use async_trait::async_trait;
use trilby_model::{LogId, Seq};

use crate::activity::{ActivityRecord, Segment};
use crate::claim::{ClaimKey, ClaimOwner};
use crate::envelope::{Head, Recorded, RecordedCommit};
use crate::error::Error;
use crate::log::{EventLog, OutboxRow};
use crate::meta::StoreMeta;
use crate::receipt::StoredReceipt;
use crate::revocation::Revocation;
use crate::side::{Counter, Credential, OneTime, Personal, SealedKey};
use crate::snapshot::Snapshot;
use crate::trusting::Trusting;

/// Rows of one table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Section {
    /// Heads, also of logs that have only side rows yet (seq 0).
    Heads,
    /// Receipts.
    Receipts,
    /// Claims.
    Claims,
    /// Revocations.
    Revocations,
    /// Who is trusted by which role.
    Trusting,
    /// Commits not yet announced.
    Outbox,
    /// Snapshots.
    Snapshots,
    /// Verifiers of secrets.
    Credentials,
    /// Keys under keys.
    SealedKeys,
    /// Personal data.
    Personal,
    /// What was used.
    OneTime,
    /// Counters.
    Counters,
    /// The activity log's chains.
    Segments,
    /// The activity log's records.
    Activity,
}

impl Section {
    /// All of them, each after what it rests on.
    pub const ALL: [Self; 14] = [
        Self::Heads,
        Self::Receipts,
        Self::Claims,
        Self::Revocations,
        Self::Trusting,
        Self::Outbox,
        Self::Snapshots,
        Self::Credentials,
        Self::SealedKeys,
        Self::Personal,
        Self::OneTime,
        Self::Counters,
        Self::Segments,
        Self::Activity,
    ];
}

/// A row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Row {
    /// Of [`Section::Heads`].
    Head(Head),
    /// Of [`Section::Receipts`].
    Receipt(StoredReceipt),
    /// Of [`Section::Claims`].
    Claim(ClaimKey, ClaimOwner),
    /// Of [`Section::Revocations`].
    Revocation(Revocation),
    /// Of [`Section::Trusting`].
    Trusting(Trusting),
    /// Of [`Section::Outbox`].
    Outbox(OutboxRow),
    /// Of [`Section::Snapshots`].
    Snapshot(Snapshot),
    /// Of [`Section::Credentials`].
    Credential(Credential),
    /// Of [`Section::SealedKeys`].
    SealedKey(SealedKey),
    /// Of [`Section::Personal`].
    Personal(Personal),
    /// Of [`Section::OneTime`].
    OneTime(OneTime),
    /// Of [`Section::Counters`]: log, subject, kind.
    Counter(LogId, String, u16, Counter),
    /// Of [`Section::Segments`].
    Segment(Segment),
    /// Of [`Section::Activity`].
    Activity(ActivityRecord),
}

impl Row {
    /// The log it belongs to; segments belong to none.
    pub fn log(&self) -> Option<&LogId> {
        match self {
            Self::Head(row) => Some(&row.log),
            Self::Receipt(row) => Some(&row.log),
            Self::Claim(_, owner) => Some(&owner.log),
            Self::Revocation(row) => Some(&row.log),
            Self::Trusting(row) => Some(&row.log),
            Self::Outbox(row) => Some(&row.log),
            Self::Snapshot(row) => Some(&row.log),
            Self::Credential(row) => Some(&row.log),
            Self::SealedKey(row) => Some(&row.log),
            Self::Personal(row) => Some(&row.log),
            Self::OneTime(row) => Some(&row.log),
            Self::Counter(log, ..) => Some(log),
            Self::Segment(_) => None,
            Self::Activity(row) => Some(&row.activity.log),
        }
    }
}

/// Some rows of a section, and from where the next page goes on.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rows {
    /// The rows.
    pub rows: Vec<Row>,
    /// For the next page; `None` after the last.
    pub next: Option<u64>,
}

/// What an administrator may do with a store while no service uses it.
#[async_trait]
pub trait Archive: EventLog {
    /// Rows of a section, all logs together or those of one, a page at a time from `after`
    /// (`None`: the first). Sections without a log column give nothing for one log but segments,
    /// which are given always.
    async fn export(
        &self,
        section: Section,
        log: Option<&LogId>,
        after: Option<u64>,
        limit: usize,
    ) -> Result<Rows, Error>;

    /// Events of a log as they lie there, whatever is wrong with them, by seq after the given one.
    async fn events(&self, log: &LogId, after: Seq, limit: usize) -> Result<Vec<Recorded>, Error>;

    /// What the store's own check of its files finds; empty is well.
    async fn integrity(&self) -> Result<Vec<String>, Error>;

    /// Takes over another store's identity. Errors: `Invalid` unless this store is empty.
    async fn import_meta(&self, meta: &StoreMeta) -> Result<(), Error>;

    /// Takes over commits as they are. Each must follow the last imported of its log.
    ///
    /// Heads are not touched: they come as rows, after all commits.
    async fn import_commits(&self, commits: Vec<RecordedCommit>) -> Result<(), Error>;

    /// Takes over rows as they are; heads replace what is there.
    async fn import_rows(&self, rows: Vec<Row>) -> Result<(), Error>;

    /// Raises the incarnation, after a restore from a backup: whatever followed the lost timeline
    /// sees that this is another. Gives the new one: the next, or `least` if that is higher. (The next may have been that of another
    /// fence, which the backup is older than.)
    async fn fence(&self, least: u32) -> Result<u32, Error>;

    /// Raises the least level of readers; it never falls. Gives what holds now.
    async fn raise_reader_level(&self, level: u32) -> Result<u32, Error>;

    /// Closes a log for writing. With `erase`, also removes its bodies, claims, snapshots, receipts
    /// and side rows; the chain still verifies.
    async fn close_log(&self, log: &LogId, erase: bool) -> Result<(), Error>;
}
