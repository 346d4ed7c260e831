use trilby_eventlog::{ActivityFilter, EventLog as _, Memory};
use trilby_model::{LogId, Timestamp};
use trilby_testkit::metrics::Measured;

use super::*;

const ROOM: usize = 8 * 1024 * 1024;

fn record(n: usize) -> Activity {
    Activity {
        log: LogId::Account("111122223333".parse().unwrap()),
        at: Timestamp::from_unix_seconds(1_800_000_000),
        kind: super::super::MADE.to_owned(),
        id: format!("d{n:05}"),
        body: b"{}".to_vec(),
    }
}

async fn count(memory: &Memory) -> usize {
    let log = record(0).log;
    let all = ActivityFilter::default();
    memory
        .activity_list(&log, &all, 100_000)
        .await
        .unwrap()
        .len()
}

#[tokio::test]
async fn everything_handed_over_before_a_flush_is_there_after_it() {
    let memory = Memory::for_tests();
    let writer = Writer::start(Arc::new(memory.clone()), ROOM).unwrap();
    for n in 0..1_000 {
        writer.record(record(n));
    }
    writer.flush().await;
    assert_eq!(count(&memory).await, 1_000);
}

#[tokio::test]
async fn closing_writes_what_waits_and_takes_no_more() {
    let memory = Memory::for_tests();
    let writer = Writer::start(Arc::new(memory.clone()), ROOM).unwrap();
    for n in 0..2_000 {
        writer.record(record(n));
    }
    writer.close().await;
    assert_eq!(count(&memory).await, 2_000);
    writer.record(record(5_000));
    writer.flush().await;
    assert_eq!(count(&memory).await, 2_000);
}

#[tokio::test]
async fn a_record_that_is_not_taken_takes_no_other_with_it() {
    let memory = Memory::for_tests();
    let writer = Writer::start(Arc::new(memory.clone()), ROOM).unwrap();
    for n in [1, 2, 1, 3] {
        writer.record(record(n));
    }
    writer.flush().await;
    assert_eq!(count(&memory).await, 3);
}

/// Takes nothing until it may.
struct Stuck(tokio::sync::Semaphore, Memory);

#[async_trait::async_trait]
impl ActivitySink for Stuck {
    async fn hand_over(&self, records: Vec<Activity>) -> Result<(), Error> {
        let _permit = self.0.acquire().await;
        self.1.hand_over(records).await
    }
}

#[tokio::test]
async fn what_does_not_fit_is_dropped_and_what_did_is_there_in_the_end() {
    let memory = Memory::for_tests();
    let stuck = Arc::new(Stuck(tokio::sync::Semaphore::new(0), memory.clone()));
    let n_fit = 100;
    let writer = Writer::start(Arc::clone(&stuck), room::bytes_of(&record(0)) * n_fit).unwrap();
    // Nothing of it waits for the sink.
    for n in 0..5_000 {
        writer.record(record(n));
    }
    stuck.0.add_permits(1);
    writer.flush().await;
    assert_eq!(count(&memory).await, n_fit);
    writer.record(record(6_000));
    writer.flush().await;
    assert_eq!(count(&memory).await, n_fit + 1);
}

#[tokio::test]
async fn what_waits_when_the_process_ends_is_counted_as_dropped() {
    const DROPPED: &str = "trilby_decision_records_dropped_total";
    let measured = Measured::new();
    let memory = Memory::for_tests();
    let stuck = Arc::new(Stuck(tokio::sync::Semaphore::new(0), memory.clone()));
    let writer = Writer::start(Arc::clone(&stuck), ROOM).unwrap();
    // More than are taken from the queue at once.
    for n in 0..1_000 {
        writer.record(record(n));
    }
    assert_eq!(measured.counter(DROPPED), 0);
    writer.close_within(Duration::from_millis(50)).await;
    assert_eq!(measured.counter(DROPPED), 1_000);
    writer.record(record(1_000));
    assert_eq!(measured.counter(DROPPED), 1_001);
    // Whoever closes in time loses none.
    let measured = Measured::new();
    let writer = Writer::start(Arc::new(Memory::for_tests()), ROOM).unwrap();
    for n in 0..1_000 {
        writer.record(record(n));
    }
    writer.close().await;
    assert_eq!(measured.counter(DROPPED), 0);
}

/// Cannot be reached for so many tries.
struct Away(std::sync::atomic::AtomicU32, Memory);

#[async_trait::async_trait]
impl ActivitySink for Away {
    async fn hand_over(&self, records: Vec<Activity>) -> Result<(), Error> {
        use std::sync::atomic::Ordering::SeqCst;
        let less = |n: u32| n.checked_sub(1);
        match self.0.fetch_update(SeqCst, SeqCst, less) {
            Ok(_) => Err(Error::Unavailable("nobody listens".to_owned())),
            Err(_) => self.1.hand_over(records).await,
        }
    }
}

#[tokio::test]
async fn records_wait_for_a_store_that_is_away_as_long_as_there_is_room() {
    const DROPPED: &str = "trilby_decision_records_dropped_total";
    let measured = Measured::new();
    let memory = Memory::for_tests();
    let away = Arc::new(Away(8.into(), memory.clone()));
    let writer = Writer::start(away, ROOM).unwrap();
    for n in 0..1_000 {
        writer.record(record(n));
    }
    while count(&memory).await < 1_000 {
        sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(measured.counter(DROPPED), 0);
}
