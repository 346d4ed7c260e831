//! Faults that a real broker has seldom: the client library's own brokers in memory, which refuse what they are told to.

use std::mem::ManuallyDrop;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use rdkafka::mocking::MockCluster;
use rdkafka::producer::DefaultProducerContext;
use rdkafka::types::{RDKafkaApiKey, RDKafkaRespErr};
use trilby_eventlog::shard::{self, SHARDS};
use trilby_eventlog::{ActivitySink as _, Head};
use trilby_feed_kafka::{DecisionRecords, Error};
use trilby_testkit::metrics::Measured;

use crate::LOGS;
use crate::decisions::record;
use crate::lines::Lines;
use crate::outbox::Outbox;
use crate::support::common::account;
use crate::support::fold::Fold;
use crate::support::{Running, Topics, headers, told, until};

const FAILURES: &str = "trilby_relay_failures_total";
/// A record is given up after that.
const PATIENCE: Duration = Duration::from_secs(1);
const ALL_BROKERS: i32 = -1;
/// Leads the partition of the first log, and nothing else.
const BROKER_OF_FIRST: i32 = 3;

/// A relay of a store in memory to brokers in memory.
struct Stage {
    measured: Measured,
    cluster: MockCluster<'static, DefaultProducerContext>,
    /// They go with their brokers, who know no other way to delete them.
    topics: ManuallyDrop<Topics>,
    outbox: Arc<Outbox>,
    relay: Running,
}

fn brokers(n_partitions: u16) -> (MockCluster<'static, DefaultProducerContext>, Topics) {
    let cluster = MockCluster::new(3).unwrap();
    let topics = Topics::at(&cluster.bootstrap_servers());
    for name in topics.names() {
        let partitions = i32::from(n_partitions);
        cluster.create_topic(&name, partitions, 3).unwrap();
        for partition in 0..partitions {
            let is_of_first = partition == i32::from(shard::of(&account(1)));
            let leader = if is_of_first { BROKER_OF_FIRST } else { 1 };
            let led = cluster.partition_leader(&name, partition, Some(leader));
            led.unwrap();
        }
    }
    (cluster, topics)
}

impl Stage {
    /// One that has told some commits.
    async fn new() -> Self {
        Self::with(Some(PATIENCE)).await
    }

    /// The same, whose relay holds records as long as relays do.
    async fn patient() -> Self {
        Self::with(None).await
    }

    async fn with(patience: Option<Duration>) -> Self {
        let measured = Measured::new();
        let (cluster, topics) = brokers(SHARDS);
        let outbox = Arc::new(Outbox::new());
        let relay = Running::try_start(outbox.clone(), &topics.0, patience).await;
        let stage = Self {
            measured,
            cluster,
            topics: ManuallyDrop::new(topics),
            outbox,
            relay: relay.unwrap(),
        };
        stage.write(1).await;
        stage.is_through().await;
        assert_eq!(stage.n_failures(), 0);
        stage
    }

    /// Commits in each log; where it ends.
    async fn write(&self, n_each: u64) -> Vec<Head> {
        let mut heads = Vec::new();
        for log in 1..=LOGS {
            for n in 1..=n_each {
                let head = self.outbox.write(log, 1 + n % 3).await;
                if n == n_each {
                    heads.push(head);
                }
            }
        }
        heads
    }

    async fn is_through(&self) {
        until(|| async { self.outbox.n_waiting() == 0 && self.relay.state.ready().is_ok() }).await;
    }

    fn n_failures(&self) -> u64 {
        self.measured.counter(FAILURES)
    }

    /// The next requests to tell something are answered so.
    fn refuse(&self, with: &[RDKafkaRespErr]) {
        self.cluster.request_errors(RDKafkaApiKey::Produce, with);
    }

