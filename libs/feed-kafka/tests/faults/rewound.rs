//! F10: the store is taken back under relays and consumers, and goes on otherwise than it had.

use std::sync::Arc;

use rdkafka::ClientConfig;
use rdkafka::admin::{AdminOptions, NewTopic, TopicReplication};
use rdkafka::message::{Header, Message as _, OwnedHeaders};
use rdkafka::producer::{FutureProducer, FutureRecord};
use trilby_eventlog::shard::{self, SHARDS};
use trilby_eventlog::{
    Archive as _, EventLog as _, Feed as _, FeedMessage, FeedReceiver, Head, RelayStore as _,
};
use trilby_eventlog_postgres::{Options as StoreOptions, Postgres, Role};
use trilby_feed_kafka::Pace;
use trilby_feed_kafka::record::{self, Place};
use trilby_testkit::metrics::Measured;
use trilby_testkit::simulation::{Random, Run};

use crate::faulty::{Fault, Faulty, Gate};
use crate::lines::Lines;
use crate::support::common::{account, connect, url_of};
use crate::support::fold::Fold;
use crate::support::{
    Database, PATIENCE, Running, Topics, append, heard, hearing, positioned, records, relaying,
    told, until,
};
use crate::{LOGS, last_words, outbox, write};

const HOUR_MS: i64 = 3_600_000;

const ORPHANS: &str = "trilby_relay_orphans_total";

/// A copy of a test's database, from which it can be taken back.
struct Backup(String);

impl Backup {
    async fn of(database: &Database) -> Self {
        let copy = format!("{}_backup", database.name);
        clone(&database.name, &copy).await;
        Self(copy)
    }

    /// Puts the copy in the place of the database, fenced, as one step for whoever is connected.
    async fn restore(&self, database: &Database) {
        let restored = format!("{}_restored", database.name);
        clone(&self.0, &restored).await;
        let mut options = StoreOptions::new(url_of(&restored), Role::Admin);
        options.any_timeline = true;
        Postgres::open(&options)
            .await
            .unwrap()
            .fence(0)
            .await
            .unwrap();
        let client = connect("postgres").await;
        close(&client, &restored).await;
        close(&client, &database.name).await;
        let (name, drop) = (&database.name, format!("drop database {}", database.name));
        client.batch_execute(&drop).await.unwrap();
        let rename = format!("alter database {restored} rename to {name}");
        client.batch_execute(&rename).await.unwrap();
        open(&client, name).await;
    }

    async fn remove(self) {
        let client = connect("postgres").await;
        let drop = format!("drop database {} with (force)", self.0);
        client.batch_execute(&drop).await.unwrap();
    }
}

async fn clone(from: &str, to: &str) {
    let client = connect("postgres").await;
    close(&client, from).await;
    let copy = format!("create database {to} template {from}");
    client.batch_execute(&copy).await.unwrap();
    open(&client, from).await;
}

/// Nobody is connected, and nobody can.
async fn close(client: &tokio_postgres::Client, name: &str) {
    let shut = format!("alter database {name} allow_connections false");
    client.batch_execute(&shut).await.unwrap();
    let cut = "select count(pg_terminate_backend(pid)) from pg_stat_activity where datname = $1";
    until(|| async {
        let left: i64 = client.query_one(cut, &[&name]).await.unwrap().get(0);
        left == 0
    })
    .await;
}

async fn open(client: &tokio_postgres::Client, name: &str) {
    let open = format!("alter database {name} allow_connections true");
    client.batch_execute(&open).await.unwrap();
}

/// Commits in all logs, told; some logs lose none of them when the store is taken back.
async fn go_on(
    database: &Database,
    random: &mut Random,
    logs: std::ops::RangeInclusive<u64>,
) -> Vec<Head> {
    let writer = database.open(Role::Identity).await;
    let mut heads = Vec::new();
    for log in logs {
        for _ in 0..=random.below(5) {
            append(&writer, log, 1 + random.below(3)).await;
        }
        heads.push(append(&writer, log, 1).await);
    }
    heads
}

