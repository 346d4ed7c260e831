//! What the tests of this backend share.

#![allow(dead_code, reason = "each test file uses its part")]

use serde_json::json;
use trilby_eventlog::conformance;
pub use trilby_eventlog::conformance::{account, at, event};
use trilby_eventlog::{Commit, EventLog, Head};
use trilby_eventlog_sqlite::Options;

pub fn options() -> Options {
    Options {
        store_key_fingerprint: Some([1; 32]),
        ..Options::default()
    }
}

/// A commit of so many events that fits the log as it stands.
pub async fn commit(store: &dyn EventLog, n: u64, n_events: u64) -> Commit {
    let events = (0..n_events).map(event).collect();
    let entry = conformance::entry(store, &account(n), events).await;
    Commit::new(at(0), json!({}), [7; 32], vec![entry])
}

pub async fn append(store: &dyn EventLog, n: u64, n_events: u64) -> Head {
    let commit = commit(store, n, n_events).await;
    store.append(commit).await.unwrap().heads.remove(0)
}
