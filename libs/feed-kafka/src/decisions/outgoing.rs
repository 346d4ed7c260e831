//! To the topic.

use std::time::{Duration, Instant};

use async_trait::async_trait;
use tokio::time::sleep;
use trilby_eventlog::{Activity, ActivitySink, Error, activity};

use super::record;
use crate::producer::{Lost, Producer};
use crate::record::Record;
use crate::{Error as FeedError, Options};

/// How long a record may be under way before it is sent anew.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long records are held that do not arrive. Meanwhile others wait, in memory that is bounded by whoever hands over.
const HELD: Duration = Duration::from_secs(600);
/// Pause before they are sent anew.
const RETRY: Duration = Duration::from_millis(500);

/// Takes records of decisions, and holds on to them until the brokers have them.
pub struct DecisionRecords {
    producer: Producer,
    store_id: [u8; 16],
}

impl DecisionRecords {
    /// Begins to connect. Records are of the store with this id.
    ///
    /// # Errors
    /// Options that cannot be used.
    pub fn start(options: &Options, store_id: [u8; 16]) -> Result<Self, FeedError> {
        Ok(Self {
            producer: Producer::new(options, "decisions", PATIENCE)?,
            store_id,
        })
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
        let begun = Instant::now();
        let encode = |one| record::encode(&self.store_id, one);
        let mut left: Vec<Record> = records.iter().map(encode).collect();
        let mut is_too_large = false;
        loop {
            let outcome = self.send(left).await;
            is_too_large |= outcome.is_too_large;
            match outcome.why {
                None if is_too_large => {
                    return Err(Error::Invalid(
                        "the brokers take no record of that size".to_owned(),
                    ));
                }
                None => return Ok(()),
                Some(why) if begun.elapsed() > HELD => return Err(Error::Unavailable(why)),
                Some(why) => tracing::debug!(why, "records of decisions are sent anew"),
            }
            left = outcome.left;
            sleep(RETRY).await;
        }
    }
}