    /// Ends it: everything was told, each log in its order, up to these.
    async fn whole(self, heads: &[Head], n_commits: u64) -> Fold {
        let fold = told(&self.topics).await;
        self.relay.stop().await;
        assert_eq!(fold.n_holes, 0, "{fold:?}");
        assert!(fold.is_at(heads), "{fold:?}");
        let n_all = usize::try_from(LOGS * n_commits).unwrap();
        assert_eq!(fold.n_commits(), n_all);
        fold
    }
}

/// What passes is the client library's to repeat.
#[tokio::test]
async fn brokers_that_lack_copies_for_a_while_are_told_in_the_end_and_once() {
    let stage = Stage::new().await;
    let lack = RDKafkaRespErr::RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS;
    stage.refuse(&[lack; 8]);
    let heads = stage.write(20).await;
    stage.is_through().await;
    assert_eq!(stage.n_failures(), 0);
    let fold = stage.whole(&heads, 21).await;
    assert_eq!(fold.n_twice, 0);
}

/// A record that is lost stops its shard; what it had to tell is read again, and told by another producer.
#[tokio::test]
async fn what_is_refused_for_good_is_told_again_in_its_order() {
    let stage = Stage::new().await;
    let forbidden = RDKafkaRespErr::RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED;
    let mut heads = Vec::new();
    for n in 0..3 {
        stage.refuse(&[forbidden; 4]);
        heads = stage.write(10).await;
        until(|| async { stage.n_failures() > n }).await;
        stage.is_through().await;
    }
    assert!(stage.n_failures() >= 3);
    stage.whole(&heads, 31).await;
}

/// The library takes no more records after an error of this kind: only another producer helps.
#[tokio::test]
async fn a_producer_that_is_out_of_order_for_good_is_replaced() {
    let stage = Stage::new().await;
    let fatal = RDKafkaRespErr::RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER;
    stage.refuse(&[fatal; 2]);
    let heads = stage.write(10).await;
    until(|| async { stage.n_failures() > 0 }).await;
    stage.is_through().await;
    stage.whole(&heads, 11).await;
}

#[tokio::test]
async fn what_was_given_up_while_all_brokers_were_away_is_told_when_they_are_back() {
    let stage = Stage::new().await;
    stage.cluster.broker_down(ALL_BROKERS).unwrap();
    let heads = stage.write(10).await;
    until(|| async { stage.n_failures() > 2 }).await;
    assert!(stage.relay.state.ready().is_err());
    assert_eq!(stage.outbox.n_waiting(), 40);
    stage.cluster.broker_up(ALL_BROKERS).unwrap();
    stage.is_through().await;
    stage.whole(&heads, 11).await;
}

/// What a relay had read waits for brokers that are away, and is of a past that is over when they come back.
#[tokio::test]
async fn what_waited_for_brokers_when_the_store_was_taken_back_is_never_told() {
    let stage = Stage::patient().await;
    stage.cluster.broker_down(ALL_BROKERS).unwrap();
    let lost = stage.write(10).await;
    // Read, and handed to the client library.
    tokio::time::sleep(Duration::from_millis(500)).await;
    stage.outbox.take_back();
    // Leases are renewed each second.
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    assert!(!stage.outbox.is_checked());
    stage.cluster.broker_up(ALL_BROKERS).unwrap();
    until(|| async { stage.outbox.is_checked() }).await;
    let heads = stage.write(1).await;
    stage.is_through().await;
    let told = headers(&stage.topics, 0, "hash").await;
    stage.relay.stop().await;
    let is_told = |head: &Head| told.contains(&Some(head.hash.to_string()));
    assert!(heads.iter().all(is_told), "{told:?}");
    assert!(!lost.iter().any(is_told));
    assert_eq!(told.len(), 2 * heads.len(), "those of before, and these");
}

