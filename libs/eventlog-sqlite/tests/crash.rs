//! `kill -9` in the middle of writes, fifty times over: what was acknowledged is there exactly
//! once, what was not is there once or not at all, and a repetition tells which.
//!
//! The test starts itself again as a child, which writes and says what it tries (`try`), what was
//! answered to it (`answered`) and what it told its client (`ack`). The parent kills it at one of
//! these lines, so that the writer dies before the commit is sent, while it is on its way, and
//! after it is on the disk but before the client knows.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

#[path = "support/common.rs"]
mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use common::{account, at, options};
use serde_json::json;
use trilby_eventlog::verify::{Options as Verify, Status, verify};
use trilby_eventlog::{AppendError, Commit, Entry, EventLog, Expected, NewEvent, NewReceipt};
use trilby_eventlog_sqlite::Sqlite;
use trilby_model::{LogId, Seq};

const KILLS: u64 = 50;
const CHILD_DIR: &str = "TRILBY_TEST_CRASH_DIR";
const CHILD_ROUND: &str = "TRILBY_TEST_CRASH_ROUND";
const WRITERS: u64 = 4;

/// A command: which run of the child, which of its writers, which of that one's commands.
type Id = (u64, u64, u64);

fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}").unwrap();
    out.flush().unwrap();
}

fn log_of((_, writer, _): Id) -> LogId {
    account(writer % 3)
}

fn key_of((round, writer, n): Id) -> [u8; 32] {
    let mut key = [0; 32];
    for (i, part) in [round, writer, n].into_iter().enumerate() {
        key[i * 8..i * 8 + 8].copy_from_slice(&part.to_be_bytes());
    }
    key
}

/// A command's commit: one to three events, every third also one in the organization's log.
async fn commit_of(store: &Sqlite, id: Id) -> Commit {
    let log = log_of(id);
    let mut entries = Vec::new();
    let mut add = async |log: LogId, n_events: u64| {
        let expected = match store.head(&log).await.unwrap() {
            Some(head) => Expected::at(&head),
            None => Expected::New,
        };
        let event = |part: u64| NewEvent {
            etype: "test.happened".to_owned(),
            ever: 1,
            data: json!({ "id": [id.0, id.1, id.2], "part": part, "padding": "x".repeat(300) }),
        };
        entries.push(Entry {
            log,
            expected,
            events: (0..n_events).map(event).collect(),
        });
    };
    add(log.clone(), 1 + id.2 % 3).await;
    if id.2.is_multiple_of(3) {
        add("o-4k7m2xq9ab".parse().unwrap(), 1).await;
    }
    let receipt = NewReceipt {
        log,
        key: key_of(id),
        request_hash: [0; 32],
        status: 200,
        response: None,
    };
    Commit {
        receipt: Some(receipt),
        ..Commit::new(at(0), json!({}), key_of(id), entries)
    }
}

/// What a service does with a command. Gives the seq of its first event and whether it was there already.
async fn execute(store: &Sqlite, id: Id) -> (Seq, bool) {
    loop {
        match store.append(commit_of(store, id).await).await {
            Ok(committed) => return (committed.commits[0].first, false),
            Err(AppendError::Receipt(receipt)) => return (receipt.first, true),
            Err(AppendError::Stale { .. }) => {}
            Err(error) => panic!("{error}"),
        }
    }
}

/// Not a test: the child. Does nothing when it is not started by the parent.
#[test]
fn child_of_the_crash_test() {
    let Some(dir) = std::env::var_os(CHILD_DIR) else {
        return;
    };
    let round: u64 = std::env::var(CHILD_ROUND).unwrap().parse().unwrap();
    say("opening");
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let store = Sqlite::open(Path::new(&dir), &options()).unwrap();
        let writers = (0..WRITERS).map(|writer| {
            let store = store.clone();
            tokio::spawn(async move {
                for n in 0.. {
                    let id = (round, writer, n);
                    say(&format!("try {writer} {n}"));
                    let (seq, _) = execute(&store, id).await;
                    say(&format!("answered {writer} {n} {}", seq.get()));
                    say(&format!("ack {writer} {n} {}", seq.get()));
                }
            })
        });
        futures::future::join_all(writers.collect::<Vec<_>>()).await;
    });
}

/// At which line of the child it is killed.
fn killed_at(round: u64) -> (&'static str, u64) {
    // Spread over the course of writing; the primes only keep the rounds from being alike.
    let count = 1 + (round * 7) % 23;
    match round % 5 {
        0 => ("try", count * 2),
        1 => ("answered", count),
        2 | 3 => ("ack", count),
        _ => ("opening", 1),
    }
}

