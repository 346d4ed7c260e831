//! The store: questions to the pool, changes to the writer.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use rusqlite::Connection;
use trilby_eventlog::feed::FeedSender;
use trilby_eventlog::seal::Prepared;
use trilby_eventlog::{
    Activity, ActivityFilter, ActivityRecord, AppendError, ClaimKey, ClaimOwner, Commit,
    CommitPoint, Committed, Counter, Credential, Error, EventLog, Feed, FeedReceiver, Head,
    OneTime, OutboxRow, Personal, RecordedCommit, Revocation, SealedKey, SideError, SideOutcome,
    SideWrite, Snapshot, StoreMeta, StoredReceipt, Trusting,
};
use trilby_model::{LogId, Seq, Timestamp};

use crate::activity::{self, Chain};
use crate::append::{self, ensure_log, log_id};
use crate::failure::failure;
use crate::open;
use crate::options::{OpenError, Options};
use crate::pool::Pool;
use crate::rows::int;
use crate::writer::{Session, Writer};
use crate::{news, read, relay, side};

/// Messages kept for a slow receiver of the feed.
const FEED_CAPACITY: usize = 8192;

/// Looks at the oldest receipts that one purge takes, each at a thousand. What is left goes with the next.
const RECEIPT_PURGES_MAX: usize = 1_000;

/// The log in a SQLite file. Clones are the same store; the directory is free when the last is gone.
#[derive(Debug, Clone)]
pub struct Sqlite {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    dir: PathBuf,
    pool: Pool,
    /// None when only reading.
    writer: Option<Writer>,
    feed: Option<FeedSender>,
    /// Outbox rows below this were left by an earlier process.
    leftovers_below: i64,
    leftovers_told: AtomicBool,
}

impl Sqlite {
    /// Opens the store in a data directory, making both if they are not there.
    ///
    /// Blocks for as long as the disk takes; call it before serving, or away from async threads.
    ///
    /// Errors: each names what is wrong with the directory; nothing in it was changed.
    pub fn open(dir: &Path, options: &Options) -> Result<Self, OpenError> {
        let opened = open::open(dir, options)?;
        let path = opened.path.clone();
        let inner = if options.read_only {
            Inner {
                dir: dir.to_owned(),
                pool: Pool::of_one(path, opened.conn),
                writer: None,
                feed: None,
                leftovers_below: 0,
                leftovers_told: AtomicBool::new(true),
            }
        } else {
            let chain = Chain::begin(open::random()?, &opened.conn)?;
            let next = "select coalesce(max(id), 0) + 1 from outbox";
            let leftovers_below = opened.conn.query_row(next, [], |row| row.get(0))?;
            let feed = options.relay.then(|| FeedSender::new(FEED_CAPACITY));
            let writer = Writer::start(opened, chain, feed.clone()).map_err(|source| {
                OpenError::Directory {
                    path: dir.to_owned(),
                    source,
                }
            })?;
            Inner {
                dir: dir.to_owned(),
                pool: Pool::new(path, options.read_connections),
                writer: Some(writer),
                feed,
                leftovers_below,
                leftovers_told: AtomicBool::new(false),
            }
        };
        Ok(Self {
            inner: Arc::new(inner),
        })
    }

    /// Finishes the writes that were taken and gives the directory back, whoever else still holds this store: writes
    /// are refused from now on, reads are answered. Blocks; call it away from async threads.
    pub fn close(&self) {
        if let Some(writer) = &self.inner.writer {
            writer.close();
        }
    }

    /// The data directory.
    pub fn dir(&self) -> &Path {
        &self.inner.dir
    }

