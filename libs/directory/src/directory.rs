//! The directory itself: which logs are in memory, and how fresh they are.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use moka::sync::Cache;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};
use trilby_eventlog::{Delivery, EventLog, Feed, Head, HeadState, RevocationMark, StoreMeta};
use trilby_model::{AccountId, LogId, OrganizationId, Position, Seq, Timestamp};

use crate::asked::Asked;
use crate::compile::PolicyCache;
use crate::error::Error;
use crate::measure;
use crate::news::News;
use crate::nodes::Telling;
use crate::options::{CATCH_UP_ROUNDS, FEED_WAIT, Options, POSITION_WAIT};
use crate::past::PastKey;
use crate::repair::Repairs;
use crate::sink::RevocationSink;
use crate::slot::Slot;
use crate::snapshots::SnapshotQueue;
use crate::view::{
    AccountView, AnyView, OrganizationView, PlatformView, account_log, organization_log,
};

/// How long a reading of what the store is stands for those who have heard of a later incarnation.
const META_STANDS: Duration = Duration::from_millis(250);

/// Live state per log. Cheap to clone: all clones share one state.
#[derive(Clone)]
pub struct Directory {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) log: Arc<dyn EventLog>,
    pub(crate) secrets: StoreSecrets,
    pub(crate) sink: Arc<dyn RevocationSink>,
    pub(crate) options: Options,
    /// As last read; the incarnation in it can grow.
    pub(crate) meta: ArcSwapOption<StoreMeta>,
    /// The highest that was ever met, in the store's word of itself or in a commit of it.
    pub(crate) incarnation: AtomicU32,
    /// How many have asked for `meta` to be read and were not answered; one task reads it for all of them.
    pub(crate) asks_for_meta: AtomicU64,
    /// When it was last read because somebody had heard of a later incarnation, and how that ended.
    pub(crate) asked_since: tokio::sync::Mutex<Option<(Instant, Result<(), Error>)>>,
    pub(crate) slots: Cache<LogId, Arc<Slot>>,
    pub(crate) past: Cache<PastKey, AnyView>,
    pub(crate) policies: PolicyCache,
    pub(crate) snapshots: SnapshotQueue,
    /// Whether every revocation that matters has been handed to the sink.
    pub(crate) knows_revocations: AtomicBool,
    pub(crate) delivery: Delivery,
    /// The present at a moment of the monotonic clock, so that there is a present at every other.
    begun: (Timestamp, Instant),
    pub(crate) news: News,
    pub(crate) repairs: Repairs,
    pub(crate) telling: Telling,
    /// How far the sink has the revocations; none before all that matter were read.
    pub(crate) revocation_mark: Mutex<Option<RevocationMark>>,
    /// Asks for a round of asking the store before its time.
    pub(crate) poll_now: Arc<Notify>,
}

/// Sub-keys of the store key that the directory needs.
#[derive(Clone)]
pub struct StoreSecrets {
    /// HKDF of the store key under `trilby.claim.v1`: claims are stored as HMACs under it.
    pub claim_key: [u8; 32],
    /// The same under `trilby.snapshot.v1`: a snapshot that was not sealed under it is passed over.
    pub snapshot_key: [u8; 32],
}

impl Directory {
    /// A directory over a store, following its feed and, while that announces nothing, asking the store: subscribes, loads
    /// the revocations that still matter, and spawns the follower and the snapshot writer on the current Tokio runtime.
    /// They end when the last clone is dropped.
    ///
    /// Every revocation known is in `sink` when this returns, so a process that waits for it before it says that it is
    /// ready honours them all.
    ///
    /// Errors: the store cannot be read.
    pub async fn start(
        log: Arc<dyn EventLog>,
        feed: &dyn Feed,
        secrets: StoreSecrets,
        sink: Arc<dyn RevocationSink>,
        now: Timestamp,
        options: Options,
    ) -> Result<Self, Error> {
        // Subscribed before anything is read: what happens in between comes twice instead of never.
        let receiver = feed.subscribe().await?;
        let directory = Self::detached(log, secrets, sink, options, feed.delivery(), now);
        directory.inner.meta().await?;
        crate::follow::load_revocations(&directory.inner).await?;
        match feed.delivery() {
            Delivery::Announced => crate::follow::spawn(&directory.inner, receiver),
            Delivery::Relayed { .. } => {
                crate::follow::spawn(&directory.inner, receiver);
                crate::poll::spawn(&directory.inner);
            }
            Delivery::Polled => crate::poll::spawn(&directory.inner),
        }
        crate::snapshots::spawn(&directory.inner);
        Ok(directory)
    }

