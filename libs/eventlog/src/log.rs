//! What a store of logs can do.

use async_trait::async_trait;
use trilby_model::{LogId, Seq, Timestamp};

use crate::activity::{Activity, ActivityFilter, ActivityRecord};
use crate::claim::{ClaimKey, ClaimOwner};
use crate::commit::{Commit, Committed};
use crate::envelope::{CommitPoint, Head, RecordedCommit};
use crate::error::{AppendError, Error, SideError};
use crate::meta::StoreMeta;
use crate::receipt::StoredReceipt;
use crate::revocation::{Revocation, RevocationMark, RevocationNews};
use crate::side::{Counter, Credential, OneTime, Personal, SealedKey, SideOutcome, SideWrite};
use crate::snapshot::Snapshot;
use crate::trusting::Trusting;

/// A commit that was not yet announced, or whose announcement was not yet noted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxRow {
    /// Grows with every commit; never used twice.
    pub id: i64,
    /// The log.
    pub log: LogId,
    /// The commit's first seq.
    pub first: Seq,
    /// Its last.
    pub last: Seq,
}

/// The store: control logs, activity log and side tables. Chosen once, in the binary's wiring.
///
/// Every method may fail with [`Error::Unavailable`]. Reads see every commit that was
/// acknowledged before they began.
#[async_trait]
pub trait EventLog: Send + Sync {
    // The control log.

    /// What the store says about itself.
    async fn store_meta(&self) -> Result<StoreMeta, Error>;

    /// Makes a commit: all of it, durable when this returns, or nothing.
    ///
    /// Commits of one log are taken in the order in which their futures were first polled, so one may be sent that follows
    /// another which is still under way. If that one is not taken, this one is stale.
    ///
    /// Errors: see [`AppendError`]; after `Unavailable` only the log or the receipt can tell.
    async fn append(&self, commit: Commit) -> Result<Committed, AppendError>;

    /// Whole commits of a log that end after `after`, in order: at least one if there is any, and
    /// no more than about `limit` events. Fewer than asked does not mean the end; none does.
    async fn read(
        &self,
        log: &LogId,
        after: Seq,
        limit: usize,
    ) -> Result<Vec<RecordedCommit>, Error>;

    /// As [`EventLog::read`], of several logs, each after its own place: what each has, in the order asked.
    ///
    /// Errors: one log that cannot be read is an error of all.
    async fn read_many(
        &self,
        of: &[(LogId, Seq)],
        limit: usize,
    ) -> Result<Vec<Vec<RecordedCommit>>, Error> {
        let mut found = Vec::with_capacity(of.len());
        for (log, after) in of {
            found.push(self.read(log, *after, limit).await?);
        }
        Ok(found)
    }

    /// Where a log ends. `None` if it has no event.
    async fn head(&self, log: &LogId) -> Result<Option<Head>, Error>;

    /// Where these logs end, all at one moment. Those without events are left out.
    async fn heads(&self, logs: &[LogId]) -> Result<Vec<Head>, Error>;

    /// Logs with events, in the order of their ids' text, after the given one.
    async fn logs(&self, after: Option<&LogId>, limit: usize) -> Result<Vec<Head>, Error>;

    /// The last commit of a log whose time is not after `at`.
    async fn head_at(&self, log: &LogId, at: Timestamp) -> Result<Option<CommitPoint>, Error>;

    /// The commit that holds a seq. The seq is a commit's end if it equals `last`.
    async fn commit_at(&self, log: &LogId, seq: Seq) -> Result<Option<CommitPoint>, Error>;

    /// The receipt under a key.
    async fn receipt(&self, log: &LogId, key: &[u8; 32]) -> Result<Option<StoredReceipt>, Error>;

    /// Who holds a name.
    async fn claim(&self, key: &ClaimKey) -> Result<Option<ClaimOwner>, Error>;

    /// Revocations whose time is not before `since`, of all logs, oldest first.
    async fn revocations_since(&self, since: Timestamp) -> Result<Vec<Revocation>, Error>;

    /// How far the revocations go: whoever reads them all after this, and goes on from this mark with
    /// [`EventLog::revocations_after`], misses none.
    ///
    /// This, and the next, is as given here where one process has the store to itself: all is told each time.
    async fn revocation_mark(&self) -> Result<RevocationMark, Error> {
        Ok(RevocationMark::default())
    }

