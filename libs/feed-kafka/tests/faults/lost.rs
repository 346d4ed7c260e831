//! Records of decisions that do not reach the store, or not as what they are: each of them is counted.

use std::sync::atomic::Ordering;
use std::time::Instant;

use rdkafka::admin::AdminOptions;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::producer::{FutureProducer, FutureRecord};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};
use trilby_eventlog::shard::SHARDS;
use trilby_eventlog::{ActivityFilter, ActivitySink as _, EventLog as _};
use trilby_eventlog_postgres::Role;
use trilby_feed_kafka::DecisionRecords;
use trilby_testkit::metrics::Measured;
use trilby_testkit::simulation::Run;

use crate::decisions::{record, sender, sink, stored};
use crate::support::common::account;
use crate::support::{Database, PATIENCE, Running, Topics, append, relaying, until};

const STORED: &str = "trilby_relay_decisions_total";
const PASSED_OVER: &str = "trilby_relay_decisions_passed_over_total";
const LOST: &str = "trilby_relay_decisions_lost_total";
const AGE: &str = "trilby_relay_decisions_age_seconds";

/// A store with one log, and topics that a relay has made.
pub async fn stage() -> (Database, Topics, DecisionRecords) {
    let topics = Topics::new();
    stage_at(topics).await
}

pub async fn stage_at(topics: Topics) -> (Database, Topics, DecisionRecords) {
    let database = Database::new();
    let relay = Running::start(relaying(&database).await, &topics.0).await;
    relay.stop().await;
    append(&database.open(Role::Identity).await, 1, 1).await;
    let sender = sender(&database, &topics).await;
    (database, topics, sender)
}

/// Those of these numbers, each by itself, so that they are spread over the partitions.
pub async fn send(sender: &DecisionRecords, numbers: std::ops::Range<usize>) {
    for n in numbers {
        sender.hand_over(vec![record(n, 1)]).await.unwrap();
    }
}

fn group(topics: &Topics) -> String {
    format!("{}-decision-sink", topics.0.topic_prefix)
}

/// How many places of the topic the sinks have noted.
pub async fn noted(topics: &Topics) -> i64 {
    let (group, brokers) = (group(topics), topics.0.brokers.clone());
    let [_, _, topic] = topics.names();
    let ask = move || {
        let mut config = ClientConfig::new();
        config
            .set("bootstrap.servers", brokers)
            .set("group.id", group);
        let consumer: BaseConsumer = config.create().unwrap();
        let mut asked = TopicPartitionList::new();
        for partition in 0..i32::from(SHARDS) {
            asked.add_partition(&topic, partition);
        }
        // A broker that was started a moment ago does not know yet.
        let Ok(found) = consumer.committed_offsets(asked, PATIENCE) else {
            return 0;
        };
        let places = found.elements();
        let places = places.iter().map(|one| match one.offset() {
            Offset::Offset(offset) => offset,
            _ => 0,
        });
        places.sum()
    };
    tokio::task::spawn_blocking(ask).await.unwrap()
}

/// Deletes all that is in the topic of decisions.
async fn throw_away(topics: &Topics) {
    let [_, _, topic] = topics.names();
    let mut all = TopicPartitionList::new();
    for partition in 0..i32::from(SHARDS) {
        all.add_partition_offset(&topic, partition, Offset::End)
            .unwrap();
    }
    let patience = AdminOptions::new().operation_timeout(Some(PATIENCE));
    let thrown = topics.admin().delete_records(&all, &patience).await;
    let thrown = thrown.unwrap();
    assert!(thrown.elements().iter().all(|one| one.error().is_ok()));
}

#[tokio::test]
#[ignore = "needs services"]
async fn a_record_under_a_known_id_hides_none_and_is_counted() {
    let measured = Measured::new();
    let (database, topics, sender) = stage().await;
    let _sinking = sink(database.open(Role::Relay).await, &topics.0, false).await;
    let first = record(1, 1);
    sender.hand_over(vec![first.clone()]).await.unwrap();
    until(|| async { measured.counter(STORED) == 1 }).await;
    let mut forged = first.clone();
    forged.body = br#"{"forged": true}"#.to_vec();
    sender.hand_over(vec![forged.clone()]).await.unwrap();
    // The same again is none.
    sender.hand_over(vec![first.clone()]).await.unwrap();
    until(|| async { measured.counter("trilby_relay_decisions_repeated_total") == 1 }).await;
    until(|| async { measured.counter(PASSED_OVER) == 1 }).await;
    let reader = database.open(Role::Decision).await;
    let (log, all) = (account(1), ActivityFilter::default());
    let found = reader.activity_list(&log, &all, 9).await.unwrap();
    let found: Vec<_> = found.into_iter().map(|one| one.activity).collect();
    assert_eq!(found, [first]);
    assert_eq!(measured.counter(LOST), 0);
}

