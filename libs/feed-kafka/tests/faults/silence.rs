//! A relay that is away while the brokers are there: nothing is lost, so nobody is told that anything is.

use std::time::Duration;

use trilby_eventlog::{Feed as _, FeedMessage};
use trilby_eventlog_postgres::Role;
use trilby_feed_kafka::Pace;

use crate::last_words;
use crate::lines::Lines;
use crate::support::fold::Fold;
use crate::support::{Database, Running, Topics, heard, hearing, positioned, relaying, until};

/// Twice the time after which a session that hears nothing is begun anew, and some.
const AWAY: Duration = Duration::from_secs(26);

#[tokio::test]
#[ignore = "needs services"]
async fn while_only_the_relay_is_away_no_message_counts_as_lost() {
    let lines = Lines::of_this_thread();
    let (database, topics) = (Database::new(), Topics::new());
    let relay = Running::start(relaying(&database).await, &topics.0).await;
    let feed = hearing(&database, &topics, Pace::AtOnce).await;
    let mut receiver = feed.subscribe().await.unwrap();
    positioned(&mut receiver).await;
    relay.stop().await;
    tokio::time::sleep(AWAY).await;
    let mut fold = Fold::default();
    while let Some(message) = receiver.try_recv() {
        assert!(!matches!(message, FeedMessage::Gap(_)), "nothing is lost");
        fold.hear(&message);
    }
    // Once for each channel.
    assert_eq!(lines.with("the feed is silent").len(), 2);
    assert!(lines.with("lost the feed").is_empty());
    let heads = last_words(&database.open(Role::Identity).await).await;
    let relay = Running::start(relaying(&database).await, &topics.0).await;
    heard(&mut receiver, |message| {
        fold.hear(message);
        fold.is_at(&heads)
    })
    .await;
    positioned(&mut receiver).await;
    assert_eq!(fold.n_gaps, 0);
    until(|| async { lines.with("the feed is heard again").len() == 2 }).await;
    assert_eq!(lines.with("the feed is silent").len(), 2);
    relay.stop().await;
}
