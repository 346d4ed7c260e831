//! A store in memory: for tests and as the plainest reading of what [`EventLog`] promises. Nothing
//! survives the process. Relays within the process, as SQLite does.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use trilby_model::{LogId, Seq, Timestamp};

use crate::activity::{Activity, ActivityFilter, ActivityRecord};
use crate::claim::{ClaimKey, ClaimOwner};
use crate::commit::{Commit, Committed};
use crate::envelope::{CommitPoint, Head, HeadState, RecordedCommit};
use crate::error::{AppendError, Error, SideError};
use crate::feed::{Feed, FeedReceiver, FeedSender};
use crate::log::{EventLog, OutboxRow};
use crate::meta::StoreMeta;
use crate::receipt::StoredReceipt;
use crate::revocation::{Revocation, RevocationMark, RevocationNews};
use crate::side::{Counter, Credential, OneTime, Personal, SealedKey, SideOutcome, SideWrite};
use crate::snapshot::{self, Snapshot};
use crate::trusting::Trusting;

mod activity;
mod archive;
mod nodes;
mod side;
mod state;

pub use nodes::MemoryNodes;
use side::SideTables;
use state::State;

/// Messages kept for a slow receiver of the feed.
const FEED_CAPACITY: usize = 4096;

/// A store in memory. Clones are the same store.
#[derive(Debug, Clone)]
pub struct Memory {
    state: Arc<Mutex<State>>,
    feed: Option<FeedSender>,
}

impl Memory {
    /// An empty store that announces its commits itself.
    pub fn new(meta: StoreMeta) -> Self {
        Self {
            feed: Some(FeedSender::new(FEED_CAPACITY)),
            ..Self::without_relay(meta)
        }
    }

    /// An empty store whose commits stay in the outbox for a relay of its user.
    pub fn without_relay(meta: StoreMeta) -> Self {
        Self {
            state: Arc::new(Mutex::new(State::new(meta))),
            feed: None,
        }
    }

