//! F7: from a real store through a real broker, and then through a proxy that doubles, reorders, drops and delays, to a
//! directory over that store.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use trilby_eventlog::Feed as _;
use trilby_eventlog_postgres::Role;
use trilby_feed_kafka::Pace;
use trilby_model::Timestamp;
use trilby_testkit::metrics::Measured;
use trilby_testkit::proxied::{Proxied, Source};
use trilby_testkit::simulation::Run;

use crate::support::{Database, Running, Topics, hearing, positioned, relaying};

/// Runs of the short form.
const RUNS: u64 = 3;
const ACCOUNTS: u64 = 8;
/// Three heartbeats that do not come, and a round of asking the store.
const UNHEARD: Duration = Duration::from_secs(15);

const GAPS: &str = "trilby_feed_gaps_total";
const FORKS: &str = "trilby_log_forks_total";

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    Timestamp::from_micros(since.unwrap().as_micros().try_into().unwrap())
}

#[tokio::test]
#[ignore = "needs services"]
async fn a_proxy_behind_the_broker_makes_nobody_wrong_and_nobody_late_for_good() {
    let mut run = Run::of("F7");
    let measured = Measured::new();
    let (database, topics) = (Database::new(), Topics::new());
    let relay = Running::start(relaying(&database).await, &topics.0).await;
    let feed = hearing(&database, &topics, Pace::AtOnce).await;
    let writer = Arc::new(database.open(Role::Identity).await);
    let reader = Arc::new(database.open(Role::Decision).await);
    let (mut n_runs, mut n_gaps, mut n_naive_wrong) = (0, 0, 0);
    while run.goes_on(RUNS) {
        let seed = run.random.draw();
        let mut told = feed.subscribe().await.unwrap();
        positioned(&mut told).await;
        let source = Source {
            writes: writer.clone(),
            reads: reader.clone(),
            told,
            now: now(),
        };
        let before = measured.counter(GAPS);
        let accounts = n_runs * ACCOUNTS..(n_runs + 1) * ACCOUNTS;
        let mut proxied = Proxied::begin(source, accounts, Default::default(), seed).await;
        proxied.go_on().await;
        let n_found = measured.counter(GAPS) - before;
        let n_made = n_found.saturating_sub(proxied.n_told_gaps());
        assert!(n_made > 0, "seed {seed}: nothing was missing");
        proxied.comes_to_the_end(UNHEARD).await;
        n_naive_wrong += usize::from(proxied.is_naive_wrong());
        n_gaps += usize::try_from(n_made).unwrap();
        n_runs += 1;
    }
    relay.stop().await;
    run.tell(&[
        ("runs_with_a_broker", n_runs.try_into().unwrap()),
        ("gaps", n_gaps),
        ("naive_followers_wrong", n_naive_wrong),
    ]);
    assert_eq!(measured.counter(FORKS), 0);
    // The control: whoever takes what it hears for the next thing was led astray.
    assert!(n_naive_wrong > 0, "in none of {n_runs}");
}