    /// Writes a copy of the store, as it is at one moment, into a directory without one. The store
    /// stays in use meanwhile. Open the copy for reading and verify it.
    ///
    /// Errors: `Invalid` if there is a store; `Unavailable` if it cannot be written.
    pub async fn backup(&self, dir: &Path) -> Result<(), Error> {
        let target = dir.join(crate::FILE_NAME);
        let source = self.inner.dir.join(crate::FILE_NAME);
        let copy = move || -> Result<(), Error> {
            if target.exists() {
                return Err(Error::Invalid(format!(
                    "there is a store in `{}`",
                    target.display()
                )));
            }
            let unavailable = |error: std::io::Error| Error::Unavailable(error.to_string());
            if let Some(dir) = target.parent() {
                std::fs::create_dir_all(dir).map_err(unavailable)?;
            }
            let name = target
                .to_str()
                .ok_or_else(|| Error::Invalid("the path is not UTF-8".to_owned()))?;
            let conn = open::connect_reader(&source).map_err(failure)?;
            // The copy is written through this connection.
            conn.pragma_update(None, "query_only", false)
                .map_err(failure)?;
            crate::directory::make_private(&target).map_err(unavailable)?;
            conn.execute("vacuum into ?1", [name]).map_err(failure)?;
            let file = std::fs::File::open(&target).map_err(unavailable)?;
            file.sync_all().map_err(unavailable)
        };
        tokio::task::spawn_blocking(copy)
            .await
            .map_err(|_| Error::Unavailable("the backup was cut off".to_owned()))?
    }

    pub(crate) async fn ask<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        self.inner.pool.read(work).await
    }

    pub(crate) async fn write<T, E>(
        &self,
        work: impl FnOnce(&mut Session<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        self.writer()?.run(work).await
    }

    fn writer(&self) -> Result<&Writer, Error> {
        let closed = || Error::Unavailable("the store is open for reading".to_owned());
        self.inner.writer.as_ref().ok_or_else(closed)
    }
}

#[async_trait]
impl Feed for Sqlite {
    async fn subscribe(&self) -> Result<FeedReceiver, Error> {
        let feed = self.inner.feed.as_ref();
        let feed = feed
            .ok_or_else(|| Error::Invalid("this store does not announce its commits".to_owned()))?;
        let receiver = feed.subscribe();
        if !self.inner.leftovers_told.swap(true, Ordering::AcqRel) {
            let below = self.inner.leftovers_below;
            while self
                .write(move |session| relay::take_leftovers(session, below))
                .await?
            {}
        }
        Ok(receiver)
    }
}

#[async_trait]
impl EventLog for Sqlite {
    async fn store_meta(&self) -> Result<StoreMeta, Error> {
        self.ask(read::meta).await
    }

    async fn append(&self, commit: Commit) -> Result<Committed, AppendError> {
        let writer = self.writer()?;
        let prepared = Prepared::new(commit)?;
        let appended = writer.run_unguarded(move |session| {
            let committed = append::append(session, &prepared)?;
            // Given back, so that the one thread that writes need not take it apart.
            Ok::<_, AppendError>((committed, prepared))
        });
        appended.await.map(|(committed, _prepared)| committed)
    }

    async fn read(
        &self,
        log: &LogId,
        after: Seq,
        limit: usize,
    ) -> Result<Vec<RecordedCommit>, Error> {
        let log = log.clone();
        self.ask(move |conn| read::commits(conn, &log, after, limit))
            .await
    }

    async fn head(&self, log: &LogId) -> Result<Option<Head>, Error> {
        let log = log.clone();
        self.ask(move |conn| read::head(conn, &log)).await
    }

    async fn heads(&self, logs: &[LogId]) -> Result<Vec<Head>, Error> {
        let logs = logs.to_vec();
        self.ask(move |conn| read::heads(conn, &logs)).await
    }

    async fn logs(&self, after: Option<&LogId>, limit: usize) -> Result<Vec<Head>, Error> {
        let after = after.cloned();
        self.ask(move |conn| read::logs(conn, after.as_ref(), limit))
            .await
    }

    async fn head_at(&self, log: &LogId, at: Timestamp) -> Result<Option<CommitPoint>, Error> {
        let log = log.clone();
        self.ask(move |conn| read::head_at(conn, &log, at)).await
    }

