//! The feed over Kafka: news of commits and revocations for processes that share a store.
//!
//! The store is the truth and Kafka is the news: whatever is lost here is read there. What is told wrongly, in a wrong
//! order or twice must not be believed by anybody who hears it; see [`feed`].
//!
//! * [`Relay`] tells what the store's outbox holds, and forgets a row when its commit was acknowledged.
//! * [`KafkaFeed`] hears it, from the end of every partition on, and says when it cannot vouch for having heard all.
//! * [`DecisionRecords`] and [`DecisionSink`] bring records of decisions into the activity log.
//!
//! Topics have one partition for each shard of the logs ([`trilby_eventlog::shard`]), for good.
//!
//! It knows no database and no event type.

mod bytes;
mod context;
mod decisions;
pub mod feed;
mod metric;
mod options;
mod passed_over;
mod producer;
pub mod record;
mod relay;
mod seldom;
mod topics;

pub use decisions::{DecisionRecords, DecisionSink};
pub use feed::{KafkaFeed, Pace};
pub use metric::METRICS;
pub use options::{Login, Options, Security};
pub use relay::{Relay, State};

use rdkafka::error::KafkaError;

/// What keeps the feed from working.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The brokers do not answer, or not with what was asked for. It may pass.
    #[error("the brokers are unavailable: {0}")]
    Unavailable(String),
    /// They answer, and refuse this client: its login, or the certificates of one of the two.
    #[error("the brokers and this client refuse each other: {0}")]
    Refused(String),
    /// A topic cannot be made.
    #[error("topic `{topic}` cannot be made: {code}")]
    Topic {
        /// Which.
        topic: String,
        /// What the broker says.
        code: String,
    },
    /// A topic is not there, or not to be seen, and this client is not allowed to make it.
    #[error(
        "topic `{topic}` is missing or hidden from this login, which may not make it: make it with {partitions} partitions, or let this login describe and create it"
    )]
    NotAllowed {
        /// Which.
        topic: String,
        /// What it needs.
        partitions: u16,
    },
    /// A topic has another number of partitions, so that logs are not where they are looked for.
    #[error(
        "topic `{topic}` has {found} partitions and must have {wanted}: delete it, and the relay makes it anew"
    )]
    Partitions {
        /// Which.
        topic: String,
        /// What it has.
        found: usize,
        /// What it needs.
        wanted: u16,
    },
    /// Settings that cannot be used.
    #[error("{0}")]
    Options(&'static str),
    /// The client library does not take its settings.
    #[error("the Kafka client cannot be made: {0}")]
    Client(String),
    /// The store.
    #[error(transparent)]
    Store(#[from] trilby_eventlog::Error),
}

impl From<KafkaError> for Error {
    fn from(error: KafkaError) -> Self {
        match error {
            KafkaError::ClientCreation(what) => Self::Client(what),
            KafkaError::ClientConfig(_, what, name, _) => Self::Client(format!("{name}: {what}")),
            other => Self::Unavailable(other.to_string()),
        }
    }
}