    fn detached(
        log: Arc<dyn EventLog>,
        secrets: StoreSecrets,
        sink: Arc<dyn RevocationSink>,
        options: Options,
        delivery: Delivery,
        now: Timestamp,
    ) -> Self {
        let begun = Instant::now();
        let partitions = match delivery {
            Delivery::Relayed { partitions } => partitions,
            Delivery::Announced | Delivery::Polled => 0,
        };
        // Least recently used, not least frequently: a newly hydrated log must not be refused a place while a writer
        // is working on it.
        let slots = Cache::builder()
            .max_capacity(options.memory_bytes_max)
            .weigher(|_, slot: &Arc<Slot>| slot.weight())
            .eviction_policy(moka::policy::EvictionPolicy::lru())
            .build();
        let past = Cache::builder().max_capacity(options.past_max).build();
        let snapshots = SnapshotQueue::new(options.snapshot_queue);
        Self {
            inner: Arc::new(Inner {
                log,
                secrets,
                sink,
                options,
                meta: ArcSwapOption::empty(),
                incarnation: AtomicU32::new(0),
                asks_for_meta: AtomicU64::new(0),
                asked_since: tokio::sync::Mutex::default(),
                slots,
                past,
                policies: PolicyCache::default(),
                snapshots,
                knows_revocations: AtomicBool::new(false),
                delivery,
                begun: (now, begun),
                news: News::new(begun, partitions),
                repairs: Repairs::default(),
                telling: Telling::default(),
                revocation_mark: Mutex::default(),
                poll_now: Arc::default(),
            }),
        }
    }

    /// The log that this directory reads, for what is not state: side tables, receipts, activity.
    #[must_use]
    pub fn log(&self) -> &Arc<dyn EventLog> {
        &self.inner.log
    }

    /// Whether the sink has every revocation that still matters. While it has not, no session can be judged: those who
    /// verify sessions refuse. So it is between messages lost by a feed that announces each and the table read again, and
    /// after such a feed has ended. What a relayed feed loses makes only [`Directory::revocation_lag`] grow.
    #[must_use]
    pub fn knows_revocations(&self) -> bool {
        self.inner.knows_revocations.load(Ordering::SeqCst)
    }

    /// How old what is known of revocations may be: of a session ended longer ago than that, this node knows. `None`
    /// while [`Directory::knows_revocations`] is false. Zero where each is announced; else since the last good round of
    /// asking the store, or since what the worst heartbeat of a relayed feed vouches for.
    #[must_use]
    pub fn revocation_lag(&self) -> Option<Duration> {
        self.inner.revocation_lag()
    }

    /// How old what this node decides on may be: the same of revocations and of commits, whichever is older.
    #[must_use]
    pub fn lag(&self) -> Option<Duration> {
        let of_revocations = self.inner.revocation_lag()?;
        Some(match self.inner.delivery {
            Delivery::Announced => of_revocations,
            Delivery::Relayed { .. } | Delivery::Polled => self.inner.news.all_heard().elapsed(),
        })
    }

    /// The incarnation of the store, as far as this process knows: what was counted in another may be of events that the
    /// store has lost. It is read at the start, in each round of asking the store, and wherever somebody tells of a later one.
    #[must_use]
    pub fn incarnation(&self) -> u32 {
        self.inner.incarnation.load(Ordering::SeqCst)
    }

    /// The same, read anew if it is lower than whoever asks has heard of.
    ///
    /// Errors: the store does not answer.
    pub async fn incarnation_since(&self, heard: u32) -> Result<u32, Error> {
        if self.incarnation() < heard {
            let inner = Arc::clone(&self.inner);
            // In a task of its own: whoever asks may give up, and what was read is of use to the others.
            let asked = tokio::spawn(async move { inner.ask_since(heard).await });
            // A task that ended badly has learnt nothing.
            asked.await.unwrap_or(Ok(()))?;
        }
        Ok(self.incarnation())
    }

