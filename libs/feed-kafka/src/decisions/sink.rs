//! From the topic into the store.
//!
//! Without static membership: a sink that starts anew reads a little again, which costs less than to wait for one that
//! does not come back.
//!
//! Nothing in the topic stops it: what is no record is passed over, and so is what cannot be read at all. What Kafka deleted
//! before it was read is lost, and counted.

mod positions;
mod unreadable;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rdkafka::Offset;
use rdkafka::consumer::Consumer as _;
use rdkafka::message::{BorrowedMessage, Headers as _, Message as _};
use tokio::time::{sleep, timeout_at};
use trilby_eventlog::{Activity, ActivityKeeper, Kept};
use trilby_model::LogId;

use super::record;
use crate::context::blocking;
use crate::feed::{BREATH, is_led, passes};
use crate::relay::wall_clock;
use crate::seldom::Seldom;
use crate::{Error, Options, metric};
use positions::{Consumer, Positions};

/// Records that are stored at once.
const BATCH_MAX: usize = 1_000;
/// What they may take, in bytes, but for the last of them.
const BATCH_BYTES_MAX: usize = 4 * 1024 * 1024;
/// How long the first of a batch waits for others.
const LINGER: Duration = Duration::from_millis(50);
/// How long nothing may come before it is looked up whether that is right.
const LOOK: Duration = Duration::from_secs(5);
/// How long nothing may come of a partition in which there is something, before it is looked at: once or twice that.
const STALLED: Duration = Duration::from_secs(10);
/// Pause after brokers or a store that did not answer.
const RETRY: Duration = Duration::from_millis(500);
/// How often a batch is tried before its partitions are left to others.
const TRIES_MAX: u32 = 20;
/// Records of times beyond are none of ours: they wait in memory for minutes, and in the topic for a month.
const OLDEST: Duration = Duration::from_secs(32 * 24 * 3_600);
/// How far another clock may be ahead.
const NEWEST: Duration = Duration::from_secs(600);

/// Takes records of decisions from the topic and stores them.
pub struct DecisionSink {
    options: Options,
    keeper: Arc<dyn ActivityKeeper>,
    store_id: [u8; 16],
    accepts: fn(&Activity) -> bool,
    garbage: Seldom,
    others: Seldom,
    lost: Seldom,
}

/// What was taken from the topic at once.
#[derive(Default)]
struct Batch {
    records: Vec<Activity>,
    bytes: usize,
    n_messages: usize,
    n_garbage: usize,
    /// Of those before what was read, how many were there no more.
    n_lost: u64,
    /// The first place that was read in partitions of which it was not known where that would be.
    begun: BTreeMap<i32, i64>,
    /// The place after the last of each partition.
    next: BTreeMap<i32, i64>,
    /// Why what comes next in one of the partitions cannot be read.
    unreadable: Option<String>,
    /// Nothing came, and the brokers do not say whether that is right.
    is_blind: bool,
}

impl Batch {
    fn is_full(&self) -> bool {
        self.n_messages >= BATCH_MAX || self.bytes >= BATCH_BYTES_MAX || self.unreadable.is_some()
    }
}

impl DecisionSink {
    /// A sink for the store with this id, which stores what is accepted and passes over the rest.
    pub fn new(
        options: Options,
        keeper: Arc<dyn ActivityKeeper>,
        store_id: [u8; 16],
        accepts: fn(&Activity) -> bool,
    ) -> Self {
        Self {
            options,
            keeper,
            store_id,
            accepts,
            garbage: Seldom::default(),
            others: Seldom::default(),
            lost: Seldom::default(),
        }
    }

    /// Goes on until it is dropped; whatever it was at comes again to whoever is next.
    pub async fn run(self) {
        let mut stuck_since = None;
        loop {
            let why = match self.consumer().await {
                Ok(consumer) => {
                    let why = self.work(&consumer, &mut stuck_since).await;
                    // Its end waits for a thread.
                    tokio::task::spawn_blocking(move || drop(consumer));
                    why
                }
                Err(error) => error.to_string(),
            };
            match stuck_since {
                None => tracing::warn!(why, "records of decisions wait in Kafka"),
                Some(_) => tracing::debug!(why, "records of decisions still wait in Kafka"),
            }
            tell_stuck(&mut stuck_since);
            sleep(RETRY).await;
        }
    }

