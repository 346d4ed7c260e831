//! What the tests of this backend share.

#![allow(dead_code, reason = "each test file uses its part")]

use serde_json::json;
use trilby_eventlog::{Commit, Entry, EventLog, Expected, Head, NewEvent};
use trilby_eventlog_sqlite::Options;
use trilby_model::{LogId, Timestamp};

pub fn options() -> Options {
    Options {
        store_key_fingerprint: Some([1; 32]),
        ..Options::default()
    }
}

pub fn account(n: u64) -> LogId {
    format!("{n:012}").parse().unwrap()
}

pub fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix_seconds(1_700_000_000).plus_seconds(seconds)
}

pub fn event(n: u64) -> NewEvent {
    NewEvent {
        etype: "test.happened".to_owned(),
        ever: 1,
        data: json!({ "n": n }),
    }
}

/// A commit of so many events that fits the log as it stands.
pub async fn commit(store: &dyn EventLog, n: u64, n_events: u64) -> Commit {
    let log = account(n);
    let expected = match store.head(&log).await.unwrap() {
        Some(head) => Expected::at(&head),
        None => Expected::New,
    };
    let events = (0..n_events).map(event).collect();
    Commit::new(
        at(0),
        json!({}),
        [7; 32],
        vec![Entry {
            log,
            expected,
            events,
        }],
    )
}

pub async fn append(store: &dyn EventLog, n: u64, n_events: u64) -> Head {
    let commit = commit(store, n, n_events).await;
    store.append(commit).await.unwrap().heads.remove(0)
}