    /// An account at its newest known commit.
    pub async fn account(&self, account: AccountId) -> Result<Arc<AccountView>, Error> {
        let log = account_log(account);
        let view = self.inner.newest(&log).await?;
        view.account().cloned().ok_or(Error::UnknownLog { log })
    }

    /// The same, and what the store was asked for it: where the account's log ends, and its organization's. Whoever judges
    /// a request further hands it on.
    pub async fn account_asked(
        &self,
        account: AccountId,
    ) -> Result<(Arc<AccountView>, Asked), Error> {
        let mut asked = Asked::default();
        let view = self.account_again(account, &mut asked).await?;
        Ok((view, asked))
    }

    /// The same once more for one request: the store is not asked again while its answer stands.
    pub async fn account_again(
        &self,
        account: AccountId,
        asked: &mut Asked,
    ) -> Result<Arc<AccountView>, Error> {
        let log = account_log(account);
        self.inner
            .ask([Some(account), None], |_| false, asked)
            .await?;
        let view = self.inner.newest_asked(&log, asked).await?;
        view.account().cloned().ok_or(Error::UnknownLog { log })
    }

    /// An organization at its newest known commit.
    pub async fn organization(&self, id: &OrganizationId) -> Result<Arc<OrganizationView>, Error> {
        let log = organization_log(id);
        let view = self.inner.newest(&log).await?;
        view.organization()
            .cloned()
            .ok_or(Error::UnknownLog { log })
    }

    /// The installation at its newest known commit.
    pub async fn platform(&self) -> Result<Arc<PlatformView>, Error> {
        let view = self.inner.newest(&LogId::Platform).await?;
        view.platform().cloned().ok_or(Error::UnknownLog {
            log: LogId::Platform,
        })
    }

    /// Waits until this log is at least at this position: a while for the feed, then by reading the log.
    ///
    /// A hash is told of commits that are durable, and the store shows each of those to whoever reads it afterwards. So a
    /// position with a hash that the store does not reach is of a history that it has lost, and is not waited for; one
    /// without may be of a commit that is yet to come.
    ///
    /// Errors: [`Error::Behind`] if it is not there in time, [`Error::TimelineLost`] if its hash there is another, or the
    /// log ends before it.
    pub async fn at_least(&self, position: &Position) -> Result<(), Error> {
        self.inner.at_least(position).await.map(|_| ())
    }
}

impl Inner {
    /// Reads the incarnation unless it is known to be this one, or was read a moment ago: one reading for all who ask, however it
    /// ended. Of a store that was taken back below it none would ever be enough.
    async fn ask_since(&self, heard: u32) -> Result<(), Error> {
        let mut asked = self.asked_since.lock().await;
        if self.incarnation.load(Ordering::SeqCst) >= heard {
            return Ok(());
        }
        if let Some((at, read)) = &*asked
            && at.elapsed() < META_STANDS
        {
            return read.clone();
        }
        let read = self.read_meta().await.map(drop);
        *asked = Some((Instant::now(), read.clone()));
        read
    }

    pub(crate) fn revocation_lag(&self) -> Option<Duration> {
        if !self.knows_revocations.load(Ordering::SeqCst) {
            return None;
        }
        Some(match self.delivery {
            Delivery::Announced => Duration::ZERO,
            Delivery::Relayed { .. } | Delivery::Polled => self.news.heard().elapsed(),
        })
    }

    /// Whether whoever waits for a commit may expect to be told of it. Who asks the store for everything asks it for that
    /// too: news may come to it late.
    fn is_told(&self) -> bool {
        match self.delivery {
            Delivery::Announced => true,
            Delivery::Relayed { .. } if self.options.ask_heads => false,
            Delivery::Relayed { .. } => !self.news.is_silent(),
            Delivery::Polled => false,
        }
    }

    /// What the node's clock shows now.
    pub(crate) fn present(&self) -> Timestamp {
        let by_clock = self.options.clock.now();
        by_clock.unwrap_or_else(|| plus(self.begun.0, self.begun.1.elapsed()))
    }

    /// The slot of a log that exists. Asking for a log that does not leaves no trace.
    pub(crate) async fn slot(&self, log: &LogId) -> Result<Arc<Slot>, Error> {
        if let Some(slot) = self.slots.get(log) {
            return Ok(slot);
        }
        let head = self.head_of(log).await?;
        Ok(self.slot_at(&head))
    }

