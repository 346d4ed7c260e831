//! The relay: from the store's outbox to the feed.
//!
//! One loop reads what waits in the shards that are leased and have nothing under way, a few shards at a time, and hands
//! it over in batches, several at once. A batch is enqueued whole, then its acknowledgements are awaited, then its rows
//! are forgotten: those of each shard up to its first that did not arrive. What was told and not forgotten is told again.
//!
//! Invariants:
//! * a shard has one batch under way, so that its rows are told in their order;
//! * a heartbeat vouches for what was acknowledged to writers before its time: it is written when everything was read from
//!   the first row on and has arrived, or says how old is what has not;
//! * nothing is told of a shard before its newest records were compared with the store, if the store was ever taken back;
//! * that is not done before what was read earlier has arrived, or was given up: none of it comes after the comparison.

mod batch;
mod leases;
mod readback;
mod shards;
mod state;

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use tokio::sync::{Notify, OwnedRwLockReadGuard, OwnedSemaphorePermit, RwLock, Semaphore};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};
use tracing::Instrument as _;
use trilby_eventlog::relay::{RelayStore, Waiting};

pub use state::State;
pub(crate) use state::wall_clock;

use crate::context::refusal;
use crate::producer::{Producer, RECORD_PATIENCE};
use crate::{Error, Options, topics};
use shards::{Read, Shards};

/// Rows that are read at once of one shard.
const ROWS_EACH_MAX: usize = 500;
/// Shards that are read at once while there is much to tell: the next are read while these are under way.
const SHARDS_AT_ONCE: usize = 12;
/// Batches under way.
const BATCHES_MAX: usize = 5;
/// From one look to the next, unless much waits. What is committed in between goes together: each batch costs the store, the
/// brokers and every process that hears it about the same, whether it has one commit or twenty.
const LOOKS_EVERY: Duration = Duration::from_millis(10);
/// Pause after a store or brokers that did not answer.
const RETRY: Duration = Duration::from_millis(500);
/// How often it is looked at how long things have taken.
const GLANCE: Duration = Duration::from_secs(1);
/// How long the end waits for what is under way.
const LAST_WAIT: Duration = Duration::from_secs(5);

/// A relay at work.
pub struct Relay {
    shared: Arc<Shared>,
}

/// What the relay's tasks have in common.
pub(crate) struct Shared {
    options: Options,
    store: Arc<dyn RelayStore>,
    id: [u8; 16],
    store_id: [u8; 16],
    producer: Producer,
    shards: Shards,
    state: Arc<State>,
    /// Since when the feed's newest records cannot be compared with the store.
    failing_since: tokio::sync::Mutex<Option<Instant>>,
    /// The store was taken back, and what was read before that may be under way.
    is_outlived: AtomicBool,
    /// A batch is done: there may be more to read.
    done: Notify,
    /// For batches.
    room: Arc<Semaphore>,
    /// Held by whatever was read and is not answered.
    under_way: Arc<RwLock<()>>,
}

/// Room for a batch.
pub(crate) struct Place {
    room: OwnedSemaphorePermit,
    under_way: OwnedRwLockReadGuard<()>,
}

impl Relay {
    /// Makes the topics, waiting for brokers that cannot be reached yet, and begins to take leases. `id` is random, new
    /// for each start.
    ///
    /// # Errors
    /// What waiting does not help against: settings, or a topic that is not as it must be.
    pub async fn prepare(
        store: Arc<dyn RelayStore>,
        options: Options,
        id: [u8; 16],
        state: Arc<State>,
    ) -> Result<Self, Error> {
        Self::prepare_patiently(store, options, id, state, RECORD_PATIENCE).await
    }

    /// The same, giving up a record after another time.
    ///
    /// # Errors
    /// As [`Relay::prepare`].
    pub async fn prepare_patiently(
        store: Arc<dyn RelayStore>,
        options: Options,
        id: [u8; 16],
        state: Arc<State>,
        patience: Duration,
    ) -> Result<Self, Error> {
        make_topics(&options, &state).await?;
        topics::tell_differences(&options).await;
        let store_id = loop {
            match store.meta().await {
                Ok(meta) => break meta.store_id,
                Err(error @ trilby_eventlog::Error::Unavailable(_)) => {
                    state.store_fails(&error.to_string());
                    sleep(RETRY).await;
                }
                Err(error) => return Err(error.into()),
            }
        };
        let shared = Shared {
            producer: Producer::new(&options, "relay", patience)?,
            options,
            store,
            id,
            store_id,
            shards: Shards::default(),
            state,
            failing_since: tokio::sync::Mutex::default(),
            is_outlived: AtomicBool::new(false),
            done: Notify::new(),
            room: Arc::new(Semaphore::new(BATCHES_MAX)),
            under_way: Arc::default(),
        };
        Ok(Self {
            shared: Arc::new(shared),
        })
    }

    /// Relays until it is asked to stop; then what is under way is waited for a little, and the leases are given back.
    pub async fn run(self, stop: impl Future<Output = ()>) {
        let mut tasks = JoinSet::new();
        tasks.spawn(leases::keep(Arc::clone(&self.shared)));
        tasks.spawn(look(Arc::clone(&self.shared)));
        tasks.spawn(watch(Arc::clone(&self.shared.state)));
        let mut stop = std::pin::pin!(stop);
        tokio::select! {
            () = &mut stop => {}
            // They go on for good.
            _ = tasks.join_next() => tracing::error!("a task of the relay ended"),
        }
        tasks.shutdown().await;
        self.shared.end().await;
    }
}