    /// One of the group that shares the work, from when the topic can be read.
    async fn consumer(&self) -> Result<Arc<Consumer>, Error> {
        let mut config = self.options.client("decision-sink")?;
        config
            .set("group.id", self.options.sink_group())
            .set("partition.assignment.strategy", "cooperative-sticky")
            .set("session.timeout.ms", "10000")
            .set("enable.auto.commit", "false")
            .set("enable.auto.offset.store", "false")
            // What was never read is not to be missed; what is gone is gone.
            .set("auto.offset.reset", "earliest")
            .set("queued.max.messages.kbytes", "16384")
            .set("topic.metadata.refresh.interval.ms", "10000");
        let consumer: Consumer = config.create_with_context(Positions::default())?;
        let (consumer, topic) = (Arc::new(consumer), self.options.decisions());
        let (asking, of) = (Arc::clone(&consumer), topic.clone());
        blocking(move || Ok(is_led(&*asking, &of))).await??;
        consumer.subscribe(&[&topic])?;
        Ok(consumer)
    }

    /// Stores until something is in the way for long; says what. What is stored, or awaited, is not stuck.
    async fn work(&self, consumer: &Arc<Consumer>, stuck_since: &mut Option<i64>) -> String {
        let mut looked_at = Instant::now();
        loop {
            let batch = match self.gather(consumer).await {
                Ok(batch) => batch,
                Err(why) => return why,
            };
            let unreadable = batch.unreadable.clone();
            if !batch.next.is_empty() {
                *stuck_since = None;
                if let Err(why) = self.store(consumer, batch).await {
                    return why;
                }
            } else if batch.is_blind {
                // The consumer goes on where it was when they are back.
                tell_stuck(stuck_since);
            } else if unreadable.is_none() {
                *stuck_since = None;
                tell_age(None);
            }
            if let Some(why) = unreadable {
                match self.pass_over(consumer, None).await {
                    Ok(true) => {}
                    // It can be read after all, or is another's by now.
                    Ok(false) => return why,
                    Err(error) => return format!("{why}; {error}"),
                }
            }
            if looked_at.elapsed() >= STALLED {
                looked_at = Instant::now();
                if let Err(error) = self.look_for_stalls(consumer).await {
                    tracing::debug!(%error, "whether a partition is stalled is not known");
                }
            }
        }
    }

    async fn gather(&self, consumer: &Arc<Consumer>) -> Result<Batch, String> {
        let mut batch = Batch::default();
        let mut until = tokio::time::Instant::now() + LOOK;
        while !batch.is_full() {
            let message = match timeout_at(until, consumer.recv()).await {
                Ok(Ok(message)) => message,
                Ok(Err(error)) if unreadable::is_of_records(&error) => {
                    batch.unreadable = Some(error.to_string());
                    break;
                }
                Ok(Err(error)) if passes(&error) => {
                    tracing::debug!(%error, "records of decisions are interrupted");
                    sleep(BREATH).await;
                    continue;
                }
                Ok(Err(error)) => return Err(error.to_string()),
                Err(_) => break,
            };
            if batch.n_messages == 0 {
                until = tokio::time::Instant::now() + LINGER;
            }
            match consumer
                .context()
                .read(message.partition(), message.offset())
            {
                Some(n_missing) => batch.n_lost = batch.n_lost.saturating_add(n_missing),
                None => {
                    batch.begun.insert(message.partition(), message.offset());
                }
            }
            self.take(&message, &mut batch);
        }
        let unknown = consumer.context().take_unknown();
        match self.look_for_losses(consumer, &unknown, &mut batch).await {
            Ok(()) => {}
            Err(error) if batch.n_messages == 0 => {
                tracing::debug!(%error, "whether records of decisions wait is not known");
                consumer.context().put_back(unknown);
                batch.is_blind = true;
            }
            Err(error) => return Err(error.to_string()),
        }
        Ok(batch)
    }

