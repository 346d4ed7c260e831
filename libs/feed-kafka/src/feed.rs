//! The consumer: every record of both channels, from the end of each partition on, without a group.
//!
//! Each channel has a client of its own. A broker looks at every partition that a client names whenever it is asked, and it
//! is asked anew after each answer: who hears commits all the time need not ask for revocations each time, and who can wait
//! for commits need not wait for revocations.
//!
//! What is told to whoever listens is true as long as nothing is missing before it. So whenever this consumer cannot vouch
//! for that it says `Gap` first, and whoever listens reads the store:
//! * it had to find a new position: at first (for those who listened already), after its position was out of range, after
//!   a topic was deleted, or made anew with other partitions;
//! * offsets jump;
//! * a record cannot be read (another store's is none of ours, and nothing is missing);
//! * another run of the relay began a partition before what was heard last, so it is another partition of that name.
//!
//! Silence is no gap: where a partition still ends where it was heard to, or later, hearing goes on there.
//!
//! It never waits for who listens: each receiver has a bounded channel of its own place, and one that lags is told so.

mod continuity;

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use rdkafka::consumer::{Consumer, ConsumerContext, StreamConsumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{BorrowedMessage, Headers as _, Message as _};
use rdkafka::{Offset, TopicPartitionList};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use trilby_eventlog::shard::SHARDS;
use trilby_eventlog::{Channel, Delivery, Feed, FeedReceiver, FeedSender};

use crate::context::{Quiet, blocking};
use crate::passed_over::passed_over;
use crate::record;
use crate::{Error, Options};
use continuity::Continuity;

/// Messages kept for a slow receiver.
const CAPACITY: usize = 16_384;
/// How long a subscription waits for positions; then it is told of a gap when there are some.
const POSITION_WAIT: Duration = Duration::from_secs(3);
/// How long brokers are given for each answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// Pause between attempts to find positions.
const RETRY: Duration = Duration::from_millis(500);
/// Pause after an error that passes. While brokers are away the library tells of a dozen errors a second, and what it has to
/// say when they are back comes after them: they are to be heard as fast as they are told.
pub(crate) const BREATH: Duration = Duration::from_millis(5);
/// A partition that says nothing for so long, though heartbeats come each second, may be one that was deleted. As a rule
/// no relay runs: then nothing is missing, and whoever listens asks the store already.
const SILENCE: Duration = Duration::from_secs(10);
/// How often that is looked at.
const LOOK: Duration = Duration::from_secs(1);
/// The end of a partition, asked for where a time is asked for: the protocol has one number for both.
const END: Offset = Offset::End;

const CHANNELS: [Channel; 2] = [Channel::Commits, Channel::Revocations];

/// How soon commits are heard. Revocations are heard at once in any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// Each at once: for who decides by them.
    AtOnce,
    /// Together, a few times a second: for who asks the store before anything is decided. It spares the broker most of
    /// its work for that node.
    Together,
}

/// How long the broker collects commits for who hears them together.
const COLLECTS_MS: &str = "50";
/// More than it collects in that time.
const COLLECTS_BYTES: &str = "1000000";

/// The feed.
#[derive(Debug)]
pub struct KafkaFeed {
    sender: FeedSender,
    heard: Vec<Heard>,
}

/// A channel that is heard.
#[derive(Debug)]
struct Heard {
    is_positioned: watch::Receiver<bool>,
    task: JoinHandle<()>,
}

impl Drop for Heard {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl KafkaFeed {
    /// Begins to connect. It goes on until it is dropped. What the relay of another store than this one tells in the same
    /// topics is passed over.
    ///
    /// # Errors
    /// Options that cannot be used.
    pub fn start(options: Options, pace: Pace, store_id: [u8; 16]) -> Result<Self, Error> {
        drop(consumer(&options, Channel::Commits, pace)?);
        let sender = FeedSender::new(CAPACITY);
        let hear = |channel| {
            let (position, is_positioned) = watch::channel(false);
            let hearing = Hearing {
                options: options.clone(),
                source: record::source(&store_id),
                channel,
                pace,
                sender: sender.clone(),
                position,
            };
            let task = tokio::spawn(hearing.go_on());
            Heard {
                is_positioned,
                task,
            }
        };
        let heard = CHANNELS.map(hear).into();
        Ok(Self { sender, heard })
    }
}

#[async_trait]
impl Feed for KafkaFeed {
    async fn subscribe(&self) -> Result<FeedReceiver, trilby_eventlog::Error> {
        let all_positioned = async {
            for heard in &self.heard {
                let mut is_positioned = heard.is_positioned.clone();
                // Its sender goes with the runtime.
                let _ = is_positioned.wait_for(|is_positioned| *is_positioned).await;
            }
        };
        if timeout(POSITION_WAIT, all_positioned).await.is_err() {
            tracing::warn!(
                "Kafka has not answered; news of others are asked of the store until it does"
            );
        }
        Ok(self.sender.subscribe())
    }

