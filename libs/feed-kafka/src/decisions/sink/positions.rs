//! Where a sink is in each of its partitions, so that it sees what is missing before what it reads.
//!
//! A topic of this kind has no holes but what Kafka deletes at the beginning of a partition, whether anybody has read it or
//! not.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{
    BaseConsumer, CommitMode, Consumer as _, ConsumerContext, Rebalance, StreamConsumer,
};
use rdkafka::error::KafkaError;
use rdkafka::{Offset, TopicPartitionList};
use tokio::time::timeout;

use crate::Error;
use crate::context::{Quiet, blocking};

/// How long the brokers are given for each answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// What a sink reads with.
pub(super) type Consumer = StreamConsumer<Positions>;

/// The sink's own partitions.
#[derive(Debug, Default)]
pub(super) struct Positions(Mutex<Own>);

#[derive(Debug, Default)]
struct Own {
    /// The place that comes next, where that is known.
    next: BTreeMap<i32, i64>,
    /// Those of which it is not.
    unknown: BTreeSet<i32>,
    /// What came next when it was looked at last, where there was something.
    waited_for: BTreeMap<i32, i64>,
}

impl Positions {
    fn own(&self) -> MutexGuard<'_, Own> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that the record of this place was read; gives how many are missing before it. `None`: it was not known where
    /// the sink is in this partition.
    pub fn read(&self, partition: i32, offset: i64) -> Option<u64> {
        let mut own = self.own();
        own.unknown.remove(&partition);
        let expected = own.next.insert(partition, offset.saturating_add(1))?;
        // A partition that has begun anew lacks none that anybody knows of.
        Some(u64::try_from(offset.saturating_sub(expected)).unwrap_or_default())
    }

    /// Notes what comes next in a partition.
    pub fn expect(&self, partition: i32, next: i64) {
        self.own().next.insert(partition, next);
    }

    /// What comes next in each partition, where that is known.
    pub fn known(&self) -> BTreeMap<i32, i64> {
        self.own().next.clone()
    }

    /// Partitions in which something was to be read, and nothing was, since this was asked last. They end here now.
    pub fn stalled(&self, ends: &BTreeMap<i32, i64>) -> Vec<i32> {
        let mut own = self.own();
        let mut waits = own.next.clone();
        waits.retain(|partition, next| ends.get(partition).is_some_and(|end| end > next));
        let before = std::mem::replace(&mut own.waited_for, waits);
        let waits = own.waited_for.iter();
        let stalled = waits.filter(|(partition, next)| before.get(partition) == Some(next));
        stalled.map(|(partition, _)| *partition).collect()
    }

    /// Still nothing is known of these.
    pub fn put_back(&self, unknown: BTreeSet<i32>) {
        let mut own = self.own();
        let left = unknown
            .into_iter()
            .filter(|one| !own.next.contains_key(one));
        let left: Vec<i32> = left.collect();
        own.unknown.extend(left);
    }

    /// Partitions of which nothing is known, each told once.
    pub fn take_unknown(&self) -> BTreeSet<i32> {
        std::mem::take(&mut self.own().unknown)
    }
}

impl ClientContext for Positions {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, line: &str) {
        Quiet.log(level, facility, line);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        Quiet.error(error, reason);
    }
}

impl ConsumerContext for Positions {
    fn pre_rebalance(&self, _: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        let (list, is_own) = match rebalance {
            // Another may have read on meanwhile.
            Rebalance::Assign(list) => (list, true),
            Rebalance::Revoke(list) => (list, false),
            Rebalance::Error(_) => return,
        };
        let mut own = self.own();
        for one in list.elements() {
            own.next.remove(&one.partition());
            own.unknown.remove(&one.partition());
            if is_own {
                own.unknown.insert(one.partition());
            }
        }
    }
}