    async fn commit_at(&self, log: &LogId, seq: Seq) -> Result<Option<CommitPoint>, Error> {
        let log = log.clone();
        self.ask(move |conn| read::commit_at(conn, &log, seq)).await
    }

    async fn receipt(&self, log: &LogId, key: &[u8; 32]) -> Result<Option<StoredReceipt>, Error> {
        let (log, key) = (log.clone(), *key);
        self.ask(move |conn| read::receipt(conn, &log, &key)).await
    }

    async fn claim(&self, key: &ClaimKey) -> Result<Option<ClaimOwner>, Error> {
        let key = key.clone();
        self.ask(move |conn| read::claim(conn, &key)).await
    }

    async fn revocations_since(&self, since: Timestamp) -> Result<Vec<Revocation>, Error> {
        self.ask(move |conn| read::revocations_since(conn, since))
            .await
    }

    async fn trusting(&self, keys: &[[u8; 32]]) -> Result<Vec<Trusting>, Error> {
        let keys = keys.to_vec();
        self.ask(move |conn| read::trusting(conn, &keys)).await
    }

    async fn purge(
        &self,
        now: Timestamp,
        receipts_before: Timestamp,
        revocations_before: Timestamp,
    ) -> Result<u64, Error> {
        self.write(move |session| {
            let purges = [
                (
                    include_str!("queries/revocation_purge.sql"),
                    revocations_before,
                ),
                (include_str!("queries/one_time_purge.sql"), now),
                (include_str!("queries/counter_purge.sql"), now),
            ];
            let purge = |sql, bound: Timestamp| session.conn.execute(sql, [bound.micros()]);
            let mut n_rows = 0;
            for (sql, bound) in purges {
                n_rows += purge(sql, bound).map_err(failure)?;
            }
            // The oldest first, and no further than they are old; what a copy brought in another order goes a time later.
            for _ in 0..RECEIPT_PURGES_MAX {
                let n_gone = purge(include_str!("queries/receipt_purge.sql"), receipts_before);
                match n_gone.map_err(failure)? {
                    0 => break,
                    n_gone => n_rows += n_gone,
                }
            }
            Ok(u64::try_from(n_rows).unwrap_or(u64::MAX))
        })
        .await
    }

    async fn outbox_take(&self, limit: usize) -> Result<Vec<OutboxRow>, Error> {
        self.ask(move |conn| read::outbox(conn, limit)).await
    }

    async fn outbox_done(&self, ids: &[i64]) -> Result<(), Error> {
        let ids = ids.to_vec();
        self.write(move |session| news::take_out(session.conn, &ids).map_err(failure))
            .await
    }

    async fn snapshot_get(
        &self,
        log: &LogId,
        state_schema: u32,
        at_most: Option<Seq>,
    ) -> Result<Option<Snapshot>, Error> {
        let log = log.clone();
        self.ask(move |conn| read::snapshot(conn, &log, state_schema, at_most))
            .await
    }

    async fn snapshot_put(&self, snapshot: Snapshot) -> Result<(), Error> {
        self.write(move |session| {
            let log_id = ensure_log(session.conn, session.meta, &snapshot.log).map_err(failure)?;
            put_snapshot(session.conn, log_id, &snapshot).map_err(failure)
        })
        .await
    }

    async fn snapshot_prune(&self, log: &LogId, state_schema: u32) -> Result<u64, Error> {
        let log = log.clone();
        self.write(move |session| {
            let conn = session.conn;
            let Some(log_id) = log_id(conn, &log).map_err(failure)? else {
                return Ok(0);
            };
            let mut n_rows = conn
                .execute(
                    include_str!("queries/snapshot_delete_others.sql"),
                    (log_id, state_schema),
                )
                .map_err(failure)?;
            for seq in read::superseded(conn, log_id, state_schema)? {
                n_rows += conn
                    .execute(
                        include_str!("queries/snapshot_delete.sql"),
                        (log_id, state_schema, int(seq)),
                    )
                    .map_err(failure)?;
            }
            Ok(u64::try_from(n_rows).unwrap_or(u64::MAX))
        })
        .await
    }