async fn make_topics(options: &Options, state: &State) -> Result<(), Error> {
    loop {
        match topics::make(options).await {
            Ok(()) => return Ok(()),
            Err(Error::Unavailable(reason)) => {
                state.brokers_fail(&reason);
                if let Some(why) = refusal(options).await? {
                    return Err(Error::Refused(why));
                }
                sleep(RETRY).await;
            }
            Err(error) => return Err(error),
        }
    }
}

impl Shared {
    async fn end(&self) {
        if timeout(LAST_WAIT, self.under_way.write()).await.is_err() {
            self.producer.give_up();
        }
        let released = timeout(LAST_WAIT, self.store.release(self.id, None)).await;
        if !matches!(released, Ok(Ok(()))) {
            tracing::warn!("the leases could not be given back; they end by themselves");
        }
    }
}

/// Looks at how long things have taken, for good. Apart from whoever waits for them.
async fn watch(state: Arc<State>) {
    let mut ticks = interval(GLANCE);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        state.look(Instant::now());
    }
}

/// Looks for what waits, for good.
async fn look(shared: Arc<Shared>) {
    let mut is_busy = false;
    loop {
        let begun = Instant::now();
        // Never closed.
        let Ok(room) = Arc::clone(&shared.room).acquire_owned().await else {
            return;
        };
        let under_way = Arc::clone(&shared.under_way).read_owned().await;
        let place = Place { room, under_way };
        let most = if is_busy { SHARDS_AT_ONCE } else { usize::MAX };
        let reads = shared.shards.to_read(Instant::now(), most);
        let n_found = match look_once(&shared, reads, place).await {
            Ok(Some(n_found)) => {
                shared.state.store_answers();
                n_found
            }
            // It was not asked.
            Ok(None) => 0,
            Err(error) => {
                shared.state.store_fails(&error.to_string());
                sleep(RETRY).await;
                0
            }
        };
        let was_busy = std::mem::replace(&mut is_busy, n_found > SHARDS_AT_ONCE * 8);
        match (was_busy, is_busy) {
            (_, true) => {}
            // A batch that ends may leave more of its shards.
            (true, false) => drop(timeout(LOOKS_EVERY, shared.done.notified()).await),
            (false, false) => sleep(LOOKS_EVERY.saturating_sub(begun.elapsed())).await,
        }
    }
}

/// Gives how many rows the store found, if there was a shard to ask it about.
async fn look_once(
    shared: &Arc<Shared>,
    reads: Vec<Read>,
    place: Place,
) -> Result<Option<usize>, trilby_eventlog::Error> {
    for shard in shared.shards.to_open(Instant::now()) {
        tokio::spawn(batch::open(Arc::clone(shared), shard));
    }
    if reads.is_empty() {
        return Ok(None);
    }
    let at = wall_clock();
    let from: Vec<_> = reads.iter().map(|read| read.from).collect();
    let found = match shared.store.waiting(&from, ROWS_EACH_MAX).await {
        Ok(found) => found,
        Err(error) => {
            shared.shards.put_back(&reads);
            return Err(error);
        }
    };
    let n_found = found.len();
    let (parts, idle) = part(shared, reads, found, at);
    for shard in idle {
        tokio::spawn(batch::beat(Arc::clone(shared), shard));
    }
    if !parts.is_empty() {
        let n_commits: usize = parts.iter().map(|part| part.rows.len()).sum();
        let span = tracing::info_span!("relay", n_shards = parts.len(), n_commits);
        let telling = batch::tell(Arc::clone(shared), parts, place);
        tokio::spawn(telling.instrument(span));
    }
    Ok(Some(n_found))
}

/// What was read, shard by shard; and the heartbeats of those in which nothing waits.
fn part(
    shared: &Shared,
    reads: Vec<Read>,
    found: Vec<Waiting>,
    at: trilby_model::Timestamp,
) -> (Vec<batch::Part>, Vec<batch::Vouch>) {
    let mut found = found.into_iter().peekable();
    let (mut parts, mut idle) = (Vec::new(), Vec::new());
    let now = Instant::now();
    for read in reads {
        let shard = read.from.shard;
        let mut rows = Vec::new();
        while let Some(row) = found.next_if(|row| row.row.shard == shard) {
            rows.push(row);
        }
        let age = rows.first().map(|row| row.age);
        let oldest = age.unwrap_or_default();
        let most = shared.shards.most(shard);
        let is_cut = rows.len() >= ROWS_EACH_MAX.min(most.saturating_add(1));
        rows.truncate(most);
        // What did not fit is younger than the first that did.
        let waiting = match is_cut {
            true => oldest,
            false => Duration::ZERO,
        };
        if read.is_sweep || age.is_some() {
            let since = age.map(|age| now.checked_sub(age).unwrap_or(now));
            shared.state.waits(shard, since);
        }
        let vouch = read.is_sweep.then_some(batch::Vouch { shard, at, waiting });
        if rows.is_empty() || !shared.shards.may_tell(shard, now) {
            shared.shards.put_back(&[read]);
            // Somebody else may be telling these.
            idle.extend(vouch.filter(|_| rows.is_empty()));
            continue;
        }
        parts.push(batch::Part {
            shard,
            rows,
            is_cut,
            vouch,
        });
    }
    (parts, idle)
}
