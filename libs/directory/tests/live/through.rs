//! A log through which others are reached: it counts what is read, and can be gone, hang, or become another.

use std::future::pending;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use async_trait::async_trait;
use trilby_eventlog::*;
use trilby_model::{LogId, Seq, Timestamp};

use crate::held::Held;

/// See the module.
pub struct Through {
    memory: Mutex<Memory>,
    /// Is read in place of the one that is there.
    forged: Mutex<Option<RecordedCommit>>,
    pub n_reads: AtomicUsize,
    /// Questions where logs end.
    pub n_heads: AtomicUsize,
    /// Questions what the store is.
    pub n_meta: AtomicUsize,
    /// What is done to appends.
    pub held: Held,
    pub is_gone: AtomicBool,
    /// Logs are read one by one only: a question for several is not answered.
    pub reads_one_by_one: AtomicBool,
    pub hangs: AtomicBool,
    /// What was read is given while this can be read.
    pub gives: tokio::sync::RwLock<()>,
}

impl Through {
    pub fn new(memory: Memory) -> Self {
        Self {
            memory: Mutex::new(memory),
            forged: Mutex::default(),
            n_reads: AtomicUsize::new(0),
            n_heads: AtomicUsize::new(0),
            n_meta: AtomicUsize::new(0),
            held: Held::default(),
            is_gone: AtomicBool::new(false),
            reads_one_by_one: AtomicBool::new(false),
            hangs: AtomicBool::new(false),
            gives: tokio::sync::RwLock::default(),
        }
    }

    /// From now on another store stands in its place.
    pub fn becomes(&self, memory: Memory) {
        *self.memory.lock().unwrap() = memory;
    }

    /// From now on this commit is read in place of the one that is there.
    pub fn shows(&self, commit: RecordedCommit) {
        *self.forged.lock().unwrap() = Some(commit);
    }

    /// What there is to read, with the commit that is shown in place of another.
    async fn shown(
        &self,
        log: &LogId,
        after: Seq,
        limit: usize,
    ) -> Result<Vec<RecordedCommit>, Error> {
        let mut commits = self.memory().await?.read(log, after, limit).await?;
        if let Some(forged) = &*self.forged.lock().unwrap() {
            let is_its_place =
                |one: &&mut RecordedCommit| (&one.log, one.last) == (&forged.log, forged.last);
            let place = commits.iter_mut().find(is_its_place);
            place.into_iter().for_each(|one| one.clone_from(forged));
        }
        Ok(commits)
    }

    async fn memory(&self) -> Result<Memory, Error> {
        if self.hangs.load(Ordering::SeqCst) {
            pending::<()>().await;
        }
        if self.is_gone.load(Ordering::SeqCst) {
            return Err(Error::Unavailable("the store is gone".to_owned()));
        }
        Ok(self.memory.lock().unwrap().clone())
    }
}

macro_rules! pass_on {
    ($( $name:ident($($arg:ident: $type:ty),*) -> $answer:ty; )+) => {
        #[async_trait]
        impl EventLog for Through {
            async fn append(&self, commit: Commit) -> Result<Committed, AppendError> {
                let memory = self.memory().await?;
                self.held.append(memory, commit).await
            }

            async fn side_write(&self, writes: Vec<SideWrite>) -> Result<Vec<SideOutcome>, SideError> {
                self.memory().await?.side_write(writes).await
            }

            async fn heads(&self, logs: &[LogId]) -> Result<Vec<Head>, Error> {
                self.n_heads.fetch_add(1, Ordering::SeqCst);
                self.memory().await?.heads(logs).await
            }

            async fn store_meta(&self) -> Result<StoreMeta, Error> {
                self.n_meta.fetch_add(1, Ordering::SeqCst);
                self.memory().await?.store_meta().await
            }

            async fn read(&self, log: &LogId, after: Seq, limit: usize) -> Result<Vec<RecordedCommit>, Error> {
                self.n_reads.fetch_add(1, Ordering::SeqCst);
                let read = self.shown(log, after, limit).await;
                drop(self.gives.read().await);
                read
            }

            async fn read_many(&self, of: &[(LogId, Seq)], limit: usize) -> Result<Vec<Vec<RecordedCommit>>, Error> {
                self.n_reads.fetch_add(1, Ordering::SeqCst);
                if self.reads_one_by_one.load(Ordering::SeqCst) {
                    pending::<()>().await;
                }
                let each = of.iter().map(|(log, after)| self.shown(log, *after, limit));
                let read = futures::future::try_join_all(each).await;
                drop(self.gives.read().await);
                read
            }

            $( async fn $name(&self, $($arg: $type),*) -> Result<$answer, Error> {
                self.memory().await?.$name($($arg),*).await
            } )+
        }
    };
}

pass_on! {
    head(log: &LogId) -> Option<Head>;
    logs(after: Option<&LogId>, limit: usize) -> Vec<Head>;
    head_at(log: &LogId, at: Timestamp) -> Option<CommitPoint>;
    commit_at(log: &LogId, seq: Seq) -> Option<CommitPoint>;
    receipt(log: &LogId, key: &[u8; 32]) -> Option<StoredReceipt>;
    claim(key: &ClaimKey) -> Option<ClaimOwner>;
    revocations_since(since: Timestamp) -> Vec<Revocation>;
    revocation_mark() -> RevocationMark;
    revocations_after(mark: RevocationMark) -> RevocationNews;
    trusting(keys: &[[u8; 32]]) -> Vec<Trusting>;
    purge(now: Timestamp, receipts_before: Timestamp, revocations_before: Timestamp) -> u64;
    outbox_take(limit: usize) -> Vec<OutboxRow>;
    outbox_done(ids: &[i64]) -> ();
    snapshot_get(log: &LogId, state_schema: u32, at_most: Option<Seq>) -> Option<Snapshot>;
    snapshot_put(snapshot: Snapshot) -> ();
    snapshot_prune(log: &LogId, state_schema: u32) -> u64;
    credential(log: &LogId, subject: &str, kind: u16) -> Option<Credential>;
    credentials(log: &LogId, subject: &str, kind: u16) -> Vec<Credential>;
    sealed_key(log: &LogId, kind: u16, id: &str) -> Option<SealedKey>;
    sealed_keys(log: &LogId, kind: u16) -> Vec<SealedKey>;
    personal(log: &LogId, subject: &str, field: u16, generation: u32) -> Option<Personal>;
    one_time(log: &LogId, purpose: u16, key_hash: &[u8; 32]) -> Option<OneTime>;
    counter(log: &LogId, subject: &str, kind: u16) -> Option<Counter>;
    activity_append(records: Vec<Activity>) -> ();
    activity_get(log: &LogId, id: &str) -> Option<ActivityRecord>;
    activity_list(log: &LogId, filter: &ActivityFilter, limit: usize) -> Vec<ActivityRecord>;
    activity_purge(before: Timestamp) -> u64;
}
