//! From the outbox of a real store through a real broker to whoever listens.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "tests"
)]

mod support;

use std::collections::BTreeSet;

use support::common::commit;
use support::{
    Database, PATIENCE, Running, Topics, append, ended_by, headers, heard, hearing, positioned,
    relaying, told, until,
};
use trilby_eventlog::shard::SHARDS;
use trilby_eventlog::{Channel, EventLog, Feed, FeedMessage};
use trilby_eventlog_postgres::Role;
use trilby_feed_kafka::Pace;
use trilby_model::Timestamp;
use trilby_testkit::simulation::Run;

async fn outbox(database: &Database) -> i64 {
    let client = database.client().await;
    client
        .query_one("select count(*) from outbox", &[])
        .await
        .unwrap()
        .get(0)
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs services"]
async fn a_commit_is_heard_as_it_was_written_and_its_row_goes() {
    is_heard_as_written(Pace::AtOnce).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs services"]
async fn who_hears_commits_together_hears_all_of_them() {
    is_heard_as_written(Pace::Together).await;
}

async fn is_heard_as_written(pace: Pace) {
    let (database, topics) = (Database::new(), Topics::new());
    let relay = Running::start(relaying(&database).await, &topics.0).await;
    let feed = hearing(&database, &topics, pace).await;
    let mut receiver = feed.subscribe().await.unwrap();
    // On a busy machine positions come later than a subscription waits for them, and are told of as a gap.
    positioned(&mut receiver).await;
    let writer = database.open(Role::Identity).await;
    let mut told = Vec::new();
    for n in 0..20 {
        let head = append(&writer, n, 3).await;
        let commits = writer
            .read(&head.log, trilby_model::Seq::ZERO, 10)
            .await
            .unwrap();
        told.extend(commits);
    }
    let mut commits = Vec::new();
    heard(&mut receiver, |message| {
        if let FeedMessage::Commit(commit) = message {
            commit.check().unwrap();
            commits.push((**commit).clone());
        }
        assert!(!matches!(message, FeedMessage::Gap(_)));
        commits.len() == told.len()
    })
    .await;
    commits.sort_by(|a, b| a.log.cmp(&b.log));
    told.sort_by(|a, b| a.log.cmp(&b.log));
    assert_eq!(commits, told);
    until(|| async { outbox(&database).await == 0 }).await;
    until(|| async { relay.state.ready().is_ok() }).await;
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs services"]
async fn the_writer_s_trace_is_in_the_headers_of_its_commit_and_of_its_revocations() {
    const TRACE: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let (database, topics) = (Database::new(), Topics::new());
    let relay = Running::start(relaying(&database).await, &topics.0).await;
    let writer = database.open(Role::Token).await;
    let mut traced = commit(&writer, 1, 1).await;
    traced.trace = Some(TRACE.parse().unwrap());
    traced.revocations.push(ended_by(&traced, [5; 16], 0));
    writer.append(traced).await.unwrap();
    append(&writer, 2, 1).await;
    until(|| async { outbox(&database).await == 0 }).await;
    let header = "traceparent";
    for (topic, n_records) in [(0, 2), (1, 1)] {
        let found = headers(&topics, topic, header).await;
        assert_eq!(found.len(), n_records, "{found:?}");
        let traces: Vec<&String> = found.iter().flatten().collect();
        assert_eq!(traces, [TRACE]);
    }
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs services"]
async fn a_revocation_is_heard_as_it_was_written() {
    let (database, topics) = (Database::new(), Topics::new());
    let relay = Running::start(relaying(&database).await, &topics.0).await;
    let feed = hearing(&database, &topics, Pace::Together).await;
    let mut receiver = feed.subscribe().await.unwrap();
    positioned(&mut receiver).await;
    let writer = database.open(Role::Token).await;
    for (log, id_hash) in [(1, [5; 16]), (2, [6; 16])] {
        let mut revoking = commit(&writer, log, 2).await;
        revoking.revocations.push(ended_by(&revoking, id_hash, 1));
        writer.append(revoking).await.unwrap();
    }
    let mut told = Vec::new();
    heard(&mut receiver, |message| {
        if let FeedMessage::Revocation(revocation) = message {
            told.push((**revocation).clone());
        }
        assert!(!matches!(message, FeedMessage::Gap(_)));
        told.len() == 2
    })
    .await;
    told.sort_by_key(|one| one.id_hash);
    let mut written = writer
        .revocations_since(Timestamp::from_micros(0))
        .await
        .unwrap();
    written.sort_by_key(|one| one.id_hash);
    assert_eq!(told, written);
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs services"]
async fn every_partition_of_both_channels_has_a_heartbeat_each_second() {
    let (database, topics) = (Database::new(), Topics::new());
    let relay = Running::start(relaying(&database).await, &topics.0).await;
    let feed = hearing(&database, &topics, Pace::AtOnce).await;
    let mut receiver = feed.subscribe().await.unwrap();
    let all = usize::from(SHARDS) * 2;
    for _ in 0..3 {
        let begun = std::time::Instant::now();
        let mut beats = BTreeSet::new();
        heard(&mut receiver, |message| {
            if let FeedMessage::Heartbeat(beat) = message {
                beats.insert((beat.channel == Channel::Commits, beat.partition));
                assert!(beat.waiting < PATIENCE);
            }
            beats.len() == all
        })
        .await;
        println!("all partitions within {:?}", begun.elapsed());
    }
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs services"]
async fn two_relays_share_the_shards_and_one_that_stops_leaves_them_to_the_other() {
    let (database, topics) = (Database::new(), Topics::new());
    let one = Running::start(relaying(&database).await, &topics.0).await;
    let two = Running::start(relaying(&database).await, &topics.0).await;
    let client = database.client().await;
    let counts = "select coalesce(min(n), 0), count(*) from (select count(*) n from relay_lease where owner is not null group by owner) c";
    until(|| async {
        let row = client.query_one(counts, &[]).await.unwrap();
        (row.get::<_, i64>(0), row.get::<_, i64>(1)) == (24, 2)
    })
    .await;
    two.stop().await;
    until(|| async {
        let row = client.query_one(counts, &[]).await.unwrap();
        (row.get::<_, i64>(0), row.get::<_, i64>(1)) == (48, 1)
    })
    .await;
    one.stop().await;
    let held = client
        .query_one(
            "select count(*) from relay_lease where owner is not null",
            &[],
        )
        .await
        .unwrap();
    assert_eq!(held.get::<_, i64>(0), 0);
}

/// F8: neither the relay nor the consumer starts again, nothing is lost, and the consumer says that it may have missed
/// something before it goes on.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs services"]
async fn topics_that_are_deleted_come_back_and_nothing_is_lost() {
    let run = Run::of("F8");
    let (database, topics) = (Database::new(), Topics::new());
    let relay = Running::start(relaying(&database).await, &topics.0).await;
    let feed = hearing(&database, &topics, Pace::AtOnce).await;
    let mut receiver = feed.subscribe().await.unwrap();
    let writer = database.open(Role::Identity).await;
    let first = append(&writer, 1, 1).await;
    let is_commit = |message: &FeedMessage| matches!(message, FeedMessage::Commit(_));
    heard(&mut receiver, is_commit).await;
    topics.delete().await;
    heard(&mut receiver, |message| {
        matches!(message, FeedMessage::Gap(_))
    })
    .await;
    until(|| async { relay.state.ready().is_ok() }).await;
    append(&writer, 2, 1).await;
    until(|| async { outbox(&database).await == 0 }).await;
    // Heard again: whatever was told before the consumer found its place is in the store.
    let mut beats = BTreeSet::new();
    heard(&mut receiver, |message| {
        if let FeedMessage::Heartbeat(beat) = message {
            beats.insert((beat.channel == Channel::Commits, beat.partition));
        }
        beats.len() == usize::from(SHARDS) * 2
    })
    .await;
    let head = append(&writer, 3, 1).await;
    heard(
        &mut receiver,
        |message| matches!(message, FeedMessage::Commit(commit) if commit.log == head.log),
    )
    .await;
    relay.stop().await;
    // The control: the new topic knows of nothing before it.
    let whole = told(&topics).await;
    assert!(whole.is_at(&[head]));
    assert!(!whole.is_at(&[first]), "it was not deleted");
    run.tell(&[("topics_deleted", topics.names().len())]);
}