    /// Finds what was deleted before where reading goes on: in partitions that became this sink's a moment ago, and, when
    /// nothing comes, in all of its own. Otherwise the next record shows it.
    async fn look_for_losses(
        &self,
        consumer: &Arc<Consumer>,
        unknown: &BTreeSet<i32>,
        batch: &mut Batch,
    ) -> Result<(), Error> {
        let (positions, topic) = (consumer.context(), self.options.decisions());
        let mut expected = match batch.n_messages {
            0 => positions.known(),
            _ => BTreeMap::new(),
        };
        let new: Vec<i32> = unknown.iter().chain(batch.begun.keys()).copied().collect();
        let look_at: Vec<i32> = unknown.iter().chain(expected.keys()).copied().collect();
        expected.extend(positions::noted(consumer, &topic, &new).await?);
        let beginning = Offset::Beginning;
        let first_of = positions::bounds(consumer, &topic, &look_at, beginning).await?;
        for (partition, first) in first_of {
            let next = expected.get(&partition).copied();
            // Counted once; and where the group was nowhere, it is from now on.
            if next.is_none_or(|next| next < first) {
                batch.begun.insert(partition, first);
                batch.next.insert(partition, first);
            }
            positions.expect(partition, next.map_or(first, |next| next.max(first)));
        }
        for (partition, first) in std::mem::take(&mut batch.begun) {
            let next = expected.get(&partition).copied().unwrap_or(first);
            let n_missing = u64::try_from(first.saturating_sub(next)).unwrap_or_default();
            batch.n_lost = batch.n_lost.saturating_add(n_missing);
        }
        Ok(())
    }

    /// What cannot be read may also be silent.
    async fn look_for_stalls(&self, consumer: &Arc<Consumer>) -> Result<(), Error> {
        let (positions, topic) = (consumer.context(), self.options.decisions());
        let known: Vec<i32> = positions.known().into_keys().collect();
        let ends = positions::bounds(consumer, &topic, &known, Offset::End).await?;
        let stalled = positions.stalled(&ends);
        if !stalled.is_empty() {
            self.pass_over(consumer, Some(stalled)).await?;
        }
        Ok(())
    }

    /// Passes over what cannot be read in some of this sink's partitions, or any; whether there is any.
    async fn pass_over(
        &self,
        consumer: &Arc<Consumer>,
        of: Option<Vec<i32>>,
    ) -> Result<bool, Error> {
        let topic = self.options.decisions();
        let own = match of {
            Some(of) => of,
            None => {
                let of = Arc::clone(consumer);
                let own = blocking(move || of.assignment()).await?;
                own.elements().iter().map(|one| one.partition()).collect()
            }
        };
        let mut places = positions::noted(consumer, &topic, &own).await?;
        for partition in own {
            places.entry(partition).or_default();
        }
        let options = self.options.clone();
        let found = blocking(move || Ok(unreadable::find(&options, &places))).await??;
        let after: BTreeMap<i32, i64> = found.iter().map(|one| (one.partition, one.to)).collect();
        positions::note(consumer, &topic, after.clone()).await?;
        positions::go_to(consumer, &topic, after).await?;
        for one in &found {
            let n_records = u64::try_from(one.to.saturating_sub(one.from)).unwrap_or_default();
            metrics::counter!(metric::PASSED_OVER).increment(n_records);
            let (partition, from) = (one.partition, one.from);
            tracing::error!(
                partition,
                from,
                n_records,
                "records of decisions cannot be read and are passed over"
            );
        }
        Ok(!found.is_empty())
    }