    async fn head_of(&self, log: &LogId) -> Result<Head, Error> {
        let head = self.log.head(log).await?;
        head.ok_or_else(|| Error::UnknownLog { log: log.clone() })
    }

    /// The slot of a log that reaches at least to this head.
    pub(crate) fn slot_at(&self, head: &Head) -> Arc<Slot> {
        let slot = self.slot_of_new(&head.log);
        slot.hear_of(head.seq);
        slot
    }

    /// Brings the slots of those of these logs that exist to where the store has them now; gives these.
    pub(crate) async fn hear_of_heads(&self, logs: &[LogId]) -> Result<Vec<LogId>, Error> {
        let held: Vec<(Arc<AnyView>, Arc<Slot>)> = logs
            .iter()
            .filter_map(|log| self.slots.get(log))
            .filter_map(|slot| Some((slot.last()?, slot)))
            .collect();
        let heads = self.log.heads(logs).await?;
        for (view, slot) in held {
            if let Some(head) = heads.iter().find(|head| head.log == *slot.log()) {
                slot.compare(&view, Some(head));
            }
        }
        let hear = |head: Head| {
            self.slot_at(&head);
            head.log
        };
        Ok(heads.into_iter().map(hear).collect())
    }

    /// The slot of a log that may be about to begin.
    pub(crate) fn slot_of_new(&self, log: &LogId) -> Arc<Slot> {
        self.slots
            .get_with_by_ref(log, || Arc::new(Slot::new(log.clone())))
    }

    /// The newest known view of a log; hydrates or catches up if need be.
    pub(crate) async fn newest(&self, log: &LogId) -> Result<Arc<AnyView>, Error> {
        self.newest_asked(log, &Asked::default()).await
    }

    /// The same, where the store may have been asked for it already.
    pub(crate) async fn newest_asked(
        &self,
        log: &LogId,
        asked: &Asked,
    ) -> Result<Arc<AnyView>, Error> {
        if self.options.ask_heads {
            let exists = match asked.exists(log) {
                Some(exists) => exists,
                None => !self
                    .hear_of_heads(std::slice::from_ref(log))
                    .await?
                    .is_empty(),
            };
            if !exists {
                return Err(Error::UnknownLog { log: log.clone() });
            }
        }
        let slot = self.slot(log).await?;
        match slot.newest() {
            Some(view) => Ok(view),
            None => self.catch_up(&slot).await,
        }
    }

    /// Reads what the slot lacks, one task at a time; those who waited for the gate find the work done.
    pub(crate) async fn catch_up(&self, slot: &Arc<Slot>) -> Result<Arc<AnyView>, Error> {
        let heard = slot.hint();
        let gate = slot.gate.lock().await;
        let result = match slot.newest() {
            Some(view) => Ok(view),
            None => self.catch_up_gated(slot, Seq::ZERO).await,
        };
        drop(gate);
        if let Ok(view) = &result
            && view.seq() < heard
        {
            // The log does not reach what was announced. The log is the truth.
            slot.forget_hint(heard);
        }
        result
    }

    /// As [`Inner::catch_up`], by who holds the gate. Reads the log at least once, and to its end unless what is wanted
    /// and what was heard of is reached before.
    pub(crate) async fn catch_up_gated(
        &self,
        slot: &Arc<Slot>,
        wanted: Seq,
    ) -> Result<Arc<AnyView>, Error> {
        if let Some(fault) = slot.fault() {
            return Err(fault);
        }
        for _ in 0..CATCH_UP_ROUNDS {
            let enough = slot.hint().max(wanted);
            let enough = (enough > Seq::ZERO).then_some(enough);
            let view = match self.read_tail(slot, enough).await {
                Err(error @ Error::Quarantined { .. }) => {
                    let error = self.unless_erased(slot, error).await?;
                    slot.set_fault(&error);
                    return Err(error);
                }
                read => read?,
            };
            if !slot.knows_newer_than(view.seq()) {
                return Ok(view);
            }
        }
        match slot.last() {
            // The announcements were ahead of the log: what the log has is newest.
            Some(view) => Ok(view),
            None => Err(Error::UnknownLog {
                log: slot.log().clone(),
            }),
        }
    }

