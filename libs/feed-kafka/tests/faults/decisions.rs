//! Records of decisions, through a real broker into a real store.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use rdkafka::ClientConfig;
use rdkafka::producer::{FutureProducer, FutureRecord};
use tokio::task::JoinHandle;
use trilby_eventlog::{
    Activity, ActivityFilter, ActivityKeeper, ActivitySink as _, Error, EventLog as _, Kept,
};
use trilby_eventlog_postgres::{Postgres, Role};
use trilby_feed_kafka::{DecisionRecords, DecisionSink, Options};
use trilby_model::Timestamp;

use crate::CHILD;
use crate::broker_in;
use crate::child::sink_until_death;
use crate::support::common::account;
use crate::support::{Database, PATIENCE, Running, Topics, append, relaying, until};

pub const KIND: &str = "decision.made";
/// How long the broker is away: the library has much to say meanwhile.
const AWAY: Duration = Duration::from_secs(12);
/// A sink reads on so soon when the broker is back: its group may have to form anew, which takes ten seconds.
const AGAIN: Duration = Duration::from_secs(25);

pub fn accepts(activity: &Activity) -> bool {
    activity.kind == KIND
}

pub fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    i64::try_from(since.as_micros()).unwrap()
}

/// Of that number, in the log of that number.
pub fn record(n: usize, log: u64) -> Activity {
    Activity {
        log: account(log),
        at: Timestamp::from_micros(now()),
        kind: KIND.to_owned(),
        id: format!("decision-{n}"),
        body: b"{}".to_vec(),
    }
}

/// A keeper that counts what it was given.
pub struct Counting {
    pub store: Postgres,
    pub n_known: AtomicUsize,
    pub n_refused: AtomicUsize,
    /// It is away, and stores nothing.
    pub is_away: AtomicBool,
    /// It dies when it has stored something.
    pub dies: bool,
}

impl Counting {
    fn new(store: Postgres, dies: bool) -> Arc<Self> {
        Arc::new(Self {
            store,
            n_known: AtomicUsize::new(0),
            n_refused: AtomicUsize::new(0),
            is_away: AtomicBool::new(false),
            dies,
        })
    }
}

#[async_trait]
impl ActivityKeeper for Counting {
    async fn keep(&self, records: Vec<Activity>) -> Result<Kept, Error> {
        if self.is_away.load(Ordering::SeqCst) {
            return Err(Error::Unavailable("it is away".to_owned()));
        }
        let kept = self.store.keep(records).await?;
        if self.dies && kept.n_new > 0 {
            std::process::abort();
        }
        self.n_known.fetch_add(kept.n_known, Ordering::SeqCst);
        self.n_refused.fetch_add(kept.n_refused, Ordering::SeqCst);
        Ok(kept)
    }
}

pub struct Sinking {
    pub keeper: Arc<Counting>,
    task: JoinHandle<()>,
}

impl Drop for Sinking {
    fn drop(&mut self) {
        self.task.abort();
    }
}

pub async fn sink(store: Postgres, options: &Options, dies: bool) -> Sinking {
    let store_id = store.store_meta().await.unwrap().store_id;
    let keeper = Counting::new(store, dies);
    let sink = DecisionSink::new(options.clone(), keeper.clone(), store_id, accepts);
    Sinking {
        keeper,
        task: tokio::spawn(sink.run()),
    }
}

/// What a child does that is to die.
pub async fn die_storing(store: Postgres, options: Options) {
    let _sinking = sink(store, &options, true).await;
    tokio::time::sleep(PATIENCE).await;
}

/// How often each record is there.
pub async fn stored(database: &Database, log: u64) -> BTreeMap<String, usize> {
    let reader = database.open(Role::Decision).await;
    let all = ActivityFilter::default();
    let found = reader.activity_list(&account(log), &all, 10_000).await;
    let mut times = BTreeMap::new();
    for one in found.unwrap() {
        *times.entry(one.activity.id).or_default() += 1;
    }
    times
}

