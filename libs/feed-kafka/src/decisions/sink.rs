//! From the topic into the store.
//!
//! Without static membership: a sink that starts anew reads a little again, which costs less than to wait for one that
//! does not come back.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rdkafka::consumer::{CommitMode, Consumer as _, StreamConsumer};
use rdkafka::message::{BorrowedMessage, Headers as _, Message as _};
use rdkafka::{Offset, TopicPartitionList};
use tokio::time::{sleep, timeout, timeout_at};
use trilby_eventlog::{Activity, ActivityKeeper};

use super::record;
use crate::context::{Quiet, blocking};
use crate::feed::{BREATH, is_led, passes};
use crate::relay::wall_clock;
use crate::seldom::Seldom;
use crate::{Error, Options, metric};

/// Records that are stored at once.
const BATCH_MAX: usize = 1_000;
/// What they may take, in bytes, but for the last of them.
const BATCH_BYTES_MAX: usize = 4 * 1024 * 1024;
/// How long the first of a batch waits for others.
const LINGER: Duration = Duration::from_millis(50);
/// How long nothing may come before it is looked up whether that is right.
const LOOK: Duration = Duration::from_secs(5);
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
}

/// What was taken from the topic at once.
#[derive(Default)]
struct Batch {
    records: Vec<Activity>,
    bytes: usize,
    n_messages: usize,
    n_garbage: usize,
    /// The place after the last of each partition.
    next: BTreeMap<i32, i64>,
}

impl Batch {
    fn is_full(&self) -> bool {
        self.n_messages >= BATCH_MAX || self.bytes >= BATCH_BYTES_MAX
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
            // What cannot be read has an age too.
            let since = stuck_since.get_or_insert_with(|| wall_clock().micros());
            tell_age(Some(*since));
            sleep(RETRY).await;
        }
    }

    /// One of the group that shares the work, from when the topic can be read.
    async fn consumer(&self) -> Result<Arc<StreamConsumer<Quiet>>, Error> {
        let mut config = self.options.client("decision-sink")?;
        config
            .set(
                "group.id",
                format!("{}-decision-sink", self.options.topic_prefix),
            )
            .set("partition.assignment.strategy", "cooperative-sticky")
            .set("session.timeout.ms", "10000")
            .set("enable.auto.commit", "false")
            .set("enable.auto.offset.store", "false")
            // What was never read is not to be missed; what is gone is gone.
            .set("auto.offset.reset", "earliest")
            .set("allow.auto.create.topics", "false")
            .set("queued.max.messages.kbytes", "16384")
            .set("topic.metadata.refresh.interval.ms", "10000");
        let consumer: StreamConsumer<Quiet> = config.create_with_context(Quiet)?;
        let (consumer, topic) = (Arc::new(consumer), self.options.decisions());
        let (asking, of) = (Arc::clone(&consumer), topic.clone());
        blocking(move || Ok(is_led(&asking, &of))).await??;
        consumer.subscribe(&[&topic])?;
        Ok(consumer)
    }

    /// Stores until something is in the way for long; says what. What is stored, or awaited, is not stuck.
    async fn work(
        &self,
        consumer: &Arc<StreamConsumer<Quiet>>,
        stuck_since: &mut Option<i64>,
    ) -> String {
        loop {
            let batch = match self.gather(consumer).await {
                Ok(batch) => batch,
                Err(why) => return why,
            };
            *stuck_since = None;
            if batch.n_messages == 0 {
                tell_age(None);
                continue;
            }
            if let Err(why) = self.store(batch.records, batch.n_garbage).await {
                return why;
            }
            let noted = note(consumer, &self.options.decisions(), batch.next).await;
            if let Err(error) = noted {
                // The partitions may be another's by now, which reads these again.
                tracing::debug!(%error, "a position was not noted");
            }
        }
    }

    async fn gather(&self, consumer: &StreamConsumer<Quiet>) -> Result<Batch, String> {
        let mut batch = Batch::default();
        let mut until = tokio::time::Instant::now() + LOOK;
        while !batch.is_full() {
            let message = match timeout_at(until, consumer.recv()).await {
                Ok(Ok(message)) => message,
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
            self.take(&message, &mut batch);
        }
        Ok(batch)
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

    async fn store(&self, records: Vec<Activity>, n_garbage: usize) -> Result<(), String> {
        let oldest = records.iter().map(|record| record.at.micros()).min();
        let kept = self.keep(records, oldest).await?;
        let n_passed_over = n_garbage.saturating_add(kept.n_refused);
        let counts = [
            (metric::STORED, kept.n_new),
            (metric::REPEATED, kept.n_known),
            (metric::PASSED_OVER, n_passed_over),
        ];
        for (name, n) in counts {
            metrics::counter!(name).increment(u64::try_from(n).unwrap_or(u64::MAX));
        }
        tell_age(oldest);
        if let Some(n_records) = self.garbage.note(n_passed_over, Instant::now()) {
            tracing::warn!(
                n_records,
                "records in the topic of decisions were passed over: they are none"
            );
        }
        Ok(())
    }

    async fn keep(
        &self,
        records: Vec<Activity>,
        oldest: Option<i64>,
    ) -> Result<trilby_eventlog::Kept, String> {
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

/// How old records of this time, in microseconds, are by now; nothing waits if there are none.
fn tell_age(oldest: Option<i64>) {
    let age = oldest.map(|oldest| wall_clock().micros().saturating_sub(oldest));
    let age = Duration::from_micros(u64::try_from(age.unwrap_or_default()).unwrap_or_default());
    metrics::gauge!(metric::AGE).set(age.as_secs_f64());
}

/// Notes that everything before these places is stored.
async fn note(
    consumer: &Arc<StreamConsumer<Quiet>>,
    topic: &str,
    next: BTreeMap<i32, i64>,
) -> Result<(), Error> {
    let mut places = TopicPartitionList::new();
    for (partition, offset) in next {
        places.add_partition_offset(topic, partition, Offset::Offset(offset))?;
    }
    let consumer = Arc::clone(consumer);
    let noted = blocking(move || consumer.commit(&places, CommitMode::Sync));
    match timeout(LOOK, noted).await {
        Ok(noted) => noted,
        Err(_) => Err(Error::Unavailable("no answer".to_owned())),
    }
}

fn is_of_these_days(record: &Activity) -> bool {
    let micros = |duration: Duration| i64::try_from(duration.as_micros()).unwrap_or(i64::MAX);
    let (now, at) = (wall_clock().micros(), record.at.micros());
    at >= now.saturating_sub(micros(OLDEST)) && at <= now.saturating_add(micros(NEWEST))
}