/// A partition whose broker does not answer holds up no other: theirs are forgotten meanwhile.
#[tokio::test]
async fn a_partition_whose_broker_is_away_holds_up_no_other() {
    let stage = Stage::patient().await;
    stage.cluster.broker_down(BROKER_OF_FIRST).unwrap();
    let heads = stage.write(3).await;
    until(|| async { stage.outbox.n_waiting() == 3 }).await;
    let more = stage.write(3).await;
    until(|| async { stage.outbox.n_waiting() == 6 }).await;
    assert!(
        heads
            .iter()
            .zip(&more)
            .all(|(one, next)| one.seq < next.seq)
    );
    stage.cluster.broker_up(BROKER_OF_FIRST).unwrap();
    stage.is_through().await;
    stage.whole(&more, 7).await;
}

/// Brokers whose answers come after a record was given up, though they have it.
#[tokio::test]
async fn what_arrived_and_was_answered_too_late_is_told_twice_and_in_its_order() {
    let stage = Stage::new().await;
    stage
        .cluster
        .broker_round_trip_time(ALL_BROKERS, PATIENCE * 3)
        .unwrap();
    let heads = stage.write(10).await;
    until(|| async { stage.n_failures() > 0 }).await;
    stage
        .cluster
        .broker_round_trip_time(ALL_BROKERS, Duration::ZERO)
        .unwrap();
    stage.is_through().await;
    let fold = stage.whole(&heads, 11).await;
    // The control: they had it.
    assert!(fold.n_twice > 0, "nothing is shown");
}

#[tokio::test]
async fn a_relay_whose_store_is_away_is_not_ready_until_it_is_back() {
    let stage = Stage::new().await;
    stage.outbox.is_away.store(true, Ordering::SeqCst);
    until(|| async { stage.relay.state.ready().is_err() }).await;
    let told = stage.relay.state.ready().unwrap_err();
    assert!(told.contains("the store"), "{told}");
    stage.outbox.is_away.store(false, Ordering::SeqCst);
    stage.is_through().await;
    stage.relay.stop().await;
}

/// These brokers make no topics: whoever asked for that would be refused.
#[tokio::test]
async fn topics_that_are_there_are_not_asked_to_be_made() {
    let (_cluster, topics) = brokers(SHARDS);
    let topics = ManuallyDrop::new(topics);
    let relay = Running::start(Arc::new(Outbox::new()), &topics.0).await;
    until(|| async { relay.state.ready().is_ok() }).await;
    relay.stop().await;
}

#[tokio::test]
async fn a_topic_with_another_number_of_partitions_is_refused() {
    let (_cluster, topics) = brokers(SHARDS - 1);
    let topics = ManuallyDrop::new(topics);
    let started = Running::try_start(Arc::new(Outbox::new()), &topics.0, None).await;
    let Err(Error::Partitions {
        topic,
        found,
        wanted,
    }) = started
    else {
        panic!("it is not refused");
    };
    assert_eq!((found, wanted), (usize::from(SHARDS) - 1, SHARDS));
    assert_eq!(topic, topics.names()[0]);
}

/// However often they are sent in vain.
#[tokio::test]
async fn records_of_decisions_are_held_as_long_as_the_brokers_are_away() {
    let lines = Lines::of_this_thread();
    let (cluster, topics) = brokers(SHARDS);
    let topics = ManuallyDrop::new(topics);
    let patience = Duration::from_millis(200);
    let sender = DecisionRecords::start_patiently(&topics.0, [7; 16], patience).unwrap();
    cluster.broker_down(ALL_BROKERS).unwrap();
    let records = (0..3).map(|n| record(n, 1)).collect();
    let mut handing_over = std::pin::pin!(sender.hand_over(records));
    let tries = tokio::time::timeout(Duration::from_secs(5), &mut handing_over).await;
    assert!(tries.is_err(), "{tries:?}");
    assert_eq!(lines.with("records of decisions wait").len(), 1);
    cluster.broker_up(ALL_BROKERS).unwrap();
    handing_over.await.unwrap();
    assert_eq!(lines.with("takes records of decisions again").len(), 1);
    let mut ids = headers(&topics, 2, "ce_id").await;
    ids.sort();
    ids.dedup();
    let all = ["decision-0", "decision-1", "decision-2"].map(|id| Some(id.to_owned()));
    assert_eq!(ids, all);
}