    /// Every revocation, of all logs and whatever its time, that could not be seen yet when the mark was given; others may
    /// be among them. A mark that the store has not reached leaves none out.
    async fn revocations_after(&self, _mark: RevocationMark) -> Result<RevocationNews, Error> {
        let from_the_first = Timestamp::from_micros(i64::MIN);
        Ok(RevocationNews {
            mark: RevocationMark::default(),
            revocations: self.revocations_since(from_the_first).await?,
        })
    }

    /// Roles whose trust policy names one of these keys, ordered by key, log and role.
    async fn trusting(&self, keys: &[[u8; 32]]) -> Result<Vec<Trusting>, Error>;

    /// Removes what is past its time: receipts and revocations from before the given times (as a
    /// rule 48 hours and 12 hours 10 minutes ago), and one-time marks and counters over at `now`.
    /// Gives the number of rows.
    async fn purge(
        &self,
        now: Timestamp,
        receipts_before: Timestamp,
        revocations_before: Timestamp,
    ) -> Result<u64, Error>;

    // The relay.

    /// Commits to announce, oldest first. They stay until [`EventLog::outbox_done`].
    async fn outbox_take(&self, limit: usize) -> Result<Vec<OutboxRow>, Error>;

    /// Forgets these rows: they were announced.
    async fn outbox_done(&self, ids: &[i64]) -> Result<(), Error>;

    // Snapshots.

    /// The newest snapshot of this schema at or before `at_most` (`None`: the newest of all).
    async fn snapshot_get(
        &self,
        log: &LogId,
        state_schema: u32,
        at_most: Option<Seq>,
    ) -> Result<Option<Snapshot>, Error>;

    /// Stores a snapshot, in the place of one at the same seq; not of a log that is erased.
    async fn snapshot_put(&self, snapshot: Snapshot) -> Result<(), Error>;

    /// Removes those that [`crate::snapshot::superseded`] names, and those of other schemas but for the one among them that
    /// has the newest: another release may be at work that goes on from these. Gives the number removed.
    async fn snapshot_prune(&self, log: &LogId, state_schema: u32) -> Result<u64, Error>;

    // Side tables.

    /// Writes side rows that belong to no event, all or none.
    async fn side_write(&self, writes: Vec<SideWrite>) -> Result<Vec<SideOutcome>, SideError>;

    /// The credential of the highest generation.
    async fn credential(
        &self,
        log: &LogId,
        subject: &str,
        kind: u16,
    ) -> Result<Option<Credential>, Error>;

    /// All credentials of one kind, oldest generation first.
    async fn credentials(
        &self,
        log: &LogId,
        subject: &str,
        kind: u16,
    ) -> Result<Vec<Credential>, Error>;

    /// A sealed key.
    async fn sealed_key(
        &self,
        log: &LogId,
        kind: u16,
        id: &str,
    ) -> Result<Option<SealedKey>, Error>;

    /// All sealed keys of one kind, by id.
    async fn sealed_keys(&self, log: &LogId, kind: u16) -> Result<Vec<SealedKey>, Error>;

    /// Personal data of one generation.
    async fn personal(
        &self,
        log: &LogId,
        subject: &str,
        field: u16,
        generation: u32,
    ) -> Result<Option<Personal>, Error>;

    /// Whether something was marked as used.
    async fn one_time(
        &self,
        log: &LogId,
        purpose: u16,
        key_hash: &[u8; 32],
    ) -> Result<Option<OneTime>, Error>;

    /// A counter as stored; the caller compares `until` with its clock.
    async fn counter(
        &self,
        log: &LogId,
        subject: &str,
        kind: u16,
    ) -> Result<Option<Counter>, Error>;

    // The activity log.

    /// Writes activity records, durable when this returns.
    ///
    /// Errors: `Invalid` if an id is in its log already or a body is too large; then none is written.
    async fn activity_append(&self, records: Vec<Activity>) -> Result<(), Error>;

    /// The record with this id.
    async fn activity_get(&self, log: &LogId, id: &str) -> Result<Option<ActivityRecord>, Error>;

    /// Records of a log, newest first.
    async fn activity_list(
        &self,
        log: &LogId,
        filter: &ActivityFilter,
        limit: usize,
    ) -> Result<Vec<ActivityRecord>, Error>;

    /// Removes the records of segments that ended before this time; the segments' chain stays.
    /// Gives the number of records.
    async fn activity_purge(&self, before: Timestamp) -> Result<u64, Error>;
}
