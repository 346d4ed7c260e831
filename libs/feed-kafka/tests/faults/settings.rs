//! Topics as whoever made them has left them, and those that nobody made.

use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::admin::{AdminOptions, AlterConfig, NewTopic, ResourceSpecifier, TopicReplication};
use rdkafka::producer::{FutureProducer, FutureRecord, Producer as _};
use trilby_cluster::kafka::Broker;
use trilby_eventlog::shard::SHARDS;
use trilby_eventlog::{ActivitySink as _, Feed as _};
use trilby_eventlog_postgres::Role;
use trilby_feed_kafka::Pace;

use crate::decisions::{record, sender, sink};
use crate::lines::Lines;
use crate::support::{Database, PATIENCE, Running, Topics, append, hearing, relaying, until};

/// What a relay that is started says of topics that are not as it makes them.
async fn told_at_start(database: &Database, topics: &Topics) -> Vec<String> {
    let lines = Lines::of_this_thread();
    let relay = Running::start(relaying(database).await, &topics.0).await;
    let told = lines.with("is not as the relay makes it");
    relay.stop().await;
    told
}

/// Gives a topic these settings and no others, and waits until the broker says so.
async fn alter(topics: &Topics, name: &str, settings: &[(&str, &str)]) {
    let (admin, options) = (topics.admin(), AdminOptions::new());
    let topic = ResourceSpecifier::Topic(name);
    let all = settings.iter();
    let alter = all.fold(AlterConfig::new(topic), |alter, (key, value)| {
        alter.set(key, value)
    });
    let altered = admin.alter_configs([&alter], &options).await;
    assert!(altered.unwrap().iter().all(Result::is_ok));
    let is_altered = || async {
        let found = admin.describe_configs([&topic], &options).await.unwrap();
        let found = found.into_iter().next().unwrap().unwrap();
        let is = |key: &str, value: &str| {
            let entry = found.get(key).and_then(|entry| entry.value.as_deref());
            entry == Some(value)
        };
        settings.iter().all(|(key, value)| is(key, value))
    };
    until(is_altered).await;
}

#[tokio::test]
#[ignore = "needs services"]
async fn a_relay_tells_which_topics_are_not_as_it_makes_them_and_how_to_change_that() {
    let (database, topics) = (Database::new(), Topics::new());
    let [log, revocations, decisions] = topics.names();
    let copies = TopicReplication::Fixed(1);
    let new = NewTopic::new(&decisions, i32::from(SHARDS), copies);
    let new = new
        .set("retention.ms", "1000000")
        .set("max.message.bytes", "20000");
    let admin = topics.admin();
    let made = admin.create_topics(&[new], &AdminOptions::new()).await;
    assert!(made.unwrap().iter().all(Result::is_ok));

    let lines = told_at_start(&database, &topics).await;
    let [line] = lines.as_slice() else {
        panic!("{lines:?}");
    };
    let settings = "max.message.bytes=1048588";
    let command = format!(
        "kafka-configs.sh --bootstrap-server {} --alter --entity-type topics --entity-name {decisions} \
         --add-config retention.ms=604800000,compression.type=uncompressed,{settings}",
        topics.0.brokers
    );
    assert!(line.contains(&command), "{line}");
    assert!(
        line.contains("compression.type is producer and should be uncompressed"),
        "{line}"
    );

    // Who does as it says is told nothing any more; the other topics were made by a relay.
    let as_told = [
        ("retention.ms", "604800000"),
        ("compression.type", "uncompressed"),
        ("max.message.bytes", "1048588"),
    ];
    alter(&topics, &decisions, &as_told).await;
    assert_eq!(
        told_at_start(&database, &topics).await,
        Vec::<String>::new()
    );

    // One line for each topic.
    for name in [&log, &revocations] {
        alter(&topics, name, &[("retention.ms", "5000000")]).await;
    }
    let lines = told_at_start(&database, &topics).await;
    assert_eq!(lines.len(), 2, "{lines:?}");
    let list = "cleanup.policy=[compact,delete],retention.ms=43800000";
    assert!(lines.iter().any(|line| line.contains(list)), "{lines:?}");
}

#[tokio::test]
#[ignore = "needs services"]
async fn topics_are_made_with_their_settings() {
    let (database, topics) = (Database::new(), Topics::new());
    let relay = Running::start(relaying(&database).await, &topics.0).await;
    relay.stop().await;
    let names = topics.names();
    let asked: Vec<_> = names
        .iter()
        .map(|name| ResourceSpecifier::Topic(name))
        .collect();
    let admin = topics.admin();
    let found = admin.describe_configs(&asked, &AdminOptions::new()).await;
    let found = found.unwrap();
    let wanted = [
        ["delete", "604800000"],
        ["compact,delete", "43800000"],
        ["delete", "604800000"],
    ];
    for (found, wanted) in found.into_iter().zip(wanted) {
        let found = found.unwrap();
        let value = |key| found.get(key).and_then(|entry| entry.value.as_deref());
        let is = ["cleanup.policy", "retention.ms"].map(|key| value(key).unwrap());
        assert_eq!(is, wanted, "{:?}", found.specifier);
    }
}

/// Where the brokers make whatever topic is asked for, nobody of ours has one made so: it would have other partitions.
#[tokio::test]
#[ignore = "needs services"]
async fn nobody_but_the_relay_makes_topics() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_owned();
    let started = tokio::task::spawn_blocking(move || {
        let mut broker = Broker::start(&path).unwrap();
        broker.stop().unwrap();
        let properties = path.join("server.properties");
        let settings = std::fs::read_to_string(&properties).unwrap();
        let settings = format!("{settings}\nauto.create.topics.enable=true\nnum.partitions=3\n");
        std::fs::write(&properties, settings).unwrap();
        broker.restart().unwrap();
        broker
    });
    let mut broker = started.await.unwrap();
    let (database, topics) = (Database::new(), Topics::at(&broker.address().to_string()));
    append(&database.open(Role::Identity).await, 1, 1).await;

    // Each has asked for its topic, and goes on asking.
    let feed = hearing(&database, &topics, Pace::AtOnce).await;
    let _receiver = feed.subscribe().await.unwrap();
    let _sinking = sink(database.open(Role::Relay).await, &topics.0, false).await;
    let sender = sender(&database, &topics).await;
    let handed_over = sender.hand_over(vec![record(1, 1)]);
    let waited = tokio::time::timeout(Duration::from_secs(5), handed_over).await;
    assert!(waited.is_err(), "nobody has taken it");

    // The control: a client as it is by itself has one made.
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", &topics.0.brokers);
    let other: FutureProducer = config.create().unwrap();
    let record = FutureRecord::<(), [u8]>::to("made-by-asking").payload(b"");
    other.send(record, PATIENCE).await.unwrap();
    let all = tokio::task::spawn_blocking(move || {
        let metadata = other.client().fetch_metadata(None, PATIENCE).unwrap();
        let topics = metadata.topics().iter();
        topics
            .map(|topic| topic.name().to_owned())
            .collect::<Vec<_>>()
    });
    let all = all.await.unwrap();
    assert!(all.iter().any(|name| name == "made-by-asking"), "{all:?}");
    let ours = topics.names();
    assert!(!all.iter().any(|name| ours.contains(name)), "{all:?}");

    // And the relay's are as they must be.
    let relay = Running::start(relaying(&database).await, &topics.0).await;
    relay.stop().await;
    drop(topics);
    broker.kill().unwrap();
}
