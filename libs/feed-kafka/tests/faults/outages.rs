//! F8: a broker that is away, that refuses a record, and that has thrown away what was not heard.

use std::time::{Duration, Instant};

use rdkafka::admin::{AdminOptions, AlterConfig, ResourceSpecifier};
use rdkafka::{Offset, TopicPartitionList};
use trilby_eventlog::shard::SHARDS;
use trilby_eventlog::{Commit, EventLog as _, Feed as _, FeedMessage};
use trilby_eventlog_postgres::Role;
use trilby_feed_kafka::Pace;
use trilby_testkit::simulation::Run;

use crate::child::Listener;
use crate::support::common::commit;
use crate::support::fold::Fold;
use crate::support::{
    Database, PATIENCE, Running, Topics, append, heard, hearing, positioned, relaying, told, until,
};
use crate::{CHILD, broker_in, last_words, outbox, write};

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs services"]
async fn what_is_written_while_the_broker_is_down_is_heard_when_it_is_back() {
    let mut run = Run::of("F8");
    let folder = tempfile::tempdir().unwrap();
    let mut broker = broker_in(folder.path()).await;
    let (database, topics) = (Database::new(), Topics::at(&broker.address().to_string()));
    let relay = Running::start(relaying(&database).await, &topics.0).await;
    let feed = hearing(&database, &topics, Pace::AtOnce).await;
    let mut receiver = feed.subscribe().await.unwrap();
    positioned(&mut receiver).await;
    let writer = database.open(Role::Identity).await;
    let mut fold = Fold::default();
    let heads = last_words(&writer).await;
    heard(&mut receiver, |message| {
        fold.hear(message);
        fold.is_at(&heads)
    })
    .await;
    until(|| async { outbox(&database).await == 0 }).await;
    let (mut n_waited, mut n_words) = (0, 0_u64);
    let mut heads = heads;
    while run.goes_on(1) {
        broker.kill().unwrap();
        write(&writer, &mut run.random, 50).await;
        heads = last_words(&writer).await;
        assert_eq!(outbox(&database).await, 54);
        if run.is_long() {
            tokio::time::sleep(run.random.millis(0, 20_000)).await;
        }
        // Meanwhile it was heard of nowhere.
        while let Some(message) = receiver.try_recv() {
            fold.hear(&message);
        }
        assert!(!fold.is_at(&heads), "the broker is not down");
        n_waited += 54;
        let mut down = broker;
        broker = tokio::task::spawn_blocking(move || {
            down.restart().unwrap();
            down
        })
        .await
        .unwrap();
        // Told when it is back, by the relay that has been there all the time, to a consumer likewise.
        until(|| async { outbox(&database).await == 0 }).await;
        let before = fold.n_gaps;
        while !fold.is_at(&heads) && fold.n_gaps == before {
            heard(&mut receiver, |message| {
                fold.hear(message);
                fold.is_at(&heads) || fold.n_gaps > before
            })
            .await;
        }
        // Either all was heard, or it was said that something may be missing; from then on all is heard again.
        assert!(fold.n_holes == 0 || fold.n_gaps > 0);
        let deadline = Instant::now() + PATIENCE;
        loop {
            let head = append(&writer, 100 + n_words, 1).await;
            n_words += 1;
            let heard = tokio::time::timeout(Duration::from_secs(2), async {
                heard(
                    &mut receiver,
                    |message| matches!(message, FeedMessage::Commit(commit) if commit.log == head.log),
                )
                .await;
            });
            if heard.await.is_ok() {
                break;
            }
            assert!(Instant::now() < deadline, "nothing is heard any more");
        }
        until(|| async { outbox(&database).await == 0 }).await;
        // Whoever was told of a gap reads what it lacks.
        fold.catch_up(&told(&topics).await);
    }
    relay.stop().await;
    let whole = told(&topics).await;
    assert_eq!(whole.n_holes, 0);
    assert!(whole.is_at(&heads));
    let n_outages = usize::try_from(run.round()).unwrap();
    run.tell(&[("outages", n_outages), ("told_late", n_waited)]);
    // They are deleted while there is somebody to ask.
    drop(topics);
    broker.kill().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs services"]
async fn a_commit_that_the_broker_does_not_take_is_told_by_a_pointer_and_the_log_goes_on() {
    let mut run = Run::of("F8");
    let (database, topics) = (Database::new(), Topics::new());
    let relay = Running::start(relaying(&database).await, &topics.0).await;
    let [name, ..] = topics.names();
    let small = AlterConfig::new(ResourceSpecifier::Topic(&name)).set("max.message.bytes", "20000");
    let altered = topics
        .admin()
        .alter_configs([&small], &AdminOptions::new())
        .await;
    assert!(altered.unwrap().iter().all(Result::is_ok));
    let feed = hearing(&database, &topics, Pace::AtOnce).await;
    let mut receiver = feed.subscribe().await.unwrap();
    positioned(&mut receiver).await;
    relay.stop().await;
    // All three are read at once, so that they are refused together.
    let writer = database.open(Role::Identity).await;
    let first = append(&writer, 1, 1).await;
    let mut large: Commit = commit(&writer, 1, 1).await;
    // Nothing that could be packed.
    let text: String = (0..6_000)
        .map(|_| format!("{:016x}", run.random.draw()))
        .collect();
    large.entries[0].events[0].data = serde_json::json!({ "text": text });
    let large = writer.append(large).await.unwrap().heads.remove(0);
    let last = append(&writer, 1, 1).await;
    let relay = Running::start(relaying(&database).await, &topics.0).await;
    until(|| async { outbox(&database).await == 0 }).await;
    let after = append(&writer, 2, 1).await;
    let mut fold = Fold::default();
    let mut order = Vec::new();
    heard(&mut receiver, |message| {
        match message {
            FeedMessage::Commit(commit) if commit.log == first.log => order.push(commit.last),
            FeedMessage::Moved { last, .. } => order.push(*last),
            _ => {}
        }
        fold.hear(message);
        // Two partitions have no order between them.
        fold.is_at(std::slice::from_ref(&after)) && order.len() >= 3
    })
    .await;
    assert_eq!(order, [first.seq, large.seq, last.seq]);
    // Only the one that is too large, and not those that were refused with it.
    assert_eq!(fold.moved, [(large.log, large.seq)]);
    run.tell(&[("told_by_a_pointer", fold.moved.len())]);
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs services"]
async fn whoever_slept_until_its_place_was_thrown_away_says_so_and_hears_on() {
    let mut run = Run::of("F8");
    let (database, topics) = (Database::new(), Topics::new());
    let relay = Running::start(relaying(&database).await, &topics.0).await;
    let writer = database.open(Role::Identity).await;
    let listener = Listener::start(CHILD, &topics, &database);
    let deadline = Instant::now() + PATIENCE;
    let mut n = 0;
    // Until it has found its place.
    while listener.next(Duration::from_millis(200)).is_none() {
        assert!(Instant::now() < deadline, "it hears nothing");
        n += 1;
        append(&writer, n, 1).await;
    }
    until(|| async { outbox(&database).await == 0 }).await;
    while listener.next(Duration::from_secs(1)).is_some() {}
    listener.pause();
    let mut slept_through = Vec::new();
    let n_slept = 20 + usize::try_from(run.random.below(40)).unwrap();
    for _ in 0..n_slept {
        slept_through.push(append(&writer, 500, 1).await);
        until(|| async { outbox(&database).await == 0 }).await;
    }
    let mut all = TopicPartitionList::new();
    for topic in &topics.names()[..2] {
        for partition in 0..SHARDS {
            all.add_partition_offset(topic, i32::from(partition), Offset::End)
                .unwrap();
        }
    }
    let patience = AdminOptions::new().operation_timeout(Some(PATIENCE));
    let thrown = topics
        .admin()
        .delete_records(&all, &patience)
        .await
        .unwrap();
    assert!(thrown.elements().iter().all(|one| one.error().is_ok()));
    listener.resume();
    let last = &slept_through[n_slept - 1];
    let last = format!("{} {}", last.log, last.seq);
    let deadline = Instant::now() + PATIENCE;
    loop {
        let told = listener.next(deadline.saturating_duration_since(Instant::now()));
        let told = told.expect("it says that it may have missed something");
        assert_ne!(told, last, "it was not thrown away: nothing is shown");
        if told == "gap" {
            break;
        }
    }
    let mut n = 1_000;
    loop {
        assert!(Instant::now() < deadline, "nothing is heard any more");
        n += 1;
        let head = append(&writer, n, 1).await;
        let wanted = format!("{} {}", head.log, head.seq);
        let mut told = std::iter::from_fn(|| listener.next(Duration::from_millis(500)));
        if told.any(|told| told == wanted) {
            break;
        }
    }
    run.tell(&[("thrown_away_unheard", n_slept)]);
    relay.stop().await;
}
