//! What happens to the feed when its parts die, stop, lag or are started twice: from a real store through a real broker.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "tests"
)]

#[path = "../support/mod.rs"]
mod support;

mod authorized;
mod child;
mod deaths;
mod decisions;
mod faulty;
mod idle;
mod injected;
mod lines;
mod lost;
mod outages;
mod outbox;
mod proxied;
mod readiness;
mod restarts;
mod rewound;
mod settings;
mod silence;
mod spoilt;
mod strangers;
mod takeovers;
mod twice;

use std::path::Path;
use support::{Database, append};
use trilby_cluster::kafka::Broker;
use trilby_eventlog::{EventLog, Head};
use trilby_testkit::simulation::Random;

/// Logs that are written to.
const LOGS: u64 = 4;

/// How the test of that name is called by whoever begins a child.
const CHILD: &str = "a_child_lives_as_it_is_told";

#[tokio::test(flavor = "multi_thread")]
async fn a_child_lives_as_it_is_told() {
    child::live().await;
}

/// Commits of up to three events in any of the logs.
async fn write(store: &impl EventLog, random: &mut Random, n_commits: u64) {
    for _ in 0..n_commits {
        append(store, 1 + random.below(LOGS), 1 + random.below(3)).await;
    }
}

/// One more commit in every log: where each ends.
async fn last_words(store: &impl EventLog) -> Vec<Head> {
    let mut heads = Vec::new();
    for log in 1..=LOGS {
        heads.push(append(store, log, 1).await);
    }
    heads
}

async fn outbox(database: &Database) -> i64 {
    let client = database.client().await;
    let found = client.query_one("select count(*) from outbox", &[]).await;
    found.unwrap().get(0)
}

/// A broker of a test's own, which may kill it.
async fn broker_in(folder: &Path) -> Broker {
    let path = folder.to_owned();
    let started = tokio::task::spawn_blocking(move || Broker::start(&path));
    started.await.unwrap().unwrap()
}