    /// Why a log cannot be folded. An erased one says nothing any more: for whoever asks there is no such log.
    async fn unless_erased(&self, slot: &Slot, error: Error) -> Result<Error, Error> {
        match self.head_of(slot.log()).await?.state {
            HeadState::Erased => Err(Error::UnknownLog {
                log: slot.log().clone(),
            }),
            HeadState::Open | HeadState::Sealed => Ok(error),
        }
    }

    pub(crate) async fn at_least(&self, position: &Position) -> Result<Arc<AnyView>, Error> {
        let begun = Instant::now();
        let behind = || {
            measure::behind();
            Error::Behind {
                log: position.log.clone(),
                wanted: position.seq,
            }
        };
        let deadline = begun + POSITION_WAIT;
        let asked = timeout_at(deadline, async {
            let slot = self.slot(&position.log).await?;
            let mut view = match slot.newest() {
                Some(view) => view,
                None => self.catch_up(&slot).await?,
            };
            if view.seq() < position.seq {
                measure::position_wait();
                if self.is_told() {
                    wait_for(&slot, position.seq, begun + FEED_WAIT).await;
                }
                view = self.reread(&slot, position.seq).await?;
            }
            if view.seq() < position.seq {
                if position.hash.is_some() {
                    return Err(lost(position));
                }
                wait_for(&slot, position.seq, deadline).await;
                view = self.reread(&slot, position.seq).await?;
            }
            self.check_hash(&slot, position, &view).await?;
            Ok(view)
        });
        match asked.await {
            Err(_) => Err(behind()),
            Ok(Err(Error::UnknownLog { .. })) if position.hash.is_some() => Err(lost(position)),
            Ok(Err(Error::UnknownLog { .. })) => Err(behind()),
            Ok(Err(error)) => Err(error),
            Ok(Ok(view)) if view.seq() < position.seq => Err(behind()),
            Ok(Ok(view)) => Ok(view),
        }
    }

    /// Reads a log as far as this seq, if it is not held that far and goes that far. Waits for nobody.
    pub(crate) async fn read_as_far(&self, log: &LogId, seq: Seq) -> Result<(), Error> {
        let slot = self.slot(log).await?;
        if slot.last().is_none_or(|view| view.seq() < seq) {
            self.reread(&slot, seq).await?;
        }
        Ok(())
    }

    async fn reread(&self, slot: &Arc<Slot>, wanted: Seq) -> Result<Arc<AnyView>, Error> {
        let _gate = slot.gate.lock().await;
        self.catch_up_gated(slot, wanted).await
    }

    /// Compares the hash a position names with ours at that seq.
    async fn check_hash(
        &self,
        slot: &Slot,
        position: &Position,
        view: &AnyView,
    ) -> Result<(), Error> {
        let Some(wanted) = position.hash else {
            return Ok(());
        };
        if position.seq > view.seq() || position.seq == Seq::ZERO {
            return Ok(());
        }
        let ours = if view.seq() == position.seq {
            Some(view.head().hash)
        } else {
            slot.recent_hash(position.seq)
        };
        let ours = match ours {
            Some(hash) => Some(hash),
            // Tokens name ends of commits only, so a seq inside one carries no hash that could be right.
            None => self
                .log
                .commit_at(&position.log, position.seq)
                .await?
                .filter(|commit| commit.last == position.seq)
                .map(|commit| commit.hash),
        };
        match ours.is_some_and(|hash| hash.prefix() == wanted) {
            true => Ok(()),
            false => Err(lost(position)),
        }
    }
}

/// The position is of a history that the store does not have.
pub(crate) fn lost(position: &Position) -> Error {
    Error::TimelineLost {
        log: position.log.clone(),
        seq: position.seq,
    }
}

/// Waits for the feed or a writer to bring a slot to this seq, not longer than until `until`.
async fn wait_for(slot: &Slot, seq: Seq, until: Instant) {
    let mut applied = slot.watch();
    let reached = applied.wait_for(|applied| *applied >= seq.get());
    // Whether it was reached or time is up: the caller looks at the view.
    drop(timeout_at(until, reached).await);
}

fn plus(time: Timestamp, duration: Duration) -> Timestamp {
    let micros = i64::try_from(duration.as_micros()).unwrap_or(i64::MAX);
    Timestamp::from_micros(time.micros().saturating_add(micros))
}