    fn take(&self, message: &BorrowedMessage<'_>, batch: &mut Batch) {
        batch.n_messages = batch.n_messages.saturating_add(1);
        let next = message.offset().saturating_add(1);
        batch.next.insert(message.partition(), next);
        let headers = message.headers();
        let header = |name: &str| {
            let found = headers?.iter().find(|header| header.key == name);
            found.and_then(|header| header.value)
        };
        let value = message.payload().unwrap_or_default();
        batch.bytes = batch.bytes.saturating_add(value.len());
        match record::decode(&self.store_id, header, value) {
            Ok(record) if is_of_these_days(&record) && (self.accepts)(&record) => {
                batch.records.push(record);
            }
            Ok(_) | Err(_) => batch.n_garbage = batch.n_garbage.saturating_add(1),
        }
    }

    async fn store(&self, consumer: &Arc<Consumer>, batch: Batch) -> Result<(), String> {
        let oldest = batch.records.iter().map(|record| record.at.micros()).min();
        let kept = match batch.records.is_empty() {
            true => Kept::default(),
            false => self.keep(batch.records, oldest).await?,
        };
        let n_passed_over = batch.n_garbage.saturating_add(kept.n_refused);
        let n = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
        let counts = [
            (metric::STORED, n(kept.n_new)),
            (metric::REPEATED, n(kept.n_known)),
            (
                metric::PASSED_OVER,
                n(n_passed_over.saturating_add(kept.others.len())),
            ),
            (metric::LOST_DECISIONS, batch.n_lost),
        ];
        for (name, n) in counts {
            metrics::counter!(name).increment(n);
        }
        tell_age(oldest);
        self.tell(n_passed_over, &kept.others, batch.n_lost);
        let topic = self.options.decisions();
        if let Err(error) = positions::note(consumer, &topic, batch.next).await {
            // The partitions may be another's by now, which reads these again.
            tracing::debug!(%error, "a position was not noted");
        }
        Ok(())
    }

    /// Tells now and then of what was not stored.
    fn tell(&self, n_passed_over: usize, others: &[(LogId, String)], n_lost: u64) {
        let now = Instant::now();
        if let Some(n_records) = self.garbage.note(n_passed_over, now) {
            tracing::warn!(
                n_records,
                "records in the topic of decisions were passed over: they are none"
            );
        }
        if let Some((log, id)) = others.first()
            && let Some(n_records) = self.others.note(others.len(), now)
        {
            tracing::error!(
                n_records,
                %log,
                id,
                "records of decisions say otherwise than those under their ids, which stay: one of the two is forged"
            );
        }
        let n_lost = usize::try_from(n_lost).unwrap_or(usize::MAX);
        if let Some(n_records) = self.lost.note(n_lost, now) {
            tracing::error!(
                n_records,
                "records of decisions were deleted in Kafka before they were stored"
            );
        }
    }

    async fn keep(&self, records: Vec<Activity>, oldest: Option<i64>) -> Result<Kept, String> {
        let mut n_tries = 0;
        loop {
            n_tries += 1;
            match self.keeper.keep(records.clone()).await {
                Ok(kept) => return Ok(kept),
                Err(error) if n_tries >= TRIES_MAX => return Err(error.to_string()),
                Err(error) => tracing::debug!(%error, "records of decisions are not stored yet"),
            }
            tell_age(oldest);
            sleep(RETRY).await;
        }
    }
}

/// What cannot be read has an age too.
fn tell_stuck(since: &mut Option<i64>) {
    tell_age(Some(*since.get_or_insert_with(|| wall_clock().micros())));
}

/// How old records of this time, in microseconds, are by now; nothing waits if there are none.
fn tell_age(oldest: Option<i64>) {
    let age = oldest.map(|oldest| wall_clock().micros().saturating_sub(oldest));
    let age = Duration::from_micros(u64::try_from(age.unwrap_or_default()).unwrap_or_default());
    metrics::gauge!(metric::AGE).set(age.as_secs_f64());
}

fn is_of_these_days(record: &Activity) -> bool {
    let micros = |duration: Duration| i64::try_from(duration.as_micros()).unwrap_or(i64::MAX);
    let (now, at) = (wall_clock().micros(), record.at.micros());
    at >= now.saturating_sub(micros(OLDEST)) && at <= now.saturating_add(micros(NEWEST))
}
