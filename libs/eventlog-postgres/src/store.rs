//! The store: questions to the source, commits to the writer, everything else in transactions of its own.

use std::sync::{Arc, PoisonError, RwLock};

use async_trait::async_trait;
use deadpool_postgres::Pool;
use tokio_postgres::Row;
use trilby_eventlog::feed::FeedSender;
use trilby_eventlog::{
    Activity, ActivityFilter, ActivityRecord, AppendError, ClaimKey, ClaimOwner, Commit,
    CommitPoint, Committed, Counter, Credential, Error, EventLog, Head, OneTime, OutboxRow,
    Personal, RecordedCommit, Revocation, RevocationMark, RevocationNews, SealedKey, SideError,
    SideOutcome, SideWrite, Snapshot, StoreMeta, StoredReceipt, Trusting, snapshot,
};
use trilby_model::{LogId, Seq, Timestamp};

use crate::activity::Recorder;
use crate::connect::{self, Timeline, Use, get, put_back};
use crate::failure::{Class, class, failure};
use crate::known::Known;
use crate::options::{OpenError, Options, Role};
use crate::pipeline::{self, Ask, Begin, Failed, Logs, Param, Value, boxed, params, value};
use crate::rows::int;
use crate::side::{self, Prepared};
use crate::source::Source;
use crate::writer::{Shared, Writer};
use crate::{open, read, relay};

/// Messages kept for a slow receiver of the feed.
const FEED_CAPACITY: usize = 8192;

/// How often a transaction is tried that was undone for no fault of its own.
const ATTEMPTS_MAX: u32 = 4;

/// Rows of a table that are cleared away in one transaction.
const CLEARED_AT_ONCE: i32 = 5_000;

/// Transactions of one clearing; what is left is for the next.
const CLEARINGS_MAX: u32 = 1_000;

/// The log in Postgres. Clones are the same store.
#[derive(Debug, Clone)]
pub struct Postgres {
    inner: Arc<Inner>,
}

#[derive(Debug)]
pub(crate) struct Inner {
    role: Role,
    timeline: Timeline,
    source: Source,
    /// For transactions that are no commits.
    pool: Pool,
    known: Arc<Known>,
    meta: Arc<RwLock<StoreMeta>>,
    feed: FeedSender,
    /// None when only reading.
    writer: Option<Writer>,
    recorder: Option<Recorder>,
    relays: bool,
    leftovers: relay::Leftovers,
}

impl Postgres {
    /// Opens a store that [`migrate`](crate::migrate) has made. Must be called in a Tokio runtime, which carries the store's
    /// tasks until its last clone is gone.
    ///
    /// Errors: each names what is wrong; nothing was changed.
    pub async fn open(options: &Options) -> Result<Self, OpenError> {
        let opened = open::open(options).await?;
        // A store of another timeline is only looked at and fenced.
        let expected = (!options.any_timeline).then_some(opened.timeline);
        let pool = connect::pool(options, options.read_connections, Use::Other, expected)?;
        let source = if options.read_only {
            Source::hold(&pool).await?
        } else {
            Source::Pool(pool.clone())
        };
        let known = Arc::new(Known::new());
        let meta = Arc::new(RwLock::new(opened.meta));
        let feed = FeedSender::new(FEED_CAPACITY);
        let (mut writer, mut recorder) = (None, None);
        if !options.read_only {
            let lanes = options.write_connections.max(1);
            let shared = Shared {
                pool: connect::pool(options, lanes, Use::Appending, expected)?,
                known: Arc::clone(&known),
                meta: Arc::clone(&meta),
                feed: feed.clone(),
                relays: options.relay,
            };
            writer = Some(Writer::start(Arc::new(shared), lanes));
            recorder = Some(Recorder::start(pool.clone(), open::random()?, options.role));
        }
        let inner = Inner {
            role: options.role,
            timeline: opened.timeline,
            source,
            pool,
            known,
            meta,
            feed,
            writer,
            recorder,
            relays: options.relay,
            leftovers: relay::Leftovers::default(),
        };
        let store = Self {
            inner: Arc::new(inner),
        };
        Ok(store)
    }

    /// The database role that this store works as.
    #[must_use]
    pub fn role(&self) -> Role {
        self.inner.role
    }

    pub(crate) fn source(&self) -> &Source {
        &self.inner.source
    }

    pub(crate) fn known(&self) -> &Known {
        &self.inner.known
    }

    pub(crate) fn timeline(&self) -> Timeline {
        self.inner.timeline
    }

    /// Where commits of this process are told.
    pub(crate) fn feed(&self) -> &FeedSender {
        &self.inner.feed
    }

    pub(crate) fn inner(&self) -> &Inner {
        &self.inner
    }

    pub(crate) fn writer(&self) -> Result<&Writer, Error> {
        self.inner.writer.as_ref().ok_or_else(for_reading)
    }