async fn hear_until_at(receiver: &mut FeedReceiver, fold: &mut Fold, heads: &[Head]) {
    heard(receiver, |message| {
        fold.hear(message);
        fold.is_at(heads)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs services"]
async fn a_store_that_was_taken_back_is_told_of_before_it_goes_on() {
    let mut run = Run::of("F10");
    let (database, topics) = (Database::new(), Topics::new());
    let relay = Running::start(relaying(&database).await, &topics.0).await;
    let feed = hearing(&database, &topics, Pace::AtOnce).await;
    let mut receiver = feed.subscribe().await.unwrap();
    positioned(&mut receiver).await;
    let mut fold = Fold::that_may_rewind();
    let writer = database.open(Role::Identity).await;
    write(&writer, &mut run.random, 40).await;
    let kept = last_words(&writer).await;
    hear_until_at(&mut receiver, &mut fold, &kept).await;
    until(|| async { outbox(&database).await == 0 }).await;
    let backup = Backup::of(&database).await;

    // All but the first log lose something; the relay is there all the time.
    let lost = go_on(&database, &mut run.random, 2..=LOGS).await;
    hear_until_at(&mut receiver, &mut fold, &lost).await;
    until(|| async { outbox(&database).await == 0 }).await;
    backup.restore(&database).await;
    heard(&mut receiver, |message| {
        fold.hear(message);
        fold.rewound.len() == lost.len()
    })
    .await;
    assert!(fold.is_at(&kept), "each is told where it still stands");
    let after = go_on(&database, &mut run.random, 1..=LOGS).await;
    hear_until_at(&mut receiver, &mut fold, &after).await;
    assert!(lost.iter().all(|head| !after.contains(head)));
    until(|| async { outbox(&database).await == 0 }).await;

    // Once more, without a relay; what goes on waits for the one that comes, which tells of the loss first.
    relay.stop().await;
    backup.restore(&database).await;
    let at_last = go_on(&database, &mut run.random, 1..=LOGS).await;
    let relay = Running::start(relaying(&database).await, &topics.0).await;
    hear_until_at(&mut receiver, &mut fold, &at_last).await;
    run.tell(&[
        ("commits", fold.n_commits()),
        ("logs_told_of_their_loss", fold.rewound.len()),
    ]);
    let n_logs = usize::try_from(LOGS).unwrap();
    assert_eq!(fold.rewound.len(), lost.len() + n_logs);
    assert_eq!((fold.n_holes, fold.n_gaps), (0, 0));
    relay.stop().await;
    // So does whoever reads all of it afterwards, and the store.
    let whole = told(&topics).await;
    assert!(whole.is_at(&at_last));
    let store = database.open(Role::Decision).await;
    for head in &at_last {
        assert_eq!(store.head(&head.log).await.unwrap().as_ref(), Some(head));
    }
    backup.remove().await;
}

/// Each commit that is lost is named, once, and all of them are counted.
#[tokio::test]
#[ignore = "needs services"]
async fn lost_commits_are_named_and_counted() {
    let mut run = Run::of("F10");
    let (measured, lines) = (Measured::new(), Lines::of_this_thread());
    let (database, topics) = (Database::new(), Topics::new());
    let relay = Running::start(relaying(&database).await, &topics.0).await;
    let writer = database.open(Role::Identity).await;
    write(&writer, &mut run.random, 20).await;
    let kept = last_words(&writer).await;
    until(|| async { outbox(&database).await == 0 }).await;
    let backup = Backup::of(&database).await;
    go_on(&database, &mut run.random, 2..=LOGS).await;
    until(|| async { outbox(&database).await == 0 }).await;
    let mut lost = Vec::new();
    let reader = database.open(Role::Identity).await;
    for head in &kept {
        lost.extend(reader.read(&head.log, head.seq, 100).await.unwrap());
    }
    drop((writer, reader));
    assert!(measured.counter(ORPHANS) == 0 && lost.len() >= kept.len() - 1);
    backup.restore(&database).await;
    let n_lost = u64::try_from(lost.len()).unwrap();
    until(|| async { measured.counter(ORPHANS) == n_lost }).await;
    let named = lines.with("the feed has a commit that the store has lost");
    assert_eq!(named.len(), lost.len(), "{named:?}");
    for one in lost {
        let (log, first, last, hash) = (one.log, one.first, one.last, one.hash);
        let says = format!("log={log} first={first} last={last} hash={hash}");
        assert!(
            named.iter().any(|line| line.contains(&says)),
            "{says}: {named:?}"
        );
    }
    assert_eq!(lines.with("the feed has commits that").len(), 1);
    // Who compares again finds nothing new.
    relay.stop().await;
    let client = database.client().await;
    let anew = "update relay_lease set checked = null";
    client.batch_execute(anew).await.unwrap();
    let relay = Running::start(relaying(&database).await, &topics.0).await;
    go_on(&database, &mut run.random, 1..=LOGS).await;
    until(|| async { outbox(&database).await == 0 }).await;
    relay.stop().await;
    assert_eq!(measured.counter(ORPHANS), n_lost);
    run.tell(&[("lost_commits_named", named.len())]);
    backup.remove().await;
}

fn producer(topics: &Topics) -> FutureProducer {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", &topics.0.brokers);
    config.create().unwrap()
}

/// The same records in new topics, as if they had been written an hour earlier.
async fn aged(topics: &Topics) -> Topics {
    let aged = Topics::new();
    let [commits, ..] = aged.names();
    let of = [NewTopic::new(
        &commits,
        i32::from(SHARDS),
        TopicReplication::Fixed(1),
    )];
    let made = aged.admin().create_topics(&of, &AdminOptions::new()).await;
    made.unwrap().remove(0).unwrap();
    let producer = producer(&aged);
    for one in records(topics).await {
        let at_ms = one.timestamp().to_millis().unwrap() - HOUR_MS;
        let record = FutureRecord::to(&commits)
            .partition(one.partition())
            .key(one.key().unwrap())
            .payload(one.payload().unwrap())
            .headers(one.headers().unwrap().clone())
            .timestamp(at_ms);
        let arrived = producer.send(record, PATIENCE).await;
        arrived.map_err(|(error, _)| error).unwrap();
    }
    aged
}

/// The fence comes long after the last commit, and a relay was at work all the time without anything to tell.
#[tokio::test]
#[ignore = "needs services"]
async fn commits_that_were_lost_long_before_the_fence_are_found() {
    let mut run = Run::of("F10");
    let measured = Measured::new();
    let (database, topics) = (Database::new(), Topics::new());
    let relay = Running::start(relaying(&database).await, &topics.0).await;
    let writer = database.open(Role::Identity).await;
    write(&writer, &mut run.random, 20).await;
    let kept = last_words(&writer).await.into_iter();
    let kept: Vec<_> = kept.map(|head| (head.log, head.seq)).collect();
    until(|| async { outbox(&database).await == 0 }).await;
    let backup = Backup::of(&database).await;
    let lost = go_on(&database, &mut run.random, 1..=LOGS).await;
    until(|| async { outbox(&database).await == 0 }).await;
    relay.stop().await;
    let topics = aged(&topics).await;
    let relay = Running::start(relaying(&database).await, &topics.0).await;
    let feed = hearing(&database, &topics, Pace::AtOnce).await;
    let mut receiver = feed.subscribe().await.unwrap();
    positioned(&mut receiver).await;
    assert_eq!(measured.counter(ORPHANS), 0);
    backup.restore(&database).await;
    let mut rewound = Vec::new();
    heard(&mut receiver, |message| {
        if let FeedMessage::Rewound { log, keep, .. } = message {
            rewound.push((log.clone(), *keep));
        }
        rewound.len() == lost.len()
    })
    .await;
    relay.stop().await;
    rewound.sort();
    assert_eq!(rewound, kept);
    assert!(measured.counter(ORPHANS) >= u64::try_from(lost.len()).unwrap());
    run.tell(&[("logs_told_of_an_old_loss", rewound.len())]);
    backup.remove().await;
}

/// A relay died while it told what was lost: some of a partition's logs were told of, a moment ago.
#[tokio::test]
#[ignore = "needs services"]
async fn a_comparison_that_was_cut_off_is_made_whole() {
    let measured = Measured::new();
    let (database, topics) = (Database::new(), Topics::new());
    let relay = Running::start(relaying(&database).await, &topics.0).await;
    let shard = |n: u64| shard::of(&account(n));
    let two = (2..1_000).find(|n| shard(*n) == shard(1)).unwrap();
    let writer = database.open(Role::Identity).await;
    let kept = append(&writer, 1, 1).await;
    append(&writer, two, 1).await;
    until(|| async { outbox(&database).await == 0 }).await;
    let backup = Backup::of(&database).await;
    let writer = database.open(Role::Identity).await;
    for n in [1, two, two] {
        append(&writer, n, 1).await;
    }
    until(|| async { outbox(&database).await == 0 }).await;
    relay.stop().await;
    drop(writer);
    let topics = aged(&topics).await;
    backup.restore(&database).await;
    let store = relaying(&database).await;
    let keep = Place {
        log: kept.log,
        seq: kept.seq,
        hash: kept.hash,
    };
    let record = record::rewound(&store.meta().await.unwrap().store_id, &keep, 2);
    let [commits, ..] = topics.names();
    let headers = record
        .headers
        .iter()
        .fold(OwnedHeaders::new(), |all, (key, value)| {
            all.insert(Header {
                key,
                value: Some(value),
            })
        });
    let told = FutureRecord::to(&commits)
        .partition(i32::from(shard(1)))
        .key(&record.key)
        .payload(&record.value)
        .headers(headers);
    let arrived = producer(&topics).send(told, PATIENCE).await;
    arrived.map_err(|(error, _)| error).unwrap();
    let relay = Running::start(store, &topics.0).await;
    until(|| async { measured.counter(ORPHANS) == 2 }).await;
    relay.stop().await;
    backup.remove().await;
}

/// The control: a relay that takes all for compared tells of nothing, and what it tells then does not continue what was heard.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs services"]
async fn without_the_comparison_another_past_is_told() {
    let mut run = Run::of("F10");
    let (database, topics) = (Database::new(), Topics::new());
    let faulty = Faulty {
        store: relaying(&database).await,
        fault: Fault::Greedy(Arc::new(Gate::default())),
    };
    let relay = Running::start(Arc::new(faulty), &topics.0).await;
    let feed = hearing(&database, &topics, Pace::AtOnce).await;
    let mut receiver = feed.subscribe().await.unwrap();
    positioned(&mut receiver).await;
    let mut fold = Fold::that_may_rewind();
    let kept = last_words(&database.open(Role::Identity).await).await;
    hear_until_at(&mut receiver, &mut fold, &kept).await;
    until(|| async { outbox(&database).await == 0 }).await;
    let backup = Backup::of(&database).await;
    let lost = go_on(&database, &mut run.random, 1..=LOGS).await;
    hear_until_at(&mut receiver, &mut fold, &lost).await;
    until(|| async { outbox(&database).await == 0 }).await;
    backup.restore(&database).await;
    go_on(&database, &mut run.random, 1..=LOGS).await;
    heard(&mut receiver, |message| {
        fold.hear(message);
        fold.n_other_pasts > 0
    })
    .await;
    assert_eq!(fold.rewound, []);
    run.tell(&[("other_pasts_without_the_comparison", fold.n_other_pasts)]);
    relay.stop().await;
    backup.remove().await;
}