#[derive(Default)]
struct Told {
    tried: BTreeSet<Id>,
    answered: BTreeMap<Id, Seq>,
}

fn run_and_kill(dir: &Path, round: u64, told: &mut Told) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "child_of_the_crash_test",
            "--nocapture",
            "--test-threads=1",
        ])
        .env(CHILD_DIR, dir)
        .env(CHILD_ROUND, round.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .unwrap();
    let (word, count) = killed_at(round);
    let mut seen = 0;
    let mut killed = false;
    for line in BufReader::new(child.stdout.take().unwrap())
        .lines()
        .map_while(Result::ok)
    {
        let words: Vec<&str> = line.split(' ').collect();
        let number = |i: usize| words[i].parse::<u64>().unwrap();
        match words[0] {
            "try" => {
                told.tried.insert((round, number(1), number(2)));
            }
            // Said only after the store's answer, so as good as an acknowledgement.
            "answered" | "ack" => {
                told.answered
                    .insert((round, number(1), number(2)), Seq::new(number(3)));
            }
            _ => {}
        }
        // libtest may print its own word before the child's first.
        seen += u64::from(words[0] == word || words.last() == Some(&word));
        if seen == count && !killed {
            child.kill().unwrap();
            killed = true;
        }
    }
    assert!(killed, "round {round}: the child ended by itself");
    child.wait().unwrap();
}

/// How often each command's first event is in its log, and where.
async fn found(store: &Sqlite) -> BTreeMap<Id, Vec<Seq>> {
    let mut found: BTreeMap<Id, Vec<Seq>> = BTreeMap::new();
    for log in (0..3).map(account) {
        let mut after = Seq::ZERO;
        loop {
            let commits = store.read(&log, after, 500).await.unwrap();
            let Some(last) = commits.last() else { break };
            after = last.last;
            for commit in &commits {
                let data = commit.events[0].data().unwrap();
                let part = |i: usize| data["id"][i].as_u64().unwrap();
                found
                    .entry((part(0), part(1), part(2)))
                    .or_default()
                    .push(commit.first);
            }
        }
    }
    found
}

async fn assert_nothing_lost(dir: &Path, round: u64, told: &Told) {
    let store = Sqlite::open(dir, &options()).unwrap();
    let report = verify(&store, &Verify::default()).await.unwrap();
    assert_eq!(
        report.status,
        Status::Ok,
        "round {round}: {:?}",
        report.findings
    );
    let before = found(&store).await;
    for (id, seq) in &told.answered {
        assert_eq!(
            before.get(id),
            Some(&vec![*seq]),
            "round {round}: {id:?} was acknowledged"
        );
    }
    // The clients of this round ask again, all of them, answered or not.
    for id in told.tried.iter().filter(|id| id.0 == round) {
        let (seq, was_there) = execute(&store, *id).await;
        assert_eq!(was_there, before.contains_key(id), "round {round}: {id:?}");
        if let Some(first) = before.get(id) {
            assert_eq!(*first, [seq], "round {round}: {id:?} has one place");
        }
    }
    let after = found(&store).await;
    for id in &told.tried {
        assert_eq!(
            after.get(id).map(Vec::len),
            Some(1),
            "round {round}: {id:?} is there once"
        );
    }
    assert_eq!(
        after.len(),
        told.tried.len(),
        "nothing is there that nobody asked for"
    );
}

#[test]
fn killing_the_writer_fifty_times_loses_and_repeats_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let mut told = Told::default();
    for round in 0..KILLS {
        run_and_kill(dir.path(), round, &mut told);
        runtime.block_on(assert_nothing_lost(dir.path(), round, &told));
    }
    assert!(
        told.answered.len() > 100,
        "too little was written to show anything: {}",
        told.answered.len()
    );
    let unanswered = told.tried.len() - told.answered.len();
    assert!(unanswered > 0, "no commit was ever cut off");
}

/// A store whose making was cut off is made anew, or is whole.
#[test]
fn killing_the_first_start_leaves_a_store_or_none() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    for _ in 0..8 {
        let dir = tempfile::tempdir().unwrap();
        let mut told = Told::default();
        // Round 4 is killed when it says that it opens.
        run_and_kill(dir.path(), 4, &mut told);
        runtime.block_on(assert_nothing_lost(dir.path(), 4, &told));
    }
}