    fn delivery(&self) -> Delivery {
        Delivery::Relayed { partitions: SHARDS }
    }
}

fn consumer(
    options: &Options,
    channel: Channel,
    pace: Pace,
) -> Result<StreamConsumer<Quiet>, Error> {
    let mut config = options.client("feed")?;
    config
        // The library wants a name though no group is joined and nothing is committed.
        .set("group.id", format!("{}-feed", options.topic_prefix))
        .set("enable.auto.commit", "false")
        .set("enable.auto.offset.store", "false")
        .set("auto.offset.reset", "error")
        .set("fetch.error.backoff.ms", "100")
        .set("topic.metadata.refresh.interval.ms", "10000")
        .set("topic.metadata.propagation.max.ms", "2000");
    match (channel, pace) {
        (Channel::Commits, Pace::Together) => {
            config
                .set("fetch.wait.max.ms", COLLECTS_MS)
                .set("fetch.min.bytes", COLLECTS_BYTES);
        }
        (Channel::Commits, Pace::AtOnce) | (Channel::Revocations, _) => {
            config.set("fetch.wait.max.ms", "500");
        }
    }
    Ok(config.create_with_context(Quiet)?)
}

/// A channel that is to be heard.
struct Hearing {
    options: Options,
    /// Of which store.
    source: String,
    channel: Channel,
    pace: Pace,
    sender: FeedSender,
    position: watch::Sender<bool>,
}

impl Hearing {
    /// Hears for good.
    async fn go_on(self) {
        let topic = self.options.topic(self.channel);
        // Of a session in which nothing was said any more.
        let mut before: Option<Continuity> = None;
        let mut is_silent = false;
        loop {
            let was_positioned = before.is_some();
            match Session::open(&self, &topic, before.take()).await {
                Ok((mut session, goes_on)) => {
                    if !goes_on {
                        if was_positioned {
                            tracing::warn!(topic, "the feed is another since it was silent");
                        }
                        // Whoever listened before there were positions has missed what was told before them.
                        self.sender.gap(1);
                        self.position.send_replace(true);
                        tracing::info!(topic, "hearing the feed");
                    }
                    match session.hear(&self, &mut is_silent).await {
                        End::Silent => before = Some(session.rest(&topic, &mut is_silent)),
                        End::Lost(why) => self.lose(&topic, &why),
                    }
                    // Its end waits for a thread.
                    tokio::task::spawn_blocking(move || drop(session));
                }
                Err(error) if was_positioned => self.lose(&topic, &error.to_string()),
                Err(error) => tracing::debug!(topic, %error, "the feed cannot be heard"),
            }
            sleep(RETRY).await;
        }
    }

    fn lose(&self, topic: &str, why: &str) {
        tracing::warn!(topic, reason = why, "lost the feed's positions");
        self.position.send_replace(false);
        self.sender.gap(1);
    }
}

/// How a session ends.
enum End {
    /// A partition says nothing any more.
    Silent,
    /// Its positions are worth nothing: why.
    Lost(String),
}

/// One consumer with its positions.
struct Session {
    consumer: Arc<StreamConsumer<Quiet>>,
    channel: Channel,
    continuity: Continuity,
}

impl Session {
    /// One that goes on where another was, if it can, or begins where all partitions end now; and which of the two.
    async fn open(
        hearing: &Hearing,
        topic: &str,
        before: Option<Continuity>,
    ) -> Result<(Self, bool), Error> {
        let channel = hearing.channel;
        let consumer = Arc::new(consumer(&hearing.options, channel, hearing.pace)?);
        let (of, name) = (Arc::clone(&consumer), topic.to_owned());
        let placed = blocking(move || {
            Ok(ends(&of, &name).and_then(|ends| {
                let places = before.as_ref().and_then(|before| before.places(&ends));
                let goes_on = places.is_some();
                let from = places.unwrap_or(ends);
                place(&of, &name, &from)?;
                let before = before.filter(|_| goes_on);
                Ok((
                    before.unwrap_or_else(|| Continuity::new(channel, &from)),
                    goes_on,
                ))
            }))
        });
        let (continuity, goes_on) = placed.await??;
        let session = Self {
            consumer,
            channel,
            continuity,
        };
        Ok((session, goes_on))
    }

    /// What was heard, for the one that is next. That nothing is said is told once.
    fn rest(&mut self, topic: &str, is_silent: &mut bool) -> Continuity {
        if !std::mem::replace(is_silent, true) {
            tracing::warn!(
                topic,
                "the feed is silent: the store is asked for news until a relay tells them again"
            );
        }
        self.continuity.rest(Instant::now());
        std::mem::replace(&mut self.continuity, Continuity::new(self.channel, &[]))
    }

    /// Hears until there is nothing to be heard.
    async fn hear(&mut self, hearing: &Hearing, is_silent: &mut bool) -> End {
        let consumer = Arc::clone(&self.consumer);
        loop {
            match timeout(LOOK, consumer.recv()).await {
                Ok(Ok(message)) => {
                    if let Err(why) = self.take(&message, hearing) {
                        return End::Lost(why.to_owned());
                    }
                }
                Ok(Err(error)) if is_alone(&error) => {
                    return End::Lost("no broker is there".to_owned());
                }
                Ok(Err(error)) if passes(&error) || is_of_group(&error) => {
                    tracing::debug!(%error, "the feed is interrupted");
                    sleep(BREATH).await;
                }
                Ok(Err(error)) => return End::Lost(error.to_string()),
                Err(_) => {}
            }
            if self.continuity.is_silent(Instant::now(), SILENCE) {
                return End::Silent;
            }
            if *is_silent && self.continuity.is_heard() {
                *is_silent = false;
                tracing::info!(channel = ?self.channel, "the feed is heard again");
            }
        }
    }

