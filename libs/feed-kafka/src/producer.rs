//! A producer, which is thrown away at the first record that does not arrive.
//!
//! A record that is given up while later ones are written would be a hole in the order. So everything under way is given
//! up with it, and whoever sent it reads again what is to be sent.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::future_producer::{Delivery, DeliveryFuture};
use rdkafka::producer::{FutureProducer, FutureRecord, Producer as _, PurgeConfig};
use trilby_eventlog::Channel;

use crate::context::Quiet;
use crate::record::Record;
use crate::{Error, Options};

/// How long a record may be under way: as long as a broker is away, it need not be read again.
pub(crate) const RECORD_PATIENCE: Duration = Duration::from_secs(300);
/// Records that may be under way.
const RECORDS_MAX: &str = "200000";
/// What they may take, in KiB.
const RECORDS_KIB_MAX: &str = "262144";

/// Why a record did not arrive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Lost {
    /// The broker takes none of that size.
    TooLarge,
    /// Anything else; another try may do better.
    Other(String),
}

impl From<KafkaError> for Lost {
    fn from(error: KafkaError) -> Self {
        match error {
            KafkaError::MessageProduction(
                RDKafkaErrorCode::MessageSizeTooLarge | RDKafkaErrorCode::InvalidMessageSize,
            ) => Self::TooLarge,
            other => Self::Other(other.to_string()),
        }
    }
}

/// A record under way.
pub(crate) struct Sent(Result<DeliveryFuture, Lost>);

impl Sent {
    /// Where it arrived.
    pub async fn arrived(self) -> Result<Delivery, Lost> {
        match self.0?.await {
            Ok(Ok(delivery)) => Ok(delivery),
            Ok(Err((error, _))) => Err(error.into()),
            Err(_) => Err(Lost::Other("the producer was thrown away".to_owned())),
        }
    }
}

/// Which producer a record was given to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Generation(u64);

struct Current {
    generation: Generation,
    producer: FutureProducer<Quiet>,
}

/// What the topics are called.
struct Topics {
    commits: String,
    revocations: String,
    decisions: String,
}

/// The producer in use.
pub(crate) struct Producer {
    config: ClientConfig,
    topics: Topics,
    current: Mutex<Current>,
}

impl Producer {
    /// `name` is whose it is; a record that is under way for longer than `patience` is given up.
    pub fn new(options: &Options, name: &str, patience: Duration) -> Result<Self, Error> {
        let mut config = options.client(name)?;
        config
            .set("enable.idempotence", "true")
            .set("acks", "all")
            .set("linger.ms", "0.5")
            .set("compression.type", "lz4")
            .set("message.timeout.ms", patience.as_millis().to_string())
            .set("queue.buffering.max.messages", RECORDS_MAX)
            .set("queue.buffering.max.kbytes", RECORDS_KIB_MAX)
            // A topic that is gone is noticed soon; the relay makes it anew.
            .set("topic.metadata.refresh.interval.ms", "10000")
            .set("topic.metadata.propagation.max.ms", "2000")
            // Ours end up as pointers long before.
            .set("message.max.bytes", "2000000");
        let current = Current {
            generation: Generation(0),
            producer: config.create_with_context(Quiet)?,
        };
        Ok(Self {
            topics: Topics {
                commits: options.topic(Channel::Commits),
                revocations: options.topic(Channel::Revocations),
                decisions: options.decisions(),
            },
            config,
            current: Mutex::new(current),
        })
    }

    fn current(&self) -> (Generation, FutureProducer<Quiet>) {
        let current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        (current.generation, current.producer.clone())
    }

    /// What a batch is sent through, all of it by one producer.
    pub fn batch(&self) -> Batch<'_> {
        let (generation, producer) = self.current();
        Batch {
            topics: &self.topics,
            generation,
            producer,
        }
    }

    /// Gives up everything under way, and begins with another producer.
    pub fn begin_anew(&self) {
        let (generation, _) = self.current();
        self.replace(generation);
    }

    /// Gives up everything under way by this producer, and begins with another.
    pub fn replace(&self, generation: Generation) {
        let new = match self.config.create_with_context(Quiet) {
            Ok(producer) => producer,
            // The one in use goes on refusing, and the next failure tries again.
            Err(error) => return tracing::error!(%error, "no new producer can be made"),
        };
        let old = {
            let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
            if current.generation != generation {
                return;
            }
            current.generation = Generation(generation.0.wrapping_add(1));
            std::mem::replace(&mut current.producer, new)
        };
        old.purge(PurgeConfig::default().queue().inflight());
        let old = Arc::new(old);
        // Its end waits for a thread.
        tokio::task::spawn_blocking(move || drop(old));
    }

    /// Gives up everything under way, for the end.
    pub fn give_up(&self) {
        let (_, producer) = self.current();
        producer.purge(PurgeConfig::default().queue().inflight());
    }
}

/// One producer, for records whose order counts.
pub(crate) struct Batch<'a> {
    topics: &'a Topics,
    pub generation: Generation,
    producer: FutureProducer<Quiet>,
}

impl Batch<'_> {
    /// Hands a record over. Those of one partition arrive in this order.
    pub fn send(&self, channel: Channel, partition: u16, record: &Record) -> Sent {
        let topic = match channel {
            Channel::Commits => &self.topics.commits,
            Channel::Revocations => &self.topics.revocations,
        };
        let to_send = FutureRecord::to(topic).partition(i32::from(partition));
        self.hand_over(to_send.key(&record.key), record)
    }

    /// Hands a record of a decision over, whose place among others does not matter.
    pub fn send_decision(&self, record: &Record) -> Sent {
        // Without a key many that come together are one request to one partition.
        self.hand_over(FutureRecord::to(&self.topics.decisions), record)
    }

    fn hand_over(&self, to_send: FutureRecord<'_, Vec<u8>, Vec<u8>>, record: &Record) -> Sent {
        let headers = OwnedHeaders::new_with_capacity(record.headers.len());
        let headers = record.headers.iter().fold(headers, |all, (key, value)| {
            let value = Some(value.as_str());
            all.insert(Header { key, value })
        });
        let to_send = to_send.payload(&record.value).headers(headers);
        let sent = self.producer.send_result(to_send);
        Sent(sent.map_err(|(error, _)| error.into()))
    }
}