    /// What the store said about itself when it was last asked.
    pub(crate) fn meta_now(&self) -> StoreMeta {
        let meta = self.inner.meta.read();
        meta.unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn learn_meta(&self, meta: StoreMeta) {
        let mut known = self
            .inner
            .meta
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        if *known != meta {
            *known = meta;
            drop(known);
            self.known().forget_heads();
        }
    }

    /// Does some statements in a transaction of their own; tries again what was undone for no fault of theirs.
    pub(crate) async fn write_alone(
        &self,
        logs: &[i64],
        asks: &[Ask<'_>],
    ) -> Result<Vec<Vec<Row>>, Error> {
        let done = self.transact(logs, asks).await?;
        done.map_err(|failed| failure(&failed.error))
    }

    /// Clears away until there is no more, or enough was done for once. Who got fewer than it asked for has met the end: what
    /// grows old meanwhile is for the next time, or there would be no end while anybody writes.
    async fn clear(
        &self,
        statement: impl Fn() -> (&'static str, Vec<Value>),
    ) -> Result<u64, Error> {
        let (sql, values) = statement();
        let mut n_rows = 0_u64;
        for _ in 0..CLEARINGS_MAX {
            let params: Vec<Param<'_>> = values.iter().map(boxed).collect();
            let found = self
                .write_alone(&[], &[long(), Ask::new(sql, params)])
                .await?;
            let row = found.last().and_then(|rows| rows.first());
            let gone: u64 = row.map_or(Ok(0), |row| crate::rows::number(row, 0))?;
            n_rows = n_rows.saturating_add(gone);
            if gone < CLEARED_AT_ONCE.unsigned_abs().into() {
                break;
            }
        }
        Ok(n_rows)
    }

    /// Clears away old activity, about an hour of it at a time. Gives how many records went.
    async fn clear_activity(&self, before: i64) -> Result<u64, Error> {
        let mut n_records = 0_u64;
        for _ in 0..CLEARINGS_MAX {
            let ask = Ask::new(include_str!("queries/clear_activity.sql"), params![&before]);
            let found = self.write_alone(&[], &[long(), ask]).await?;
            let Some(row) = found.last().and_then(|rows| rows.first()) else {
                break;
            };
            n_records = n_records.saturating_add(crate::rows::number(row, 0)?);
            if !crate::rows::get::<bool>(row, 1)? {
                break;
            }
        }
        Ok(n_records)
    }

    /// As [`Postgres::write_alone`], telling which statement failed.
    async fn transact(
        &self,
        logs: &[i64],
        asks: &[Ask<'_>],
    ) -> Result<Result<Vec<Vec<Row>>, Failed>, Error> {
        if self.inner.writer.is_none() {
            return Err(for_reading());
        }
        let mut attempt = 0;
        loop {
            attempt += 1;
            let client = get(&self.inner.pool).await?;
            let done = pipeline::run(&client, Begin::Write, Logs::Numbered(logs), asks).await;
            put_back(client, done.as_ref().err().map(|failed| &failed.error));
            let failed = match done {
                Ok(found) => return Ok(Ok(found)),
                Err(failed) => failed,
            };
            match class(&failed.error) {
                Class::Again | Class::Elsewhere if attempt < ATTEMPTS_MAX => {
                    crate::lane::pause(attempt).await;
                }
                Class::Again | Class::Elsewhere | Class::Conflict | Class::Lost | Class::Final => {
                    return Ok(Err(failed));
                }
            }
        }
    }

    /// Numbers of logs, which get a row if they have none.
    pub(crate) async fn numbers(&self, logs: &[&LogId]) -> Result<Vec<i64>, Error> {
        self.number_logs(logs).await?;
        let number = |log: &&LogId| {
            let known = self.known().number(log);
            known.ok_or_else(|| Error::Invalid(format!("there is no log `{log}`")))
        };
        logs.iter().map(number).collect()
    }
}

/// Gives the rest of a transaction the time that clearing away, or looking at everything, takes.
pub(crate) fn long<'a>() -> Ask<'a> {
    Ask::new(pipeline::LONG, Vec::new())
}

fn for_reading() -> Error {
    Error::Unavailable("the store is open for reading".to_owned())
}

impl Inner {
    pub(crate) fn relays(&self) -> bool {
        self.relays
    }

    pub(crate) fn leftovers(&self) -> &relay::Leftovers {
        &self.leftovers
    }

    pub(crate) fn sender(&self) -> &FeedSender {
        &self.feed
    }
}

#[async_trait]
impl EventLog for Postgres {
    async fn store_meta(&self) -> Result<StoreMeta, Error> {
        let meta = read::meta(self.source()).await?;
        if !matches!(self.source(), Source::Held(_)) {
            self.learn_meta(meta.clone());
        }
        Ok(meta)
    }

    async fn append(&self, commit: Commit) -> Result<Committed, AppendError> {
        self.append_commit(commit).await
    }

    async fn read(
        &self,
        log: &LogId,
        after: Seq,
        limit: usize,
    ) -> Result<Vec<RecordedCommit>, Error> {
        let store_id = self.meta_now().store_id;
        read::commits(self.source(), self.known(), &store_id, log, after, limit).await
    }

    async fn read_many(
        &self,
        of: &[(LogId, Seq)],
        limit: usize,
    ) -> Result<Vec<Vec<RecordedCommit>>, Error> {
        let store_id = self.meta_now().store_id;
        read::commits_of_many(self.source(), self.known(), &store_id, of, limit).await
    }

    async fn head(&self, log: &LogId) -> Result<Option<Head>, Error> {
        let mut heads = self.heads(std::slice::from_ref(log)).await?;
        Ok(heads.pop())
    }

    async fn heads(&self, logs: &[LogId]) -> Result<Vec<Head>, Error> {
        let found = read::heads(self.source(), logs).await?;
        let learn = |(head, number): (Head, i64)| {
            self.known().learn_number(&head.log, number);
            self.known().learn_head(&head);
            head
        };
        Ok(found.into_iter().map(learn).collect())
    }

    async fn logs(&self, after: Option<&LogId>, limit: usize) -> Result<Vec<Head>, Error> {
        read::logs(self.source(), after, limit).await
    }

    async fn head_at(&self, log: &LogId, at: Timestamp) -> Result<Option<CommitPoint>, Error> {
        read::head_at(self.source(), log, at).await
    }

    async fn commit_at(&self, log: &LogId, seq: Seq) -> Result<Option<CommitPoint>, Error> {
        read::commit_at(self.source(), log, seq).await
    }

    async fn receipt(&self, log: &LogId, key: &[u8; 32]) -> Result<Option<StoredReceipt>, Error> {
        read::receipt(self.source(), log, key).await
    }

    async fn claim(&self, key: &ClaimKey) -> Result<Option<ClaimOwner>, Error> {
        read::claim(self.source(), key).await
    }

    async fn revocations_since(&self, since: Timestamp) -> Result<Vec<Revocation>, Error> {
        read::revocations_since(self.source(), since).await
    }

    async fn revocation_mark(&self) -> Result<RevocationMark, Error> {
        read::revocation_mark(self.source()).await
    }

    async fn revocations_after(&self, mark: RevocationMark) -> Result<RevocationNews, Error> {
        read::revocations_after(self.source(), mark).await
    }

    async fn trusting(&self, keys: &[[u8; 32]]) -> Result<Vec<Trusting>, Error> {
        read::trusting(self.source(), keys).await
    }

    async fn purge(
        &self,
        now: Timestamp,
        receipts_before: Timestamp,
        revocations_before: Timestamp,
    ) -> Result<u64, Error> {
        let n_rows = self
            .clear(|| {
                let (receipts, revocations) =
                    (receipts_before.micros(), revocations_before.micros());
                let values = vec![
                    value(receipts),
                    value(revocations),
                    value(now.micros()),
                    value(CLEARED_AT_ONCE),
                ];
                (include_str!("queries/clear_over.sql"), values)
            })
            .await?;
        if !self.inner.relays {
            let outbox = || {
                (
                    include_str!("queries/clear_outbox.sql"),
                    vec![value(CLEARED_AT_ONCE)],
                )
            };
            self.clear(outbox).await?;
        }
        Ok(n_rows)
    }

    async fn outbox_take(&self, limit: usize) -> Result<Vec<OutboxRow>, Error> {
        read::outbox(self.source(), limit).await
    }

    async fn outbox_done(&self, ids: &[i64]) -> Result<(), Error> {
        let ask = Ask::new(include_str!("queries/outbox_delete.sql"), params![&ids]);
        self.write_alone(&[], &[ask]).await.map(drop)
    }

    async fn snapshot_get(
        &self,
        log: &LogId,
        state_schema: u32,
        at_most: Option<Seq>,
    ) -> Result<Option<Snapshot>, Error> {
        read::snapshot(self.source(), log, state_schema, at_most).await
    }

    async fn snapshot_put(&self, snapshot: Snapshot) -> Result<(), Error> {
        if !self.role().keeps_snapshots() {
            return Ok(());
        }
        let ids = self.numbers(&[&snapshot.log]).await?;
        let (name, schema) = (snapshot.log.to_string(), i64::from(snapshot.state_schema));
        let seq = int(snapshot.seq);
        let (fold, head) = (
            &snapshot.fold_fingerprint[..],
            &snapshot.head_hash.as_bytes()[..],
        );
        let ask = Ask::new(
            include_str!("queries/snapshot_put.sql"),
            params![&name, &schema, &seq, &fold, &head, &snapshot.body,],
        );
        self.write_alone(&ids, &[ask]).await.map(drop)
    }

    async fn snapshot_prune(&self, log: &LogId, state_schema: u32) -> Result<u64, Error> {
        if !self.role().keeps_snapshots() {
            return Ok(0);
        }
        let seqs = read::snapshot_seqs(self.source(), log, state_schema).await?;
        let superseded: Vec<i64> = snapshot::superseded(&seqs).into_iter().map(int).collect();
        let Ok(ids) = self.numbers(&[log]).await else {
            return Ok(0);
        };
        let (name, schema) = (log.to_string(), i64::from(state_schema));
        let ask = Ask::new(
            include_str!("queries/snapshot_delete.sql"),
            params![&name, &schema, &superseded],
        );
        let found = self.write_alone(&ids, &[ask]).await?;
        let row = found.first().and_then(|rows| rows.first());
        row.map_or(Ok(0), |row| crate::rows::number(row, 0))
    }

    async fn side_write(&self, writes: Vec<SideWrite>) -> Result<Vec<SideOutcome>, SideError> {
        let logs: Vec<&LogId> = writes.iter().map(SideWrite::log).collect();
        let ids = self.numbers(&logs).await?;
        let each = writes.iter().zip(&ids);
        let prepared: Vec<Prepared> = each.map(|(write, id)| side::prepare(*id, write)).collect();
        let asks: Vec<Ask<'_>> = prepared.iter().map(Prepared::ask).collect();
        let found = match self.transact(&ids, &asks).await? {
            Ok(found) => found,
            Err(failed) => {
                return Err(match (class(&failed.error), failed.index) {
                    (Class::Conflict, Some(index)) => SideError::Conflict { index },
                    _ => SideError::Store(failure(&failed.error)),
                });
            }
        };
        let outcomes = prepared.iter().zip(&found);
        let outcomes = outcomes.map(|(side, rows)| side.outcome(rows));
        Ok(outcomes.collect::<Result<_, Error>>()?)
    }

    async fn credential(
        &self,
        log: &LogId,
        subject: &str,
        kind: u16,
    ) -> Result<Option<Credential>, Error> {
        read::credential(self.source(), log, subject, kind).await
    }

    async fn credentials(
        &self,
        log: &LogId,
        subject: &str,
        kind: u16,
    ) -> Result<Vec<Credential>, Error> {
        read::credentials(self.source(), log, subject, kind).await
    }

    async fn sealed_key(
        &self,
        log: &LogId,
        kind: u16,
        id: &str,
    ) -> Result<Option<SealedKey>, Error> {
        read::sealed_key(self.source(), log, kind, id).await
    }

    async fn sealed_keys(&self, log: &LogId, kind: u16) -> Result<Vec<SealedKey>, Error> {
        read::sealed_keys(self.source(), log, kind).await
    }

    async fn personal(
        &self,
        log: &LogId,
        subject: &str,
        field: u16,
        generation: u32,
    ) -> Result<Option<Personal>, Error> {
        read::personal(self.source(), log, subject, field, generation).await
    }

    async fn one_time(
        &self,
        log: &LogId,
        purpose: u16,
        key_hash: &[u8; 32],
    ) -> Result<Option<OneTime>, Error> {
        read::one_time(self.source(), log, purpose, key_hash).await
    }

    async fn counter(
        &self,
        log: &LogId,
        subject: &str,
        kind: u16,
    ) -> Result<Option<Counter>, Error> {
        read::counter(self.source(), log, subject, kind).await
    }

    async fn activity_append(&self, records: Vec<Activity>) -> Result<(), Error> {
        let recorder = self.inner.recorder.as_ref().ok_or_else(for_reading)?;
        let logs: Vec<&LogId> = records.iter().map(|record| &record.log).collect();
        let ids = self.numbers(&logs).await?;
        recorder.record(records, ids).await
    }

    async fn activity_get(&self, log: &LogId, id: &str) -> Result<Option<ActivityRecord>, Error> {
        crate::activity::find(self.source(), log, id).await
    }

    async fn activity_list(
        &self,
        log: &LogId,
        filter: &ActivityFilter,
        limit: usize,
    ) -> Result<Vec<ActivityRecord>, Error> {
        crate::activity::list(self.source(), log, filter, limit).await
    }

    async fn activity_purge(&self, before: Timestamp) -> Result<u64, Error> {
        let n_records = self.clear_activity(before.micros()).await;
        // Afterwards: where there are too many hours, those that are over have to go before another is made. And whatever came of
        // that: without the hours to come nobody may log in.
        let ahead = Ask::new(include_str!("queries/activity_ahead.sql"), params![]);
        self.write_alone(&[], &[ahead]).await?;
        n_records
    }
}