pub async fn sender(database: &Database, topics: &Topics) -> DecisionRecords {
    let reader = database.open(Role::Decision).await;
    let store_id = reader.store_meta().await.unwrap().store_id;
    DecisionRecords::start(&topics.0, store_id).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs services"]
async fn a_record_is_stored_once_though_its_sink_is_killed_before_it_has_noted_that() {
    let (database, topics) = (Database::new(), Topics::new());
    let relay = Running::start(relaying(&database).await, &topics.0).await;
    append(&database.open(Role::Identity).await, 1, 1).await;
    let sender = sender(&database, &topics).await;
    let n_records = 300;
    let records = (0..n_records).map(|n| record(n, 1)).collect();
    sender.hand_over(records).await.unwrap();
    sink_until_death(CHILD, &topics, &database);
    let before = stored(&database, 1).await.len();
    assert!(before > 0, "it died before it had stored anything");
    // One that comes again from whoever made it, not knowing that it had arrived.
    sender.hand_over(vec![record(0, 1)]).await.unwrap();
    let sinking = sink(database.open(Role::Relay).await, &topics.0, false).await;
    let last = record(n_records, 1);
    sender.hand_over(vec![last.clone()]).await.unwrap();
    until(|| async { stored(&database, 1).await.contains_key(&last.id) }).await;
    until(|| async { stored(&database, 1).await.len() == n_records + 1 }).await;
    assert!(stored(&database, 1).await.values().all(|times| *times == 1));
    // What the dead one had stored came again, so that this shows something.
    let n_known = sinking.keeper.n_known.load(Ordering::SeqCst);
    println!("{before} of {n_records} stored before, {n_known} came again");
    assert!(n_known >= before);
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs services"]
async fn two_sinks_share_the_work_and_one_that_ends_leaves_it_to_the_other() {
    let (database, topics) = (Database::new(), Topics::new());
    let relay = Running::start(relaying(&database).await, &topics.0).await;
    append(&database.open(Role::Identity).await, 1, 1).await;
    let sender = sender(&database, &topics).await;
    let one = sink(database.open(Role::Relay).await, &topics.0, false).await;
    let two = sink(database.open(Role::Relay).await, &topics.0, false).await;
    for n in 0..200 {
        sender.hand_over(vec![record(n, 1)]).await.unwrap();
        if n == 100 {
            one.task.abort();
        }
    }
    until(|| async { stored(&database, 1).await.len() == 200 }).await;
    assert!(stored(&database, 1).await.values().all(|times| *times == 1));
    drop(two);
    relay.stop().await;
}

/// Nothing that anybody can write into the topic keeps the sink from the records behind it.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs services"]
async fn garbage_is_passed_over() {
    let (database, topics) = (Database::new(), Topics::new());
    let relay = Running::start(relaying(&database).await, &topics.0).await;
    append(&database.open(Role::Identity).await, 1, 1).await;
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", &topics.0.brokers);
    let raw: FutureProducer = config.create().unwrap();
    let [_, _, decisions] = topics.names();
    // The brokers unpack it: packed, it is small enough.
    config
        .set("compression.type", "gzip")
        .set("message.max.bytes", "20000000");
    let packing: FutureProducer = config.create().unwrap();
    let bomb = vec![0; 10_000_000];
    let bomb = FutureRecord::<(), [u8]>::to(&decisions).payload(&bomb);
    let refused = packing.send(bomb, PATIENCE).await;
    assert!(refused.is_err(), "{refused:?}");
    let large = vec![0; 900_000];
    for partition in 0..48 {
        for value in [&b""[..], b"{}", &[1; 40], &large[..]] {
            let garbage = FutureRecord::<(), [u8]>::to(&decisions)
                .partition(partition)
                .payload(value);
            raw.send(garbage, PATIENCE).await.unwrap();
        }
    }
    let elsewhere = DecisionRecords::start(&topics.0, [9; 16]).unwrap();
    elsewhere.hand_over(vec![record(1, 1)]).await.unwrap();
    let sender = sender(&database, &topics).await;
    let with = |n, change: fn(&mut Activity)| {
        let mut record = record(n, 1);
        change(&mut record);
        record
    };
    let garbage = vec![
        record(2, 404),
        with(3, |record| record.kind = "session.issued".to_owned()),
        with(4, |record| record.at = Timestamp::from_micros(i64::MAX)),
        with(5, |record| record.at = Timestamp::from_micros(i64::MIN)),
        with(6, |record| record.at = Timestamp::from_micros(0)),
    ];
    sender.hand_over(garbage).await.unwrap();
    // What no store would take is told to whoever hands it over, who counts it.
    for record in [
        with(7, |record| record.id = String::new()),
        with(8, |record| record.body = vec![b' '; 64 * 1024 + 1]),
    ] {
        let refused = sender.hand_over(vec![record]).await;
        assert!(matches!(refused, Err(Error::Invalid(_))), "{refused:?}");
    }
    let sinking = sink(database.open(Role::Relay).await, &topics.0, false).await;
    // Behind the garbage of every partition.
    for n in 100..300 {
        sender.hand_over(vec![record(n, 1)]).await.unwrap();
    }
    until(|| async { stored(&database, 1).await.len() == 200 }).await;
    let found = stored(&database, 1).await;
    assert!(
        found.keys().all(|id| id.len() == "decision-100".len()),
        "{found:?}"
    );
    assert_eq!(sinking.keeper.n_refused.load(Ordering::SeqCst), 1);
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs services"]
async fn records_are_held_while_the_broker_is_away() {
    let folder = tempfile::tempdir().unwrap();
    let mut broker = broker_in(folder.path()).await;
    let (database, topics) = (Database::new(), Topics::at(&broker.address().to_string()));
    let relay = Running::start(relaying(&database).await, &topics.0).await;
    append(&database.open(Role::Identity).await, 1, 1).await;
    let sender = Arc::new(sender(&database, &topics).await);
    let _sinking = sink(database.open(Role::Relay).await, &topics.0, false).await;
    sender.hand_over(vec![record(1, 1)]).await.unwrap();
    until(|| async { stored(&database, 1).await.len() == 1 }).await;
    broker.kill().unwrap();
    let begun = Instant::now();
    let held = tokio::spawn({
        let sender = Arc::clone(&sender);
        async move {
            sender
                .hand_over((2..100).map(|n| record(n, 1)).collect())
                .await
        }
    });
    let wait = tokio::time::timeout(AWAY, async {
        while !held.is_finished() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    assert!(wait.await.is_err(), "nobody has taken them");
    let mut broker = tokio::task::spawn_blocking(move || {
        broker.restart().unwrap();
        broker
    })
    .await
    .unwrap();
    held.await.unwrap().unwrap();
    let arrived = Instant::now();
    until(|| async { stored(&database, 1).await.len() == 99 }).await;
    let took = arrived.elapsed();
    println!("held for {:?}, stored {took:?} later", arrived - begun);
    assert!(took < AGAIN, "what the library had to say was in the way");
    relay.stop().await;
    drop(topics);
    broker.kill().unwrap();
}