/// F8: retention has passed the place where the sinks are.
#[tokio::test]
#[ignore = "needs services"]
async fn what_kafka_deletes_before_it_is_stored_is_counted_and_the_rest_is_stored() {
    let run = Run::of("F8");
    let measured = Measured::new();
    let (database, topics, sender) = stage().await;
    let sinking = sink(database.open(Role::Relay).await, &topics.0, false).await;
    send(&sender, 0..100).await;
    until(|| async { noted(&topics).await == 100 }).await;
    // Nobody reads these in time; in some of the partitions nothing comes afterwards.
    drop(sinking);
    send(&sender, 100..150).await;
    throw_away(&topics).await;
    send(&sender, 150..160).await;
    assert_eq!(measured.counter(LOST), 0);
    let sinking = sink(database.open(Role::Relay).await, &topics.0, false).await;
    until(|| async { stored(&database, 1).await.len() == 110 }).await;
    until(|| async { measured.counter(LOST) == 50 }).await;
    // Whoever reads on counts none of them again.
    until(|| async { noted(&topics).await == 160 }).await;
    drop(sinking);
    let _sinking = sink(database.open(Role::Relay).await, &topics.0, false).await;
    send(&sender, 160..260).await;
    until(|| async { stored(&database, 1).await.len() == 210 }).await;
    assert_eq!(measured.counter(LOST), 50);
    run.tell(&[("records_lost_and_counted", 50)]);
}

/// As while a sink reads, and is too slow.
#[tokio::test]
#[ignore = "needs services"]
async fn what_kafka_deletes_under_a_sink_is_counted() {
    let measured = Measured::new();
    let (database, topics, sender) = stage().await;
    let sinking = sink(database.open(Role::Relay).await, &topics.0, false).await;
    send(&sender, 0..50).await;
    until(|| async { noted(&topics).await == 50 }).await;
    sinking.keeper.is_away.store(true, Ordering::SeqCst);
    send(&sender, 50..51).await;
    until(|| async { measured.gauge(AGE) > 0.5 }).await;
    // More than it takes into memory while it is stuck.
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", &topics.0.brokers);
    let raw: FutureProducer = config.create().unwrap();
    let [_, _, topic] = topics.names();
    let large = vec![0; 900_000];
    let n_records = 60;
    for _ in 0..n_records {
        let garbage = FutureRecord::<(), [u8]>::to(&topic)
            .partition(0)
            .payload(&large);
        raw.send(garbage, PATIENCE).await.unwrap();
    }
    send(&sender, 51..60).await;
    throw_away(&topics).await;
    send(&sender, 60..70).await;
    sinking.keeper.is_away.store(false, Ordering::SeqCst);
    until(|| async { stored(&database, 1).await.contains_key("decision-69") }).await;
    until(|| async { noted(&topics).await == 50 + n_records + 20 }).await;
    let n_stored = u64::try_from(stored(&database, 1).await.len()).unwrap();
    let (n_lost, n_passed_over) = (measured.counter(LOST), measured.counter(PASSED_OVER));
    println!("{n_stored} stored, {n_passed_over} passed over, {n_lost} lost");
    let all = u64::try_from(50 + n_records + 20).unwrap();
    assert_eq!(n_stored + n_passed_over + n_lost, all);
    assert!(n_lost > 0);
}

/// What docs/operating.md says of a store that was restored: its records since the backup are still in the topic.
#[tokio::test]
#[ignore = "needs services"]
async fn after_a_restore_a_group_without_positions_stores_again_what_was_lost() {
    let (database, topics, sender) = stage().await;
    let sinking = sink(database.open(Role::Relay).await, &topics.0, false).await;
    send(&sender, 0..100).await;
    until(|| async { noted(&topics).await == 100 }).await;
    drop(sinking);
    let restore = "truncate activity, activity_id, activity_segment";
    let client = database.client().await;
    client.batch_execute(restore).await.unwrap();
    // The control: it goes on where it was.
    let sinking = sink(database.open(Role::Relay).await, &topics.0, false).await;
    send(&sender, 100..101).await;
    until(|| async { noted(&topics).await == 101 }).await;
    assert_eq!(stored(&database, 1).await.len(), 1);
    drop(sinking);
    let group = group(&topics);
    let deleted = || async {
        let options = AdminOptions::new();
        let admin = topics.admin();
        let deleted = admin.delete_groups(&[&group], &options).await.unwrap();
        // Not as long as it has a member.
        deleted.iter().all(Result::is_ok)
    };
    until(deleted).await;
    let _sinking = sink(database.open(Role::Relay).await, &topics.0, false).await;
    until(|| async { stored(&database, 1).await.len() == 101 }).await;
}

#[tokio::test]
#[ignore = "needs services"]
async fn the_age_of_what_waits_grows_as_long_as_it_does() {
    let measured = Measured::new();
    let (database, topics, sender) = stage().await;
    let sinking = sink(database.open(Role::Relay).await, &topics.0, false).await;
    send(&sender, 0..1).await;
    until(|| async { noted(&topics).await == 1 }).await;
    sinking.keeper.is_away.store(true, Ordering::SeqCst);
    send(&sender, 1..2).await;
    let begun = Instant::now();
    let mut before = 0.0;
    for _ in 0..4 {
        until(|| async { measured.gauge(AGE) > before + 0.4 }).await;
        before = measured.gauge(AGE);
    }
    // No older than what waits, but for what the clock of the record is behind.
    assert!(before < begun.elapsed().as_secs_f64() + 1.0, "{before}");
    sinking.keeper.is_away.store(false, Ordering::SeqCst);
    until(|| async { stored(&database, 1).await.len() == 2 }).await;
    until(|| async { measured.gauge(AGE) == 0.0 }).await;
    // What cannot be read waits, too.
    topics.delete().await;
    for n in 1..4 {
        until(|| async { measured.gauge(AGE) > f64::from(n) * 0.4 }).await;
    }
}
