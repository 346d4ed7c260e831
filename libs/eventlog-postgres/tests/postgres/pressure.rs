//! More than the store can take. Whoever finds no place is told so in time; nothing that was acknowledged is lost, and nothing
//! that was refused is there.

use std::time::{Duration, Instant};

use serde_json::json;
use tokio::task::JoinSet;
use tokio_postgres::Client;
use trilby_eventlog::{
    Activity, AppendError, Commit, Entry, Error, EventLog, Expected, conformance,
};
use trilby_eventlog_postgres::Role;
use trilby_model::Seq;

use crate::support::common::{Database, account, append, at, salt};

/// More than wait in the queue, in the writer, and are under way.
const CALLERS: u64 = 4_000;

/// How long a caller waits for a place, and room for a busy machine.
const PATIENCE: Duration = Duration::from_secs(2);
const ROOM: Duration = Duration::from_secs(8);

/// Holds up whoever would write to a table.
async fn lock(database: &Database, table: &str) -> Client {
    let client = database.client().await;
    let lock = format!("begin; lock table {table} in exclusive mode");
    client.batch_execute(&lock).await.unwrap();
    client
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs services"]
async fn who_finds_no_place_among_the_writes_is_told_so_and_nothing_is_lost() {
    let database = Database::new();
    let store = database.open(Role::Identity).await;
    // Each log is there, and known to be empty.
    let insert = format!(
        "insert into log_head (public_id, kind, hash) select to_char(n, 'FM000000000000'), 1, \
         sha256('trilby.genesis.v1'::bytea || '\\x00'::bytea || (select store_id from store_meta) \
         || '\\x0000000c'::bytea || to_char(n, 'FM000000000000')::bytea || '\\x01'::bytea) \
         from generate_series(0, {CALLERS} - 1) n"
    );
    database
        .client()
        .await
        .batch_execute(&insert)
        .await
        .unwrap();
    let held = lock(&database, "event").await;
    let mut callers = JoinSet::new();
    for n in 0..CALLERS {
        let store = store.clone();
        callers.spawn(async move {
            let entry = Entry {
                log: account(n),
                expected: Expected::New,
                events: vec![conformance::event(n)],
            };
            let begun = Instant::now();
            let commit = Commit::new(at(0), json!({}), salt(), vec![entry]);
            let outcome = store.append(commit).await;
            (n, outcome.map(drop), begun.elapsed())
        });
    }
    let mut held = Some(held);
    let (mut done, mut refused, mut late) = (Vec::new(), Vec::new(), 0);
    while let Some(ended) = callers.join_next().await {
        let (n, outcome, waited) = ended.unwrap();
        match outcome {
            Ok(()) => done.push(n),
            Err(AppendError::Busy(why)) => {
                assert!(why.contains("queue is full"), "{why}");
                assert!(waited >= PATIENCE && waited < PATIENCE + ROOM, "{waited:?}");
                refused.push(n);
                // Those who have a place go on.
                held = None;
            }
            // It had a place, and its turn came while the table was locked.
            Err(AppendError::Unavailable(why)) => {
                assert!(why.contains("55P03"), "{why}");
                late += 1;
                refused.push(n);
            }
            Err(error) => panic!("{n}: {error}"),
        }
    }
    assert!(held.is_none(), "the queue was never full");
    eprintln!("{} refused, {late} of them late", refused.len());
    assert!(done.len() > 1_000, "only {} were written", done.len());
    let seq_of = async |n| store.head(&account(n)).await.unwrap().map(|head| head.seq);
    for n in done {
        assert_eq!(seq_of(n).await, Some(Seq::new(1)), "{n} was acknowledged");
    }
    for n in refused {
        assert!(
            seq_of(n).await.is_none_or(|seq| seq == Seq::ZERO),
            "{n} was refused"
        );
    }
    // There is room again.
    append(&store, CALLERS, 1).await;
    let admin = database.open(Role::Admin).await;
    conformance::assert_sound(&admin).await;
}

/// Calls that record, fewer than [`CALLERS`] for what each of them writes.
const CALLS: u64 = 1_800;
/// Records of a call, so that not all calls that wait are gathered at once.
const RECORDS: u64 = 20;

fn records(call: u64) -> Vec<Activity> {
    let record = |n: u64| Activity {
        log: account(1),
        at: at(0),
        kind: "test".to_owned(),
        id: format!("TSES{call}-{n}"),
        body: b"{}".to_vec(),
    };
    (0..RECORDS).map(record).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs services"]
async fn who_finds_no_place_among_the_records_is_told_so_and_nothing_is_lost() {
    let database = Database::new();
    let store = database.open(Role::Token).await;
    append(&store, 1, 1).await;
    // The hour has its partition.
    store.activity_append(records(CALLS)).await.unwrap();
    let mut held = Some(lock(&database, "activity").await);
    let mut callers = JoinSet::new();
    for n in 0..CALLS {
        let store = store.clone();
        callers.spawn(async move { (n, store.activity_append(records(n)).await) });
    }
    let (mut done, mut refused, mut n_full) = (Vec::new(), Vec::new(), 0);
    while let Some(ended) = callers.join_next().await {
        match ended.unwrap() {
            (n, Ok(())) => done.push(n),
            (n, Err(Error::Busy(why))) => {
                assert!(why.contains("queue is full"), "{why}");
                n_full += 1;
                // Those who have a place go on.
                held = None;
                refused.push(n);
            }
            (n, Err(Error::Unavailable(why))) => {
                // It had a place, and its turn came while the table was locked.
                assert!(why.contains("55P03"), "{why}");
                refused.push(n);
            }
            (n, Err(error)) => panic!("{n}: {error}"),
        }
    }
    assert!(held.is_none(), "the queue was never full");
    assert!(n_full > 50 && done.len() > 500, "{n_full} {}", done.len());
    let is_there = async |call: u64, n: u64| {
        let id = format!("TSES{call}-{n}");
        let found = store.activity_get(&account(1), &id).await.unwrap();
        found.is_some()
    };
    for n in done {
        assert!(
            is_there(n, 0).await && is_there(n, RECORDS - 1).await,
            "{n} was acknowledged"
        );
    }
    for n in refused {
        assert!(!is_there(n, 0).await, "{n} was refused");
    }
    store.activity_append(records(CALLS + 1)).await.unwrap();
    let admin = database.open(Role::Admin).await;
    conformance::assert_sound(&admin).await;
}
