//! How long an append takes on this disk, with `synchronous=FULL`, against a bare insert.
//!
//! `cargo run --release -p trilby-eventlog-sqlite --example append_time [DIR]`

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a measurement, run by hand"
)]

use std::path::Path;
use std::time::{Duration, Instant};

use rusqlite::Connection;
use serde_json::json;
use trilby_eventlog::{
    AppendError, Claim, ClaimKey, ClaimScope, Commit, Entry, EventLog, Expected, NewEvent,
    NewReceipt,
};
use trilby_eventlog_sqlite::{Options, Sqlite};
use trilby_model::{LogId, Timestamp};

const TIME: Duration = Duration::from_secs(3);

fn main() {
    let dir =
        tempfile::tempdir_in(std::env::args().nth(1).unwrap_or_else(|| ".".to_owned())).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    let raw = raw_inserts(dir.path());
    println!("bare insert, one caller: {raw:.0}/s");
    for callers in [1, 8, 32] {
        let started = Instant::now();
        let options = Options {
            store_key_fingerprint: Some([0; 32]),
            ..Options::default()
        };
        let store = Sqlite::open(&dir.path().join(callers.to_string()), &options).unwrap();
        let opened = started.elapsed();
        let mut times = runtime.block_on(appends(&store, callers));
        times.sort_unstable();
        let rate = f64::from(u32::try_from(times.len()).unwrap()) / TIME.as_secs_f64();
        println!(
            "append, {callers} callers: {rate:.0}/s ({:.2} of bare), p50 {:?}, p99 {:?}; opened in {opened:?}",
            rate / raw,
            times[times.len() / 2],
            times[times.len() * 99 / 100],
        );
    }
}

/// One row of the same size in a transaction of its own.
fn raw_inserts(dir: &Path) -> f64 {
    let conn = Connection::open(dir.join("raw.db")).unwrap();
    conn.pragma_update(None, "journal_mode", "wal").unwrap();
    conn.pragma_update(None, "synchronous", "full").unwrap();
    conn.execute_batch("create table row (id integer primary key, body blob) strict")
        .unwrap();
    let started = Instant::now();
    let mut n = 0_u32;
    while started.elapsed() < TIME {
        conn.execute("insert into row (body) values (?1)", [[7_u8; 333]])
            .unwrap();
        n += 1;
    }
    f64::from(n) / TIME.as_secs_f64()
}

/// Each caller writes to a log of its own: one event, a receipt, a claim.
async fn appends(store: &Sqlite, callers: u64) -> Vec<Duration> {
    let until = Instant::now() + TIME;
    let callers = (0..callers).map(|caller| {
        let store = store.clone();
        tokio::spawn(async move {
            let log: LogId = format!("{caller:012}").parse().unwrap();
            let mut expected = Expected::New;
            let mut times = Vec::new();
            for n in 0_u64.. {
                if Instant::now() >= until {
                    break;
                }
                let started = Instant::now();
                let committed = store.append(commit(&log, expected, n)).await;
                times.push(started.elapsed());
                expected = match committed {
                    Ok(committed) => Expected::at(&committed.heads[0]),
                    Err(AppendError::Stale { heads }) => Expected::at(&heads[0]),
                    Err(error) => panic!("{error}"),
                };
            }
            times
        })
    });
    let times = futures::future::join_all(callers.collect::<Vec<_>>()).await;
    times.into_iter().flat_map(Result::unwrap).collect()
}

fn commit(log: &LogId, expected: Expected, n: u64) -> Commit {
    let mut key = [0; 32];
    key[..8].copy_from_slice(&n.to_be_bytes());
    let event = NewEvent {
        etype: "user.created".to_owned(),
        ever: 1,
        data: json!({ "name": "mary", "padding": "x".repeat(150) }),
    };
    let mac = trilby_eventlog::claim::mac(&key, &log.to_string());
    Commit {
        receipt: Some(NewReceipt {
            log: log.clone(),
            key,
            request_hash: key,
            status: 201,
            response: None,
        }),
        claims_taken: vec![Claim {
            key: ClaimKey {
                scope: ClaimScope::Store,
                kind: 1,
                mac,
            },
            log: log.clone(),
            event: 0,
        }],
        ..Commit::new(
            Timestamp::from_unix_seconds(1_700_000_000),
            json!({ "actor": { "id": "TUSR0123456789ABCDEFG" }, "request_id": "0190b5c4-0000-7000-8000-000000000000" }),
            key,
            vec![Entry {
                log: log.clone(),
                expected,
                events: vec![event],
            }],
        )
    }
}
