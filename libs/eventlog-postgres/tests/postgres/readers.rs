//! Readers of the outbox beside many writers, some of them slow. Who removes what it has read gets every commit, of each
//! log in order. Who remembers how far it has read loses some: that it does shows that the test bites.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio_postgres::Client;
use trilby_eventlog::{EventLog, OutboxRow};
use trilby_eventlog_postgres::{Postgres, Role};
use trilby_model::{LogId, Seq};
use trilby_testkit::simulation::Run;

use crate::support::common::Database;
use crate::support::work::{HOT, Id, assert_sound, execute_surely};

/// Processes, each with its connections.
const STORES: u64 = 4;
const WRITERS: u64 = 32;
const COMMANDS: u64 = 16;
/// Writers of other logs beside those of the hot one: of one log alone a cursor loses nothing, since its rows get their
/// numbers under its lock.
const OTHERS: u64 = 10;
/// Of each writer of the hot log.
const HOT_COMMANDS: u64 = 8;

/// One transaction in fifty (in the short form: in ten) stays open for a while after its row has its number. The other table is for the naive reader,
/// so that it does not lose what the other one has removed.
const SLOW: &str = "
    create table shown (id bigint primary key);
    grant insert on shown to public;
    create function slow() returns trigger language plpgsql as $$
    begin
        insert into shown values (new.id);
        if random() < {SHARE} then perform pg_sleep(0.05); end if;
        return null;
    end $$;
    create trigger slow after insert on outbox for each row execute function slow()";

/// Takes, keeps, removes.
async fn relay(store: Postgres, stop: Arc<AtomicBool>) -> Vec<OutboxRow> {
    let mut taken = Vec::new();
    loop {
        let is_last = stop.load(Ordering::SeqCst);
        let rows = store.outbox_take(500).await.unwrap();
        let ids: Vec<i64> = rows.iter().map(|row| row.id).collect();
        store.outbox_done(&ids).await.unwrap();
        if rows.is_empty() && is_last {
            return taken;
        }
        taken.extend(rows);
    }
}

/// Reads on from the last number that it has seen.
async fn naive(client: Client, stop: Arc<AtomicBool>) -> BTreeSet<i64> {
    let mut seen = BTreeSet::new();
    loop {
        let is_last = stop.load(Ordering::SeqCst);
        let after = seen.last().copied().unwrap_or(0_i64);
        let sql = "select id from shown where id > $1 order by id limit 500";
        let rows = client.query(sql, &[&after]).await.unwrap();
        if rows.is_empty() && is_last {
            return seen;
        }
        seen.extend(rows.iter().map(|row| row.get::<_, i64>(0)));
    }
}

/// Over five logs, every third command in an organization's as well.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs services"]
async fn a_reader_that_removes_loses_nothing_and_one_with_a_cursor_does() {
    let writers = (0..WRITERS).map(|writer| (0, writer, COMMANDS));
    beside_writers(writers.collect()).await;
}

/// All in one log, and some in others.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs services"]
async fn a_reader_loses_nothing_of_one_log_that_many_write() {
    let hot = (0..WRITERS).map(|writer| (HOT, writer, HOT_COMMANDS));
    let others = (0..OTHERS).map(|writer| (0, writer, COMMANDS));
    let n_hot = beside_writers(hot.chain(others).collect()).await;
    assert!(n_hot >= WRITERS * HOT_COMMANDS, "{n_hot} in the hot log");
}

/// Writers, each with its run, its number, and how many commands it has in the short form; in the long one each goes on until
/// the time is over. How many were written in the hot log.
async fn beside_writers(writers_of: Vec<(u64, u64, u64)>) -> u64 {
    let run = Run::of("F16");
    let goes_on = run.clock();
    let database = Database::new();
    let share = if run.is_long() { "0.02" } else { "0.1" };
    let slow = SLOW.replace("{SHARE}", share);
    database.client().await.batch_execute(&slow).await.unwrap();
    let stop = Arc::new(AtomicBool::new(false));
    let relaying = tokio::spawn(relay(database.open(Role::Relay).await, Arc::clone(&stop)));
    let reading = tokio::spawn(naive(database.client().await, Arc::clone(&stop)));
    let mut stores = Vec::new();
    for _ in 0..STORES {
        stores.push(database.open(Role::Identity).await);
    }
    let mut writers = tokio::task::JoinSet::new();
    for (round, writer, n_commands) in writers_of {
        // Not all of a log's writers in one process.
        let store = stores[usize::try_from(writer / 5 % STORES).unwrap()].clone();
        let goes_on = goes_on.clone();
        writers.spawn(async move {
            let mut told: Vec<(Id, Seq)> = Vec::new();
            for n in (0..).take_while(|n| goes_on(*n < n_commands)) {
                let id = (round, writer, n);
                told.push((id, execute_surely(&store, id).await));
            }
            told
        });
    }
    let told: BTreeMap<Id, Seq> = writers.join_all().await.into_iter().flatten().collect();
    stop.store(true, Ordering::SeqCst);
    let (taken, seen) = (relaying.await.unwrap(), reading.await.unwrap());

    // Every commit once, each log's in order and without a gap.
    let mut ends: BTreeMap<LogId, Seq> = BTreeMap::new();
    for row in &taken {
        let end = ends.entry(row.log.clone()).or_insert(Seq::ZERO);
        assert_eq!(row.first, end.next(), "{row:?}");
        *end = row.last;
    }
    let store = database.open(Role::Admin).await;
    for head in store.logs(None, 99).await.unwrap() {
        assert_eq!(ends.get(&head.log), Some(&head.seq));
    }
    assert_sound(&store, &told, told.keys().copied()).await;
    assert!(
        seen.len() < taken.len(),
        "the naive reader lost none of {}",
        taken.len()
    );
    run.tell(&[
        ("commits", taken.len()),
        ("lost_by_a_cursor", taken.len() - seen.len()),
    ]);
    let hot = told.keys().filter(|id| id.0 == HOT);
    u64::try_from(hot.count()).unwrap()
}
