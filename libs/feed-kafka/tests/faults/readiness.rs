//! F8: a relay under which the broker goes away, as whoever watches it sees it.

use std::time::{Duration, Instant};

use trilby_eventlog_postgres::Role;
use trilby_testkit::metrics::Measured;

use crate::lines::Lines;
use crate::support::{Database, Running, Topics, append, relaying, until};
use crate::{broker_in, outbox};

const OLDEST: &str = "trilby_relay_oldest_waiting_seconds";
const FAILURES: &str = "trilby_relay_failures_total";
/// It is said so soon.
const SOON: Duration = Duration::from_secs(10);

async fn says_that_kafka_is_away(relay: &Running) {
    let begun = Instant::now();
    until(|| async { relay.state.ready().is_err() }).await;
    let took = begun.elapsed();
    println!("{:?} after {took:?}", relay.state.ready());
    assert!(took < SOON, "{took:?}");
}

#[tokio::test]
#[ignore = "needs services"]
async fn a_relay_whose_broker_is_away_says_so_soon_and_once_and_that_it_is_back() {
    let (measured, lines) = (Measured::new(), Lines::of_this_thread());
    let folder = tempfile::tempdir().unwrap();
    let mut broker = broker_in(folder.path()).await;
    let (database, topics) = (Database::new(), Topics::at(&broker.address().to_string()));
    let relay = Running::start(relaying(&database).await, &topics.0).await;
    let writer = database.open(Role::Identity).await;
    append(&writer, 1, 1).await;
    until(|| async { outbox(&database).await == 0 && relay.state.ready().is_ok() }).await;
    // A machine that is busy can have it late before anything is done to it. Each is told once, when it changes: so of one
    // that is away it was told as often as of one that is back.
    let n_told = |what: &str| lines.with(what).len();
    let n_back = || n_told("Kafka answers");
    let is_away = || n_told("Kafka does not answer") == n_back();
    assert!(!is_away());

    broker.kill().unwrap();
    append(&writer, 2, 1).await;
    says_that_kafka_is_away(&relay).await;
    // What waits grows older.
    for seconds in [6.0, 9.0, 14.0] {
        until(|| async { measured.gauge(OLDEST) > seconds }).await;
    }
    assert!(is_away());
    let n_back_before = n_back();
    // Nothing was given up: it arrives in its order when the broker is back.
    assert_eq!(measured.counter(FAILURES), 0);
    let mut broker = tokio::task::spawn_blocking(move || {
        broker.restart().unwrap();
        broker
    })
    .await
    .unwrap();
    until(|| async { relay.state.ready().is_ok() && outbox(&database).await == 0 }).await;
    until(|| async { measured.gauge(OLDEST) == 0.0 }).await;
    assert!(n_back() > n_back_before);

    // One that keeps its connections and answers nothing; and nothing waits.
    broker.pause().unwrap();
    says_that_kafka_is_away(&relay).await;
    assert_eq!(measured.gauge(OLDEST), 0.0);
    until(|| async { is_away() }).await;
    broker.resume().unwrap();
    until(|| async { relay.state.ready().is_ok() }).await;
    append(&writer, 3, 1).await;
    until(|| async { outbox(&database).await == 0 }).await;
    relay.stop().await;
    drop(topics);
    broker.kill().unwrap();
}

/// Without its leases it has nothing to ask the store for; that is no answer of the store's.
#[tokio::test]
#[ignore = "needs services"]
async fn a_relay_whose_store_fails_says_so_once_and_not_that_it_is_back() {
    let (_measured, lines) = (Measured::new(), Lines::of_this_thread());
    let (database, topics) = (Database::new(), Topics::new());
    let relay = Running::start(relaying(&database).await, &topics.0).await;
    let writer = database.open(Role::Identity).await;
    append(&writer, 1, 1).await;
    until(|| async { outbox(&database).await == 0 && relay.state.ready().is_ok() }).await;
    let client = database.client().await;
    client
        .batch_execute("revoke all on outbox, relay_lease from trilby_relay")
        .await
        .unwrap();
    until(|| async { relay.state.ready().is_err() }).await;
    let (n_failed, n_back) = (
        lines.with("the store does not answer").len(),
        lines.with("the store answers").len(),
    );
    // Its leases end meanwhile.
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(8) {
        assert!(relay.state.ready().is_err(), "{:?}", begun.elapsed());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(lines.with("the store does not answer").len(), n_failed);
    assert_eq!(lines.with("the store answers").len(), n_back);
    client
        .batch_execute(
            "grant select, insert, update, delete on outbox, relay_lease to trilby_relay",
        )
        .await
        .unwrap();
    until(|| async { relay.state.ready().is_ok() }).await;
    append(&writer, 2, 1).await;
    until(|| async { outbox(&database).await == 0 }).await;
    relay.stop().await;
}
