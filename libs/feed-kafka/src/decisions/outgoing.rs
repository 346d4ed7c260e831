//! To the topic.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::sleep;
use trilby_eventlog::{Activity, ActivitySink, Error, activity};

use super::record;
use crate::producer::{Lost, Producer};
use crate::record::Record;
use crate::{Error as FeedError, Options};

/// How long a record may be under way before it is sent anew.
const PATIENCE: Duration = Duration::from_secs(30);
/// Pause before they are sent anew.
const RETRY: Duration = Duration::from_millis(500);

/// Takes records of decisions, and holds on to them until the brokers have them, however long that takes. Meanwhile others
/// wait, in memory that is bounded by whoever hands over.
pub struct DecisionRecords {
    producer: Producer,
    store_id: [u8; 16],
    /// That some do not arrive was told.
    is_held: AtomicBool,
}

impl DecisionRecords {
    /// Begins to connect. Records are of the store with this id.
    ///
    /// # Errors
    /// Options that cannot be used.
    pub fn start(options: &Options, store_id: [u8; 16]) -> Result<Self, FeedError> {
        Self::start_patiently(options, store_id, PATIENCE)
    }

    /// The same, sending anew what is under way for longer.
    ///
    /// # Errors
    /// As [`DecisionRecords::start`].
    pub fn start_patiently(
        options: &Options,
        store_id: [u8; 16],
        patience: Duration,
    ) -> Result<Self, FeedError> {
        Ok(Self {
            producer: Producer::new(options, "decisions", patience)?,
            store_id,
            is_held: AtomicBool::new(false),
        })
    }

    fn hold(&self, why: &str) {
        match self.is_held.swap(true, Ordering::AcqRel) {
            true => tracing::debug!(why, "records of decisions are sent anew"),
            false => tracing::warn!(why, "records of decisions wait: Kafka does not take them"),
        }
    }

    fn let_go(&self) {
        if self.is_held.swap(false, Ordering::AcqRel) {
            tracing::info!("Kafka takes records of decisions again");
        }
    }

    /// Sends all of them; gives back those that did not arrive.
    async fn send(&self, records: Vec<Record>) -> Outcome {
        let batch = self.producer.batch();
        let sent: Vec<_> = records.iter().map(|one| batch.send_decision(one)).collect();
        let mut outcome = Outcome::default();
        for (record, sent) in records.into_iter().zip(sent) {
            match sent.arrived().await {
                Ok(_) => {}
                Err(Lost::TooLarge) => outcome.is_too_large = true,
                Err(Lost::Other(why)) => {
                    outcome.left.push(record);
                    outcome.why.get_or_insert(why);
                }
            }
        }
        if !outcome.left.is_empty() {
            self.producer.replace(batch.generation);
        }
        outcome
    }
}

/// What became of records that were sent.
#[derive(Default)]
struct Outcome {
    left: Vec<Record>,
    why: Option<String>,
    is_too_large: bool,
}

#[async_trait]
impl ActivitySink for DecisionRecords {
    async fn hand_over(&self, records: Vec<Activity>) -> Result<(), Error> {
        for record in &records {
            activity::check(record)?;
        }
        let encode = |one| record::encode(&self.store_id, one);
        let mut left: Vec<Record> = records.iter().map(encode).collect();
        let mut is_too_large = false;
        loop {
            let outcome = self.send(left).await;
            is_too_large |= outcome.is_too_large;
            match outcome.why {
                None => {
                    self.let_go();
                    break;
                }
                Some(why) => self.hold(&why),
            }
            left = outcome.left;
            sleep(RETRY).await;
        }
        match is_too_large {
            true => Err(Error::Invalid(
                "the brokers take no record of that size".to_owned(),
            )),
            false => Ok(()),
        }
    }
}