    fn take(
        &mut self,
        message: &BorrowedMessage<'_>,
        hearing: &Hearing,
    ) -> Result<(), &'static str> {
        let channel = self.channel;
        let headers = message.headers();
        let header = |name: &str| {
            let found = headers?.iter().find(|header| header.key == name);
            found.and_then(|header| header.value)
        };
        let partition = u16::try_from(message.partition()).map_err(|_| "an unknown partition")?;
        let value = message.payload().unwrap_or_default();
        let told = record::decode(&hearing.source, channel, header, value);
        if let Err(why) = told {
            passed_over(why, message.partition(), message.offset());
        }
        let told = self.continuity.take(partition, message.offset(), told)?;
        for message in told {
            hearing.sender.send(message);
        }
        Ok(())
    }
}

/// Where all partitions of a topic end.
fn ends(consumer: &StreamConsumer<Quiet>, topic: &str) -> Result<Vec<i64>, Error> {
    let mut asked = TopicPartitionList::new();
    is_led(consumer, topic)?;
    for partition in 0..SHARDS {
        asked.add_partition_offset(topic, i32::from(partition), END)?;
    }
    let found = consumer.offsets_for_times(asked, PATIENCE)?;
    let mut ends = vec![0; usize::from(SHARDS)];
    for one in found.elements() {
        one.error()?;
        let Offset::Offset(offset) = one.offset() else {
            return Err(Error::Unavailable("a partition has no end".to_owned()));
        };
        let partition = usize::try_from(one.partition()).unwrap_or(usize::MAX);
        let end = ends.get_mut(partition);
        *end.ok_or_else(|| Error::Unavailable("an unknown partition".to_owned()))? = offset;
    }
    Ok(ends)
}

/// Places the consumer at these places of a topic's partitions.
fn place(consumer: &StreamConsumer<Quiet>, topic: &str, places: &[i64]) -> Result<(), Error> {
    let mut at = TopicPartitionList::new();
    for (partition, place) in (0_i32..).zip(places) {
        at.add_partition_offset(topic, partition, Offset::Offset(*place))?;
    }
    consumer.assign(&at)?;
    Ok(())
}

/// Whether a topic is as it must be, and each of its partitions has a leader.
pub(crate) fn is_led<C: ConsumerContext>(
    consumer: &impl Consumer<C>,
    topic: &str,
) -> Result<(), Error> {
    let metadata = consumer.fetch_metadata(Some(topic), PATIENCE)?;
    let found = metadata.topics().iter().find(|found| found.name() == topic);
    let partitions = found.map_or(&[][..], |topic| topic.partitions());
    if partitions.len() != usize::from(SHARDS) {
        return Err(Error::Partitions {
            topic: topic.to_owned(),
            found: partitions.len(),
            wanted: SHARDS,
        });
    }
    match partitions.iter().all(|partition| partition.leader() >= 0) {
        true => Ok(()),
        false => Err(Error::Unavailable("a partition has no leader".to_owned())),
    }
}

/// Whether no broker is there any more. A consumer that lives through that would ask the first that comes back, of whose
/// partitions some have no leader yet; the library reads what is said of those beyond its end, and the process is no more
/// (confluentinc/librdkafka#5280). So another consumer is made, which begins when each partition has one.
fn is_alone(error: &KafkaError) -> bool {
    let (KafkaError::MessageConsumption(code) | KafkaError::Global(code)) = error else {
        return false;
    };
    *code == RDKafkaErrorCode::AllBrokersDown
}

/// Whether an error is of the group whose name a consumer has that joins none: the library asks for it all the same, and a
/// login that only reads need not be allowed to.
pub(crate) fn is_of_group(error: &KafkaError) -> bool {
    matches!(
        error,
        KafkaError::MessageConsumption(RDKafkaErrorCode::GroupAuthorizationFailed)
    )
}

/// Whether hearing goes on where it was when the brokers are back.
pub(crate) fn passes(error: &KafkaError) -> bool {
    let code = match error {
        KafkaError::MessageConsumption(code) | KafkaError::Global(code) => *code,
        _ => return false,
    };
    matches!(
        code,
        RDKafkaErrorCode::BrokerTransportFailure
            | RDKafkaErrorCode::Resolve
            | RDKafkaErrorCode::OperationTimedOut
            | RDKafkaErrorCode::RequestTimedOut
            | RDKafkaErrorCode::NotLeaderForPartition
            | RDKafkaErrorCode::LeaderNotAvailable
            | RDKafkaErrorCode::ReplicaNotAvailable
            | RDKafkaErrorCode::NetworkException
    )
}