    /// An empty store with a fixed identity, for tests.
    pub fn for_tests() -> Self {
        Self::new(StoreMeta {
            store_id: [0x5a; 16],
            incarnation: 1,
            store_key_fingerprint: [0; 32],
            min_reader_level: 1,
        })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A panic elsewhere cannot leave a commit half done: all checks precede the first change.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Feed for Memory {
    async fn subscribe(&self) -> Result<FeedReceiver, Error> {
        match &self.feed {
            Some(feed) => Ok(feed.subscribe()),
            None => Err(Error::Invalid(
                "this store does not announce its commits".to_owned(),
            )),
        }
    }
}

fn mark(state: &State) -> RevocationMark {
    RevocationMark {
        begun: state::count(state.revocations_ever),
        newest: 0,
    }
}

#[async_trait]
impl EventLog for Memory {
    async fn store_meta(&self) -> Result<StoreMeta, Error> {
        Ok(self.lock().meta.clone())
    }

    async fn append(&self, commit: Commit) -> Result<Committed, AppendError> {
        let mut state = self.lock();
        let committed = state.append(&commit)?;
        if let Some(feed) = &self.feed {
            // Under the lock, so that the feed has the order of the log.
            feed.announce(committed.commits.clone(), committed.revocations.clone());
            state.outbox.clear();
        }
        Ok(committed)
    }

    async fn read(
        &self,
        log: &LogId,
        after: Seq,
        limit: usize,
    ) -> Result<Vec<RecordedCommit>, Error> {
        let state = self.lock();
        let mut commits = Vec::new();
        let mut n_events = 0;
        for commit in state.commits(log).filter(|commit| commit.last > after) {
            if n_events > 0 && n_events + commit.events.len() > limit {
                break;
            }
            n_events += commit.events.len();
            commits.push(commit.clone());
        }
        Ok(commits)
    }

    async fn head(&self, log: &LogId) -> Result<Option<Head>, Error> {
        Ok(self.lock().head(log).cloned())
    }

    async fn heads(&self, logs: &[LogId]) -> Result<Vec<Head>, Error> {
        let state = self.lock();
        Ok(logs
            .iter()
            .filter_map(|log| state.head(log).cloned())
            .collect())
    }

    async fn logs(&self, after: Option<&LogId>, limit: usize) -> Result<Vec<Head>, Error> {
        let state = self.lock();
        let after = after.map(LogId::to_string);
        let heads = state
            .logs
            .iter()
            .filter(|(id, _)| after.as_ref().is_none_or(|after| *id > after))
            .filter_map(|(_, log)| log.live_head());
        Ok(heads.take(limit).cloned().collect())
    }

    async fn head_at(&self, log: &LogId, at: Timestamp) -> Result<Option<CommitPoint>, Error> {
        let state = self.lock();
        let last = state
            .commits(log)
            .take_while(|commit| commit.at <= at)
            .last();
        Ok(last.map(RecordedCommit::point))
    }

    async fn commit_at(&self, log: &LogId, seq: Seq) -> Result<Option<CommitPoint>, Error> {
        let state = self.lock();
        let commit = state
            .commits(log)
            .find(|commit| commit.first <= seq && seq <= commit.last);
        Ok(commit.map(RecordedCommit::point))
    }

    async fn receipt(&self, log: &LogId, key: &[u8; 32]) -> Result<Option<StoredReceipt>, Error> {
        Ok(self.lock().receipts.get(&(log.to_string(), *key)).cloned())
    }

    async fn claim(&self, key: &ClaimKey) -> Result<Option<ClaimOwner>, Error> {
        Ok(self.lock().claims.get(key).cloned())
    }

    async fn revocations_since(&self, since: Timestamp) -> Result<Vec<Revocation>, Error> {
        let state = self.lock();
        let mut rows: Vec<_> = state
            .revocations
            .iter()
            .filter(|row| row.at >= since)
            .cloned()
            .collect();
        rows.sort_by_key(|row| row.at);
        Ok(rows)
    }

    async fn revocation_mark(&self) -> Result<RevocationMark, Error> {
        Ok(mark(&self.lock()))
    }

    async fn revocations_after(&self, mark: RevocationMark) -> Result<RevocationNews, Error> {
        let state = self.lock();
        let after = self::mark(&state);
        // Where some were purged these are more than came since.
        let n_new = after.begun.checked_sub(mark.begun).unwrap_or(u64::MAX);
        let n_new = usize::try_from(n_new).unwrap_or(usize::MAX);
        let n_old = state.revocations.len().saturating_sub(n_new);
        Ok(RevocationNews {
            mark: after,
            revocations: state.revocations.iter().skip(n_old).cloned().collect(),
        })
    }

    async fn trusting(&self, keys: &[[u8; 32]]) -> Result<Vec<Trusting>, Error> {
        let state = self.lock();
        Ok(state
            .trusting
            .values()
            .filter(|row| keys.contains(&row.key))
            .cloned()
            .collect())
    }

    async fn purge(
        &self,
        now: Timestamp,
        receipts_before: Timestamp,
        revocations_before: Timestamp,
    ) -> Result<u64, Error> {
        Ok(self.lock().purge(now, receipts_before, revocations_before))
    }

    async fn outbox_take(&self, limit: usize) -> Result<Vec<OutboxRow>, Error> {
        Ok(self.lock().outbox.values().take(limit).cloned().collect())
    }

    async fn outbox_done(&self, ids: &[i64]) -> Result<(), Error> {
        let mut state = self.lock();
        for id in ids {
            state.outbox.remove(id);
        }
        Ok(())
    }

    async fn snapshot_get(
        &self,
        log: &LogId,
        state_schema: u32,
        at_most: Option<Seq>,
    ) -> Result<Option<Snapshot>, Error> {
        let state = self.lock();
        let found = state.snapshots.values().filter(|snapshot| {
            snapshot.log == *log
                && snapshot.state_schema == state_schema
                && at_most.is_none_or(|seq| snapshot.seq <= seq)
        });
        Ok(found.max_by_key(|snapshot| snapshot.seq).cloned())
    }

    async fn snapshot_put(&self, snapshot: Snapshot) -> Result<(), Error> {
        let key = (
            snapshot.log.to_string(),
            snapshot.state_schema,
            snapshot.seq,
        );
        let mut state = self.lock();
        if state.ensure(&snapshot.log).head.state != HeadState::Erased {
            state.snapshots.insert(key, snapshot);
        }
        Ok(())
    }

    async fn snapshot_prune(&self, log: &LogId, state_schema: u32) -> Result<u64, Error> {
        let mut state = self.lock();
        let id = log.to_string();
        let of_schema = state
            .snapshots
            .keys()
            .filter(|key| key.0 == id && key.1 == state_schema);
        let superseded = snapshot::superseded(&of_schema.map(|key| key.2).collect::<Vec<_>>());
        let of_others = state
            .snapshots
            .keys()
            .filter(|key| key.0 == id && key.1 != state_schema);
        let newest = of_others.max_by_key(|key| (key.2, key.1));
        let other = newest.map(|key| key.1);
        let before = state.snapshots.len();
        state.snapshots.retain(|key, _| {
            key.0 != id
                || Some(key.1) == other
                || (key.1 == state_schema && !superseded.contains(&key.2))
        });
        Ok(state::count(before - state.snapshots.len()))
    }

    async fn side_write(&self, writes: Vec<SideWrite>) -> Result<Vec<SideOutcome>, SideError> {
        let mut state = self.lock();
        let mut tables = state.side.clone();
        let outcomes = tables
            .write_all(&writes)
            .map_err(|index| SideError::Conflict { index })?;
        for write in &writes {
            state.ensure(write.log());
        }
        state.side = tables;
        Ok(outcomes)
    }

    async fn credential(
        &self,
        log: &LogId,
        subject: &str,
        kind: u16,
    ) -> Result<Option<Credential>, Error> {
        Ok(self
            .lock()
            .side
            .credentials(log, subject, kind)
            .last()
            .cloned())
    }

    async fn credentials(
        &self,
        log: &LogId,
        subject: &str,
        kind: u16,
    ) -> Result<Vec<Credential>, Error> {
        Ok(self
            .lock()
            .side
            .credentials(log, subject, kind)
            .cloned()
            .collect())
    }

    async fn sealed_key(
        &self,
        log: &LogId,
        kind: u16,
        id: &str,
    ) -> Result<Option<SealedKey>, Error> {
        Ok(self
            .lock()
            .side
            .sealed_keys(log, kind)
            .find(|key| key.id == id)
            .cloned())
    }

    async fn sealed_keys(&self, log: &LogId, kind: u16) -> Result<Vec<SealedKey>, Error> {
        Ok(self.lock().side.sealed_keys(log, kind).cloned().collect())
    }

    async fn personal(
        &self,
        log: &LogId,
        subject: &str,
        field: u16,
        generation: u32,
    ) -> Result<Option<Personal>, Error> {
        let key = (log.to_string(), subject.to_owned(), field, generation);
        Ok(self.lock().side.personal.get(&key).cloned())
    }

    async fn one_time(
        &self,
        log: &LogId,
        purpose: u16,
        key_hash: &[u8; 32],
    ) -> Result<Option<OneTime>, Error> {
        let key = (log.to_string(), purpose, *key_hash);
        Ok(self.lock().side.one_time.get(&key).cloned())
    }

    async fn counter(
        &self,
        log: &LogId,
        subject: &str,
        kind: u16,
    ) -> Result<Option<Counter>, Error> {
        let key = (log.to_string(), subject.to_owned(), kind);
        Ok(self
            .lock()
            .side
            .counters
            .get(&key)
            .map(|(_, counter)| *counter))
    }

    async fn activity_append(&self, records: Vec<Activity>) -> Result<(), Error> {
        self.lock().activity_append(records)
    }

    async fn activity_get(&self, log: &LogId, id: &str) -> Result<Option<ActivityRecord>, Error> {
        Ok(self
            .lock()
            .activity
            .get(&(log.to_string(), id.to_owned()))
            .cloned())
    }

    async fn activity_list(
        &self,
        log: &LogId,
        filter: &ActivityFilter,
        limit: usize,
    ) -> Result<Vec<ActivityRecord>, Error> {
        let state = self.lock();
        let mut found: Vec<_> = state
            .activity
            .values()
            .filter(|record| record.activity.log == *log && filter.admits(&record.activity))
            .cloned()
            .collect();
        found.sort_by(|a, b| (b.activity.at, &b.activity.id).cmp(&(a.activity.at, &a.activity.id)));
        found.truncate(limit);
        Ok(found)
    }

    async fn activity_purge(&self, before: Timestamp) -> Result<u64, Error> {
        Ok(self.lock().activity_purge(before))
    }
}
