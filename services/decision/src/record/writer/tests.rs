use trilby_eventlog::{ActivityFilter, Memory};
use trilby_model::{LogId, Timestamp};

use super::*;

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
    let writer = Writer::start(Arc::new(memory.clone())).unwrap();
    for n in 0..1_000 {
        writer.record(record(n));
    }
    writer.flush().await;
    assert_eq!(count(&memory).await, 1_000);
}

#[tokio::test]
async fn closing_writes_what_waits_and_takes_no_more() {
    let memory = Memory::for_tests();
    let writer = Writer::start(Arc::new(memory.clone())).unwrap();
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
    let writer = Writer::start(Arc::new(memory.clone())).unwrap();
    for n in [1, 2, 1, 3] {
        writer.record(record(n));
    }
    writer.flush().await;
    assert_eq!(count(&memory).await, 3);
}

#[tokio::test]
async fn a_full_queue_drops_and_never_waits() {
    let (queue, _unread) = mpsc::channel(1);
    let writer = Writer { queue };
    for n in 0..100 {
        writer.record(record(n));
    }
    assert_eq!(writer.queue.capacity(), 0);
}
