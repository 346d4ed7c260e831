//! F8: a broker that is killed and comes back, with partitions that have no leader yet for a moment. The client library reads
//! what a broker says of such partitions beyond its end (confluentinc/librdkafka#5280) and takes the whole process with it;
//! so no consumer of ours may ask a broker that has just come.

use trilby_eventlog::{Feed as _, FeedMessage, FeedReceiver};
use trilby_feed_kafka::{KafkaFeed, Pace};

use crate::broker_in;
use crate::support::{Database, Running, Topics, heard, hearing, positioned, relaying};

/// Restarts of the broker.
const RESTARTS: usize = 3;
/// Consumers: each restart is worth as many tries, of which one in twenty went wrong.
const FEEDS: usize = 24;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs services"]
async fn a_broker_that_comes_back_is_heard_by_all_who_heard_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut broker = broker_in(folder.path()).await;
    let (database, topics) = (Database::new(), Topics::at(&broker.address().to_string()));
    let relay = Running::start(relaying(&database).await, &topics.0).await;
    let mut feeds: Vec<(KafkaFeed, FeedReceiver)> = Vec::new();
    for _ in 0..FEEDS {
        let feed = hearing(&database, &topics, Pace::AtOnce).await;
        let receiver = feed.subscribe().await.unwrap();
        feeds.push((feed, receiver));
    }
    for (_, receiver) in &mut feeds {
        positioned(receiver).await;
    }
    for _ in 0..RESTARTS {
        broker = tokio::task::spawn_blocking(move || {
            broker.kill().unwrap();
            broker.restart().unwrap();
            broker
        })
        .await
        .unwrap();
        for (_, receiver) in &mut feeds {
            // What is missing is said first; then it is heard again.
            heard(receiver, |message| matches!(message, FeedMessage::Gap(_))).await;
            heard(receiver, |message| {
                matches!(message, FeedMessage::Heartbeat(_))
            })
            .await;
        }
    }
    relay.stop().await;
    drop(topics);
    broker.kill().unwrap();
}
