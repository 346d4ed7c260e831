//! What the directory counts.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use metrics::{
    Counter, CounterFn, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit,
};
use trilby_directory::{Directory, Error, Options};
use trilby_eventlog::{FeedMessage, Memory};
use trilby_model::{Hash, LogId, Position, Seq};

use crate::store::*;

const QUARANTINES: &str = "trilby_log_quarantines_total";
const FORKS: &str = "trilby_log_forks_total";

/// Counts of this thread's metrics.
#[derive(Default)]
pub struct Counts(Mutex<BTreeMap<String, Arc<Count>>>);

#[derive(Default)]
struct Count(AtomicU64);

impl CounterFn for Count {
    fn increment(&self, by: u64) {
        self.0.fetch_add(by, Ordering::SeqCst);
    }

    fn absolute(&self, value: u64) {
        self.0.store(value, Ordering::SeqCst);
    }
}

impl Counts {
    /// A counter, over all its labels.
    pub fn of(&self, name: &str) -> u64 {
        let counts = self.0.lock().unwrap();
        counts
            .get(name)
            .map_or(0, |one| one.0.load(Ordering::SeqCst))
    }
}

impl Recorder for &Counts {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        let mut counts = self.0.lock().unwrap();
        let count = counts.entry(key.name().to_owned()).or_default();
        Counter::from_arc(Arc::clone(count))
    }

    fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::noop()
    }

    fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::noop()
    }
}

/// Runs something whose time is not the clock's, and counts.
fn counted(work: impl Future<Output = ()>) -> Counts {
    let counts = Counts::default();
    metrics::with_local_recorder(&&counts, || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(work);
    });
    counts
}

/// Asks for a log at least as far as its poison is.
async fn meets_poison(directory: &Directory, n: u64) {
    let position = Position {
        log: LogId::Account(account(n)),
        seq: Seq::new(2),
        hash: None,
    };
    let asked = directory.at_least(&position).await;
    assert!(matches!(asked, Err(Error::Quarantined { .. })), "{asked:?}");
}

/// Long enough for a log that could not be folded to be tried again.
const LATER: Duration = Duration::from_secs(5);

#[test]
fn a_poisoned_log_is_counted_once_however_often_it_is_asked_for() {
    let counts = counted(async {
        let memory = Memory::for_tests();
        let directory = follower(&memory).await;
        for n in [1, 2, 3] {
            append(&directory, account(n), vec![created(account(n))]).await;
        }
        for n in [1, 2] {
            poison(&memory, n).await;
        }
        for _ in 0..4 {
            for n in [1, 2] {
                meets_poison(&directory, n).await;
            }
            directory.account(account(3)).await.unwrap();
            tokio::time::sleep(LATER).await;
        }
    });
    assert_eq!(counts.of(QUARANTINES), 2);
    assert_eq!(counts.of(FORKS), 0);
}

#[test]
fn another_process_that_meets_the_poison_counts_it_too() {
    let counts = counted(async {
        let memory = Memory::for_tests();
        let directory = follower(&memory).await;
        append(&directory, account(1), vec![created(account(1))]).await;
        poison(&memory, 1).await;
        let late = follower(&memory).await;
        for directory in [&directory, &late] {
            meets_poison(directory, 1).await;
        }
    });
    assert_eq!(counts.of(QUARANTINES), 2);
}

#[test]
fn a_log_that_is_not_what_was_folded_is_counted() {
    let counts = counted(async {
        let memory = Memory::for_tests();
        let feed = HandFeed::new(16);
        let (reader, _) = directory(&memory, &feed, Options::default()).await;
        let (writer, _) = directory(&memory, &memory, Options::default()).await;
        append(&writer, account(1), vec![created(account(1))]).await;
        append(&writer, account(1), vec![renamed("other")]).await;
        assert_eq!(name(&reader, account(1)).await, "other");
        let told = commits(&memory, account(1)).await;
        // Twice the same is no fork.
        for commit in told.clone() {
            feed.0.send(FeedMessage::Commit(Arc::new(commit))).unwrap();
        }
        tokio::time::sleep(LATER).await;
        // Another commit at a place that was folded.
        let mut other = told.last().unwrap().clone();
        other.hash = Hash([7; 32]);
        feed.0.send(FeedMessage::Commit(Arc::new(other))).unwrap();
        tokio::time::sleep(LATER).await;
        // The log has the last word.
        assert_eq!(name(&reader, account(1)).await, "other");
        assert_eq!(
            reader.account(account(1)).await.unwrap().head.log,
            LogId::Account(account(1))
        );
    });
    assert_eq!(counts.of(FORKS), 1);
    assert_eq!(counts.of(QUARANTINES), 0);
}
