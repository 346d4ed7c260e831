//! Another store whose relay tells its news in the same topics: two installations with one prefix.

use trilby_eventlog::{Channel, EventLog as _, Feed as _, FeedMessage};
use trilby_eventlog_postgres::Role;
use trilby_feed_kafka::Pace;
use trilby_testkit::metrics::Measured;

use crate::support::common::commit;
use crate::support::{
    Database, Running, Topics, append, ended_by, headers, heard, hearing, positioned, relaying,
    until,
};
use crate::{last_words, outbox};

const PASSED_OVER: &str = "trilby_feed_passed_over_total";

/// A store of its own: copies of the template have one id, and one beginning of each log.
async fn stranger() -> Database {
    let database = Database::new();
    let client = database.client().await;
    let other = "update store_meta set store_id = substring(sha256(store_id) for 16)";
    client.batch_execute(other).await.unwrap();
    database
}

/// A commit with a revocation.
async fn revoke(database: &Database) {
    let writer = database.open(Role::Token).await;
    let mut revoking = commit(&writer, 1, 1).await;
    revoking.revocations.push(ended_by(&revoking, [5; 16], 0));
    writer.append(revoking).await.unwrap();
}

/// While the own relay is down nothing is heard: no heartbeat vouches, no commit and no revocation counts.
#[tokio::test]
#[ignore = "needs services"]
async fn news_of_another_store_break_no_silence() {
    let measured = Measured::new();
    let (own, other, topics) = (Database::new(), stranger().await, Topics::new());
    let stranger = Running::start(relaying(&other).await, &topics.0).await;
    let feed = hearing(&own, &topics, Pace::AtOnce).await;
    let mut receiver = feed.subscribe().await.unwrap();
    let theirs = hearing(&other, &topics, Pace::AtOnce).await;
    let mut told = theirs.subscribe().await.unwrap();
    positioned(&mut told).await;
    revoke(&other).await;
    let heads = last_words(&other.open(Role::Identity).await).await;
    // Whoever reads that store hears them, after everything else.
    let (mut n_left, mut is_revoked) = (heads.len(), false);
    heard(&mut told, |message| {
        match message {
            FeedMessage::Commit(commit) => {
                n_left -= usize::from(heads.iter().any(|head| head.hash == commit.hash));
            }
            FeedMessage::Revocation(_) => is_revoked = true,
            _ => {}
        }
        n_left == 0 && is_revoked
    })
    .await;
    let before = measured.counter(PASSED_OVER);
    until(|| async { measured.counter(PASSED_OVER) > before + 400 }).await;
    while let Some(message) = receiver.try_recv() {
        // It had to find its place.
        assert!(matches!(message, FeedMessage::Gap(_)), "{message:?}");
    }
    // With a relay of its own it hears that one, beside the other.
    let relay = Running::start(relaying(&own).await, &topics.0).await;
    let writer = own.open(Role::Identity).await;
    positioned(&mut receiver).await;
    let head = append(&writer, 7, 1).await;
    append(&other.open(Role::Identity).await, 8, 1).await;
    until(|| async { outbox(&other).await == 0 }).await;
    let mut beats = 0;
    heard(&mut receiver, |message| {
        match message {
            FeedMessage::Commit(commit) => assert_eq!(commit.hash, head.hash),
            FeedMessage::Heartbeat(beat) => {
                beats += usize::from(beat.channel == Channel::Commits);
            }
            other => panic!("{other:?}"),
        }
        beats > 200
    })
    .await;
    relay.stop().await;
    stranger.stop().await;
}

/// A relay that compares the feed with its store takes another's commits for none that its store has lost.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs services"]
async fn a_relay_takes_back_no_log_of_another_store() {
    let (own, other, topics) = (Database::new(), stranger().await, Topics::new());
    let stranger = Running::start(relaying(&other).await, &topics.0).await;
    last_words(&other.open(Role::Identity).await).await;
    until(|| async { outbox(&other).await == 0 }).await;
    // A relay that comes first to a shard compares.
    let relay = Running::start(relaying(&own).await, &topics.0).await;
    let feed = hearing(&own, &topics, Pace::AtOnce).await;
    positioned(&mut feed.subscribe().await.unwrap()).await;
    let types = headers(&topics, 0, "ce_type").await;
    assert!(types.len() >= 4, "{types:?}");
    let is_commit = |name: &Option<String>| name.as_deref() == Some("trilby.log.commit.v1");
    assert!(types.iter().all(is_commit), "{types:?}");
    relay.stop().await;
    stranger.stop().await;
}
