//! What the tests of this crate share: a topic prefix of each test's own, a relay over a real store, what is heard.

#![allow(dead_code, reason = "each test file uses its part")]

#[path = "../../../eventlog-postgres/tests/postgres/support/common.rs"]
pub mod common;
pub mod fold;

use std::collections::{BTreeMap, BTreeSet};
use std::panic::Location;
use std::sync::Arc;
use std::time::{Duration, Instant};

pub use common::{Database, append};
use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::message::{BorrowedMessage, Headers as _, Message as _, OwnedMessage};
use rdkafka::{Offset, TopicPartitionList};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use trilby_eventlog::shard::SHARDS;
use trilby_eventlog::{
    Channel, Commit, FeedMessage, FeedReceiver, NewRevocation, RelayStore, RevocationKind,
};
use trilby_eventlog_postgres::{Relaying, Role};
use trilby_feed_kafka::record::{Told, decode};
use trilby_feed_kafka::{Error, KafkaFeed, Options, Pace, Relay, State};

use fold::Fold;

/// Where the broker is.
const ADDRESS: &str = "TRILBY_TEST_KAFKA";

/// Longest that anything may take.
pub const PATIENCE: Duration = Duration::from_secs(120);

pub fn broker() -> String {
    std::env::var(ADDRESS)
        .unwrap_or_else(|_| panic!("{ADDRESS} is not set: `cargo xtask services up` tells it"))
}

/// Topics of a test's own, which go with it.
pub struct Topics(pub Options);

impl Topics {
    pub fn new() -> Self {
        let lines = std::env::var("RUST_LOG").unwrap_or_else(|_| "off".to_owned());
        tracing_subscriber::fmt()
            .with_env_filter(lines)
            .with_test_writer()
            .try_init()
            .ok();
        Self::at(&broker())
    }

    pub fn at(brokers: &str) -> Self {
        let mut random = [0; 6];
        getrandom::fill(&mut random).unwrap();
        let name: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
        Self(Options::plain(brokers, &format!("test-{name}")))
    }

    pub fn admin(&self) -> AdminClient<DefaultClientContext> {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", &self.0.brokers);
        config.create().unwrap()
    }

    pub fn names(&self) -> [String; 3] {
        ["log", "revocations", "decisions"].map(|name| format!("{}.{name}", self.0.topic_prefix))
    }

    /// Deletes them, and waits until they are gone.
    pub async fn delete(&self) {
        let names = self.names();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let admin = self.admin();
        let patience = AdminOptions::new().operation_timeout(Some(PATIENCE));
        admin.delete_topics(&names, &patience).await.unwrap();
    }
}

impl Drop for Topics {
    fn drop(&mut self) {
        let (names, admin) = (self.names(), self.admin());
        let gone = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            // Left behind, they only take room.
            drop(runtime.block_on(admin.delete_topics(&names, &AdminOptions::new())));
        });
        gone.join().ok();
    }
}

/// A relay at work.
pub struct Running {
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
    pub state: Arc<State>,
}

impl Running {
    pub async fn start(store: Arc<dyn RelayStore>, options: &Options) -> Self {
        Self::try_start(store, options, None).await.unwrap()
    }

    /// The same, giving up a record after another time than relays do.
    pub async fn try_start(
        store: Arc<dyn RelayStore>,
        options: &Options,
        patience: Option<Duration>,
    ) -> Result<Self, Error> {
        let mut id = [0; 16];
        getrandom::fill(&mut id).unwrap();
        let state = Arc::new(State::default());
        let (of, told) = (options.clone(), Arc::clone(&state));
        let relay = match patience {
            None => Relay::prepare(store, of, id, told).await?,
            Some(patience) => Relay::prepare_patiently(store, of, id, told, patience).await?,
        };
        let (stop, stopped) = oneshot::channel::<()>();
        let task = tokio::spawn(relay.run(async {
            stopped.await.ok();
        }));
        Ok(Self { stop, task, state })
    }

    pub async fn stop(self) {
        self.stop.send(()).ok();
        self.task.await.unwrap();
    }
}

/// That a session ended, by an event of this commit.
pub fn ended_by(commit: &Commit, id_hash: [u8; 16], event: usize) -> NewRevocation {
    NewRevocation {
        log: commit.entries[0].log.clone(),
        kind: RevocationKind::Session,
        id_hash,
        before: None,
        event,
    }
}

pub async fn relaying(database: &Database) -> Arc<Relaying> {
    Arc::new(
        Relaying::open(&database.options(Role::Relay))
            .await
            .unwrap(),
    )
}

/// The id of a test's store. Those that come from one template have one, as a store and its copy have.
pub async fn store_id(database: &Database) -> [u8; 16] {
    let client = database.client().await;
    let found = client.query_one("select store_id from store_meta", &[]);
    let id: Vec<u8> = found.await.unwrap().get(0);
    id.try_into().unwrap()
}