/// Where the group is in these partitions; nowhere in those of which it has stored nothing.
pub(super) async fn noted(
    consumer: &Arc<Consumer>,
    topic: &str,
    partitions: &[i32],
) -> Result<BTreeMap<i32, i64>, Error> {
    if partitions.is_empty() {
        return Ok(BTreeMap::new());
    }
    let mut asked = TopicPartitionList::new();
    for partition in partitions {
        asked.add_partition(topic, *partition);
    }
    let consumer = Arc::clone(consumer);
    let found = blocking(move || consumer.committed_offsets(asked, PATIENCE)).await?;
    offsets(&found)
}

fn offsets(found: &TopicPartitionList) -> Result<BTreeMap<i32, i64>, Error> {
    let mut offsets = BTreeMap::new();
    for one in found.elements() {
        one.error()?;
        if let Offset::Offset(offset) = one.offset() {
            offsets.insert(one.partition(), offset);
        }
    }
    Ok(offsets)
}

/// Where these partitions begin ([`Offset::Beginning`]) or end ([`Offset::End`]).
pub(super) async fn bounds(
    consumer: &Arc<Consumer>,
    topic: &str,
    partitions: &[i32],
    bound: Offset,
) -> Result<BTreeMap<i32, i64>, Error> {
    if partitions.is_empty() {
        return Ok(BTreeMap::new());
    }
    let mut asked = TopicPartitionList::new();
    for partition in partitions {
        // Asked for where a time is asked for: the protocol has one number for both.
        asked.add_partition_offset(topic, *partition, bound)?;
    }
    let consumer = Arc::clone(consumer);
    let found = blocking(move || consumer.offsets_for_times(asked, PATIENCE)).await?;
    offsets(&found)
}

/// Notes that everything before these places is stored.
pub(super) async fn note(
    consumer: &Arc<Consumer>,
    topic: &str,
    next: BTreeMap<i32, i64>,
) -> Result<(), Error> {
    if next.is_empty() {
        return Ok(());
    }
    let mut places = TopicPartitionList::new();
    for (partition, offset) in next {
        places.add_partition_offset(topic, partition, Offset::Offset(offset))?;
    }
    let consumer = Arc::clone(consumer);
    let noted = blocking(move || consumer.commit(&places, CommitMode::Sync));
    match timeout(PATIENCE, noted).await {
        Ok(noted) => noted,
        Err(_) => Err(Error::Unavailable("no answer".to_owned())),
    }
}

/// Reads on from these places.
pub(super) async fn go_to(
    consumer: &Arc<Consumer>,
    topic: &str,
    places: BTreeMap<i32, i64>,
) -> Result<(), Error> {
    let (of, topic) = (Arc::clone(consumer), topic.to_owned());
    blocking(move || {
        for (partition, place) in places {
            of.seek(&topic, partition, Offset::Offset(place), PATIENCE)?;
            of.context().expect(partition, place);
        }
        Ok(())
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_between_two_is_seen() {
        let positions = Positions::default();
        assert_eq!(positions.read(1, 40), None);
        assert_eq!(positions.read(1, 41), Some(0));
        assert_eq!(positions.read(2, 60), None);
        assert_eq!(positions.read(1, 45), Some(3));
        // It has begun anew.
        assert_eq!(positions.read(1, 0), Some(0));
        assert_eq!(positions.read(1, 1), Some(0));
        positions.expect(3, 10);
        assert_eq!(positions.read(3, 12), Some(2));
    }

    #[test]
    fn where_nothing_comes_though_something_is_there_it_is_seen_the_second_time() {
        let positions = Positions::default();
        for partition in 1..5 {
            positions.expect(partition, 10);
        }
        let ends = BTreeMap::from([(1, 10), (2, 12), (3, 12), (4, 10)]);
        assert!(positions.stalled(&ends).is_empty());
        // One of the two went on, and there is more in others.
        positions.read(2, 10);
        let ends = BTreeMap::from([(1, 20), (2, 12), (3, 12), (4, 10)]);
        assert_eq!(positions.stalled(&ends), [3]);
        assert_eq!(positions.stalled(&ends), [1, 2, 3]);
        positions.expect(3, 12);
        assert_eq!(positions.stalled(&ends), [1, 2]);
    }
}