    async fn side_write(&self, writes: Vec<SideWrite>) -> Result<Vec<SideOutcome>, SideError> {
        self.write(move |session| side::write_all(session.conn, session.meta, &writes))
            .await
    }

    async fn credential(
        &self,
        log: &LogId,
        subject: &str,
        kind: u16,
    ) -> Result<Option<Credential>, Error> {
        let (log, subject) = (log.clone(), subject.to_owned());
        self.ask(move |conn| read::credential(conn, &log, &subject, kind))
            .await
    }

    async fn credentials(
        &self,
        log: &LogId,
        subject: &str,
        kind: u16,
    ) -> Result<Vec<Credential>, Error> {
        let (log, subject) = (log.clone(), subject.to_owned());
        self.ask(move |conn| read::credentials(conn, &log, &subject, kind))
            .await
    }

    async fn sealed_key(
        &self,
        log: &LogId,
        kind: u16,
        id: &str,
    ) -> Result<Option<SealedKey>, Error> {
        let (log, id) = (log.clone(), id.to_owned());
        self.ask(move |conn| read::sealed_key(conn, &log, kind, &id))
            .await
    }

    async fn sealed_keys(&self, log: &LogId, kind: u16) -> Result<Vec<SealedKey>, Error> {
        let log = log.clone();
        self.ask(move |conn| read::sealed_keys(conn, &log, kind))
            .await
    }

    async fn personal(
        &self,
        log: &LogId,
        subject: &str,
        field: u16,
        generation: u32,
    ) -> Result<Option<Personal>, Error> {
        let (log, subject) = (log.clone(), subject.to_owned());
        self.ask(move |conn| read::personal(conn, &log, &subject, field, generation))
            .await
    }

    async fn one_time(
        &self,
        log: &LogId,
        purpose: u16,
        key_hash: &[u8; 32],
    ) -> Result<Option<OneTime>, Error> {
        let (log, key_hash) = (log.clone(), *key_hash);
        self.ask(move |conn| read::one_time(conn, &log, purpose, &key_hash))
            .await
    }

    async fn counter(
        &self,
        log: &LogId,
        subject: &str,
        kind: u16,
    ) -> Result<Option<Counter>, Error> {
        let (log, subject) = (log.clone(), subject.to_owned());
        self.ask(move |conn| read::counter(conn, &log, &subject, kind))
            .await
    }

    async fn activity_append(&self, records: Vec<Activity>) -> Result<(), Error> {
        self.write(move |session| activity::append(session, &records))
            .await
    }

    async fn activity_get(&self, log: &LogId, id: &str) -> Result<Option<ActivityRecord>, Error> {
        let (log, id) = (log.clone(), id.to_owned());
        self.ask(move |conn| read::activity(conn, &log, &id)).await
    }

    async fn activity_list(
        &self,
        log: &LogId,
        filter: &ActivityFilter,
        limit: usize,
    ) -> Result<Vec<ActivityRecord>, Error> {
        let (log, filter) = (log.clone(), filter.clone());
        self.ask(move |conn| read::activities(conn, &log, &filter, limit))
            .await
    }

    async fn activity_purge(&self, before: Timestamp) -> Result<u64, Error> {
        self.write(move |session| activity::purge(session.conn, before).map_err(failure))
            .await
    }
}

pub(crate) fn put_snapshot(
    conn: &Connection,
    log_id: i64,
    snapshot: &Snapshot,
) -> rusqlite::Result<()> {
    let mut put = conn.prepare_cached(include_str!("queries/snapshot_put.sql"))?;
    put.execute((
        log_id,
        snapshot.state_schema,
        int(snapshot.seq),
        snapshot.fold_fingerprint,
        snapshot.head_hash.as_bytes(),
        &snapshot.body,
    ))?;
    Ok(())
}

#[cfg(test)]
mod tests;