/// A feed for whoever reads that store.
pub async fn hearing(database: &Database, topics: &Topics, pace: Pace) -> KafkaFeed {
    KafkaFeed::start(topics.0.clone(), pace, store_id(database).await).unwrap()
}

/// Hears until enough was heard.
pub async fn heard(receiver: &mut FeedReceiver, mut enough: impl FnMut(&FeedMessage) -> bool) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let message = tokio::time::timeout(left, receiver.recv()).await;
        let message = message
            .expect("it was heard in time")
            .expect("the feed goes on");
        if enough(&message) {
            return;
        }
    }
}

/// Polls until a condition holds.
#[track_caller]
pub fn until<F: Future<Output = bool>>(mut holds: impl FnMut() -> F) -> impl Future<Output = ()> {
    let caller = Location::caller();
    async move {
        let deadline = Instant::now() + PATIENCE;
        while !holds().await {
            assert!(
                Instant::now() < deadline,
                "it did not come to that in time: {caller}"
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

/// Hears until every partition of both channels has spoken: from then on nothing that is told is missed.
pub async fn positioned(receiver: &mut FeedReceiver) {
    let mut silent: BTreeSet<_> = (0..SHARDS)
        .flat_map(|shard| [(shard, true), (shard, false)])
        .collect();
    heard(receiver, |message| {
        if let FeedMessage::Heartbeat(beat) = message {
            silent.remove(&(beat.partition, beat.channel == Channel::Commits));
        }
        silent.is_empty()
    })
    .await;
}

/// What the topic of commits holds, from its beginning to its end, as somebody makes of it who asks the store nothing.
pub async fn told(topics: &Topics) -> Fold {
    let (brokers, [topic, ..]) = (topics.0.brokers.clone(), topics.names());
    let read = move || read_whole(&brokers, &topic);
    tokio::task::spawn_blocking(read).await.unwrap()
}

fn read_whole(brokers: &str, topic: &str) -> Fold {
    let mut fold = Fold::that_may_rewind();
    each(brokers, topic, |header, message| {
        let value = message.payload().unwrap_or_default();
        let of = std::str::from_utf8(header("ce_source").unwrap()).unwrap();
        match decode(of, Channel::Commits, header, value).unwrap() {
            Told::Commit(commit) => fold.commit(&commit),
            Told::Rewound(place, _) => fold.rewind(&place.log, place.seq, place.hash),
            _ => {}
        }
    });
    assert_eq!(fold.n_other_pasts, 0, "another past");
    fold
}

/// A header of each record that the topic of that number holds but heartbeats, if it has it.
pub async fn headers(topics: &Topics, topic: usize, name: &'static str) -> Vec<Option<String>> {
    let (brokers, topic) = (topics.0.brokers.clone(), topics.names()[topic].clone());
    let read = move || {
        let mut found = Vec::new();
        each(&brokers, &topic, |header, message| {
            let text = |value: &[u8]| String::from_utf8(value.to_vec()).unwrap();
            if message.key() != Some(b"heartbeat") {
                found.push(header(name).map(text));
            }
        });
        found
    };
    tokio::task::spawn_blocking(read).await.unwrap()
}

/// Every record of the topic of commits, of each partition in its order.
pub async fn records(topics: &Topics) -> Vec<OwnedMessage> {
    let (brokers, [topic, ..]) = (topics.0.brokers.clone(), topics.names());
    let read = move || {
        let mut found = Vec::new();
        each(&brokers, &topic, |_, message| found.push(message.detach()));
        found
    };
    tokio::task::spawn_blocking(read).await.unwrap()
}

type Header<'a> = &'a dyn Fn(&str) -> Option<&'a [u8]>;

/// Every record of a topic, from its beginning to its end.
fn each(brokers: &str, topic: &str, mut take: impl FnMut(Header<'_>, &BorrowedMessage<'_>)) {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", brokers);
    config
        .set("group.id", "whole")
        .set("enable.auto.commit", "false");
    let consumer: BaseConsumer = config.create().unwrap();
    let (mut places, mut left) = (TopicPartitionList::new(), BTreeMap::new());
    for partition in 0..i32::from(SHARDS) {
        let (first, end) = consumer
            .fetch_watermarks(topic, partition, PATIENCE)
            .unwrap();
        if first < end {
            let place = Offset::Offset(first);
            places
                .add_partition_offset(topic, partition, place)
                .unwrap();
            left.insert(partition, end);
        }
    }
    consumer.assign(&places).unwrap();
    while !left.is_empty() {
        let message = consumer.poll(PATIENCE).expect("there is more").unwrap();
        let headers = message.headers();
        let header = |name: &str| {
            let found = headers?.iter().find(|header| header.key == name);
            found.and_then(|header| header.value)
        };
        take(&header, &message);
        if left
            .get(&message.partition())
            .is_some_and(|end| message.offset() + 1 >= *end)
        {
            left.remove(&message.partition());
        }
    }
}
