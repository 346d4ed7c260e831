//! What must hold when something breaks: the invariants I1, I2 and I5 of the log, by small forms of its failure tests.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use serde_json::json;
use trilby_eventlog::{
    AppendError, Commit, Dependency, Entry, EventLog, Expected, NewRevocation, RevocationKind,
    conformance,
};
use trilby_eventlog_postgres::{Options, Postgres, Role};
use trilby_model::Seq;
use trilby_testkit::simulation::{Random, Run};

use crate::support::common;
use crate::support::common::{Database, account, append, at, event, salt};
use crate::support::proxy;
use crate::support::work::{Id, assert_sound, execute, execute_surely};

const CHILD_URL: &str = "TRILBY_TEST_CRASH_URL";
const CHILD_ROUND: &str = "TRILBY_TEST_CRASH_ROUND";
const WRITERS: u64 = 6;
const KILLS: u64 = 8;

fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}").unwrap();
    out.flush().unwrap();
}

/// Not a test: the child of the next one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs services"]
async fn child_of_the_crash_test() {
    let Ok(url) = std::env::var(CHILD_URL) else {
        return;
    };
    let round: u64 = std::env::var(CHILD_ROUND).unwrap().parse().unwrap();
    let store = Postgres::open(&Options::new(url, Role::Identity))
        .await
        .unwrap();
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..WRITERS {
        let store = store.clone();
        writers.spawn(async move {
            for n in 0.. {
                say(&format!("try {writer} {n}"));
                let seq = execute_surely(&store, (round, writer, n)).await;
                say(&format!("ack {writer} {n} {}", seq.get()));
            }
        });
    }
    writers.join_all().await;
}

fn run_and_kill(
    url: &str,
    round: u64,
    count: u64,
    tried: &mut BTreeSet<Id>,
    told: &mut BTreeMap<Id, Seq>,
) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "failures::child_of_the_crash_test",
            "--ignored",
            "--nocapture",
        ])
        .env(CHILD_URL, url)
        .env(CHILD_ROUND, round.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    // Before a commit is sent, while it is under way, before its caller knows: by the round.
    let word = if round.is_multiple_of(2) {
        "try"
    } else {
        "ack"
    };
    let (mut seen, mut killed) = (0, false);
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    for line in lines.map_while(Result::ok) {
        let words: Vec<&str> = line.split(' ').collect();
        let number = |i: usize| words[i].parse::<u64>().unwrap();
        match words[0] {
            "try" => drop(tried.insert((round, number(1), number(2)))),
            "ack" => drop(told.insert((round, number(1), number(2)), Seq::new(number(3)))),
            _ => {}
        }
        seen += u64::from(words[0] == word);
        if seen == count && !killed {
            child.kill().unwrap();
            killed = true;
        }
    }
    assert!(killed, "round {round}: the child ended by itself");
    child.wait().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs services"]
async fn killing_a_writer_loses_and_repeats_nothing() {
    let mut run = Run::of("F1");
    let database = Database::new();
    let store = database.open(Role::Admin).await;
    let (mut tried, mut told) = (BTreeSet::new(), BTreeMap::new());
    while run.goes_on(KILLS) {
        let round = run.round();
        let count = 10 + run.random.below(23);
        let url = database.url.clone();
        let done = tokio::task::spawn_blocking(move || {
            run_and_kill(&url, round, count, &mut tried, &mut told);
            (tried, told)
        });
        (tried, told) = done.await.unwrap();
        // The clients of this round ask again, all of them, answered or not.
        for id in tried.iter().filter(|id| id.0 == round) {
            let seq = execute_surely(&store, *id).await;
            assert_eq!(*told.entry(*id).or_insert(seq), seq, "{id:?} has one place");
        }
    }
    assert_sound(&store, &told, tried.iter().copied()).await;
    assert_eq!(told.len(), tried.len());
    assert!(tried.len() > 80, "too little was written: {}", tried.len());
    let n_kills = usize::try_from(run.round()).unwrap();
    run.tell(&[("kills", n_kills), ("acknowledged", told.len())]);
}

fn address(url: &str) -> String {
    let after = url.rsplit_once('@').unwrap().1;
    after.split(['/', '?']).next().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs services"]
async fn a_connection_cut_at_its_commit_is_neither_lost_nor_doubled() {
    let run = Run::of("F5");
    let database = Database::new();
    let proxy = proxy::start(address(&database.url), 5).await;
    let server = address(&database.url);
    let through = database
        .url
        .replace(&server, &format!("127.0.0.1:{}", proxy.port));
    let store = Postgres::open(&Options::new(through, Role::Identity))
        .await
        .unwrap();
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..WRITERS {
        let store = store.clone();
        writers.spawn(async move {
            let mut told = Vec::new();
            for n in 0..60 {
                told.push(((0, writer, n), execute(&store, (0, writer, n)).await));
            }
            told
        });
    }
    let outcomes: Vec<_> = writers.join_all().await.into_iter().flatten().collect();
    assert!(
        proxy.n_cuts() > 10,
        "only {} connections were cut",
        proxy.n_cuts()
    );
    let direct = database.open(Role::Admin).await;
    let mut told = BTreeMap::new();
    let mut n_unknown = 0;
    for (id, outcome) in outcomes {
        match outcome {
            Ok(seq) => drop(told.insert(id, seq)),
            Err(_) => n_unknown += 1,
        }
        // Whoever does not know asks again.
        let seq = execute_surely(&direct, id).await;
        assert_eq!(*told.entry(id).or_insert(seq), seq, "{id:?} has one place");
    }
    let ids: Vec<Id> = told.keys().copied().collect();
    assert_sound(&direct, &told, ids).await;
    assert!(
        n_unknown * 10 < told.len(),
        "{n_unknown} of {} were given up",
        told.len()
    );
    let n_cuts = usize::try_from(proxy.n_cuts()).unwrap();
    run.tell(&[("cuts", n_cuts), ("acknowledged", told.len())]);
}

/// Two services, sixteen writers, one to three of eight logs in any order, a fifth of the commits on old heads, some of
/// them revoking, some by those who may have been revoked.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs services"]
async fn commits_of_several_logs_are_whole_or_absent_whatever_their_order() {
    let mut run = Run::of("F18");
    let database = Database::new();
    let stores = [
        database.open(Role::Identity).await,
        database.open(Role::Token).await,
    ];
    for n in 0..8 {
        append(&stores[0], n, 1).await;
    }
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..16_u64 {
        let store = stores[usize::from(writer.is_multiple_of(2))].clone();
        writers.spawn(contend(store, writer, Random::new(run.random.draw())));
    }
    let outcomes: Vec<(u64, u64, Vec<u64>)> = writers.join_all().await;
    let (won, lost) = outcomes
        .iter()
        .fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
    assert!(won > 100 && lost > 100, "{won} won, {lost} lost");
    let admin = database.open(Role::Admin).await;
    conformance::assert_sound(&admin).await;
    // Each commit that was acknowledged is whole in each of its logs, and nothing else is there.
    let mut parts: BTreeMap<u64, (u64, u64)> = BTreeMap::new();
    for n in 0..8 {
        for commit in admin.read(&account(n), Seq::new(1), 100_000).await.unwrap() {
            let data = commit.events[0].data().unwrap();
            let (id, of) = (data["id"].as_u64().unwrap(), data["of"].as_u64().unwrap());
            let part = parts.entry(id).or_insert((0, of));
            part.0 += 1;
            assert_eq!(u64::try_from(commit.with().len()).unwrap() + 1, of);
        }
    }
    assert!(
        parts.values().all(|(found, of)| found == of),
        "a commit is there in part"
    );
    let acknowledged: BTreeSet<u64> = outcomes
        .iter()
        .flat_map(|one| one.2.iter().copied())
        .collect();
    assert_eq!(
        parts.keys().copied().collect::<BTreeSet<u64>>(),
        acknowledged
    );
    run.tell(&[
        ("won", usize::try_from(won).unwrap()),
        ("lost", usize::try_from(lost).unwrap()),
    ]);
}

async fn contend(store: Postgres, writer: u64, mut random: Random) -> (u64, u64, Vec<u64>) {
    let mut old = BTreeMap::new();
    let (mut lost, mut acknowledged) = (0, Vec::new());
    for n in 0..40 {
        let mut logs: Vec<u64> = (0..1 + random.below(3)).map(|_| random.below(8)).collect();
        let mut seen = BTreeSet::new();
        logs.retain(|log| seen.insert(*log));
        let id = writer * 1_000 + n;
        let mut entries = Vec::new();
        let is_stale = random.below(5) == 0;
        for log in &logs {
            let now = store.head(&account(*log)).await.unwrap().unwrap();
            let head = if is_stale {
                old.get(log).unwrap_or(&now)
            } else {
                &now
            };
            let mut happened = event(0);
            happened.data = json!({ "id": id, "of": logs.len() });
            entries.push(Entry {
                log: account(*log),
                expected: Expected::at(head),
                events: vec![happened],
            });
            old.entry(*log).or_insert(now);
        }
        let first = account(logs[0]);
        let mut wish = Commit::new(at(0), json!({}), salt(), entries);
        if random.below(10) == 0 {
            wish.revocations.push(NewRevocation {
                log: first.clone(),
                event: 0,
                kind: RevocationKind::User,
                id_hash: [1; 16],
                before: None,
            });
        }
        let caller = Dependency {
            log: first.clone(),
            kind: RevocationKind::User,
            id_hash: [1; 16],
            seq: store.head(&first).await.unwrap().unwrap().seq,
        };
        wish.alive.push(caller.clone());
        match store.append(wish).await {
            Ok(committed) => {
                acknowledged.push(id);
                // Nobody writes who was revoked before: a revocation that the log had is older than the commit.
                let own = committed
                    .commits
                    .iter()
                    .find(|one| one.log == first)
                    .unwrap();
                let since = store.revocations_since(at(-1)).await.unwrap();
                let ended = since
                    .iter()
                    .any(|row| caller.is_ended_by(row) && row.seq < own.first);
                assert!(!ended, "{id} was written by a caller who was revoked");
            }
            Err(AppendError::Stale { .. } | AppendError::Dead { .. }) => lost += 1,
            Err(error) => panic!("{id}: {error}"),
        }
    }
    (
        u64::try_from(acknowledged.len()).unwrap(),
        lost,
        acknowledged,
    )
}

/// Clocks ten minutes early and late that jump about, of several processes and one log.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs services"]
async fn wrong_clocks_change_no_order_and_no_time_goes_back() {
    let mut run = Run::of("F12");
    let database = Database::new();
    let store = database.open(Role::Identity).await;
    let mut writers = tokio::task::JoinSet::new();
    for _ in 0..WRITERS {
        let (store, mut random) = (store.clone(), Random::new(run.random.draw()));
        writers.spawn(async move {
            let mut told = Vec::new();
            while told.len() < 40 {
                let mut wish = common::commit(&store, 1, 1).await;
                let skew = i64::try_from(random.below(1_200)).unwrap() - 600;
                wish.at = at(skew);
                match store.append(wish).await {
                    Ok(committed) => told.push(committed.commits[0].first),
                    Err(AppendError::Stale { .. }) => {}
                    Err(error) => panic!("{error}"),
                }
            }
            told
        });
    }
    let told = writers.join_all().await;
    for of_writer in &told {
        assert!(of_writer.is_sorted(), "each writer's are in its own order");
    }
    let mut places: Vec<u64> = told.concat().iter().map(|seq| seq.get()).collect();
    places.sort_unstable();
    assert_eq!(places, (1..=WRITERS * 40).collect::<Vec<u64>>());
    let admin = database.open(Role::Admin).await;
    conformance::assert_sound(&admin).await;
    let commits = admin.read(&account(1), Seq::ZERO, 1_000).await.unwrap();
    assert!(commits.is_sorted_by_key(|commit| commit.at));
    let n_clamped = commits
        .array_windows()
        .filter(|[one, next]| one.at == next.at);
    let n_clamped = n_clamped.count();
    assert!(n_clamped > 100, "only {n_clamped} clocks were behind");
    run.tell(&[("commits", commits.len()), ("clamped", n_clamped)]);
}

/// The outbox is read by taking rows and giving them back as done, never by a position: a row with a lower number may
/// become visible later. The control reads by position and must lose rows, or the test shows nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs services"]
async fn slow_transactions_lose_nothing_from_the_outbox() {
    let run = Run::of("F16");
    let database = Database::new();
    let store = database.open(Role::Identity).await;
    let relay = database.open(Role::Relay).await;
    let n_each = 60;
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..12_u64 {
        let store = store.clone();
        writers.spawn(async move {
            for _ in 0..n_each {
                append(&store, writer, 1).await;
                tokio::time::sleep(Duration::from_millis(15)).await;
            }
        });
    }
    // Slow ones, by hand: each draws its number and is visible only when the control has passed it.
    let position = Arc::new(AtomicI64::new(0));
    for n in 0..4_u64 {
        let client = database.client().await;
        let slow = 100 + n;
        append(&store, slow, 1).await;
        let position = Arc::clone(&position);
        writers.spawn(async move {
            for _ in 0..8 {
                let sql = format!(
                    "insert into outbox (shard, log_id, first_seq, last_seq, tx_id) \
                     select 0, log_id, 1, 1, repeat('x', 16)::bytea from log_head where public_id = '{}' returning id",
                    account(slow)
                );
                client.batch_execute("begin").await.unwrap();
                let id: i64 = client.query_one(&sql, &[]).await.unwrap().get(0);
                for _ in 0..200 {
                    if position.load(Ordering::SeqCst) > id {
                        break;
                    }
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
                client.batch_execute("commit").await.unwrap();
            }
        });
    }
    let client = database.client().await;
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let control = tokio::spawn(read_by_position(client, stopped, position));
    let mut by_taking: Vec<i64> = Vec::new();
    let mut seqs: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    let mut slow: BTreeSet<i64> = BTreeSet::new();
    let mut idle = 0;
    while idle < 20 {
        // Slower than the control, which must have seen a row before it is deleted.
        tokio::time::sleep(Duration::from_millis(40)).await;
        let rows = relay.outbox_take(500).await.unwrap();
        let ids: Vec<i64> = rows.iter().map(|row| row.id).collect();
        for row in &rows {
            if (100..104).any(|n| row.log == account(n)) {
                slow.insert(row.id);
            }
            seqs.entry(row.log.to_string())
                .or_default()
                .push(row.first.get());
        }
        by_taking.extend(&ids);
        relay.outbox_done(&ids).await.unwrap();
        while writers.try_join_next().is_some() {}
        idle = if writers.is_empty() && ids.is_empty() {
            idle + 1
        } else {
            0
        };
    }
    drop(stop);
    let by_position = control.await.unwrap();
    let distinct: BTreeSet<i64> = by_taking.iter().copied().collect();
    assert_eq!(distinct.len(), by_taking.len(), "each once");
    assert_eq!(
        u64::try_from(by_taking.len()).unwrap(),
        12 * n_each + 4 + 4 * 8
    );
    for n in 0..12 {
        let wanted: Vec<u64> = (1..=n_each).collect();
        assert_eq!(
            seqs[&account(n).to_string()],
            wanted,
            "in the order of the log"
        );
    }
    let n_lost = slow.difference(&by_position).count();
    run.tell(&[
        ("commits", by_taking.len()),
        ("slow", slow.len()),
        ("lost_by_a_cursor", n_lost),
    ]);
    assert!(
        n_lost > 16,
        "the control lost only {n_lost}: nothing is shown"
    );
}

/// A reader that remembers how far it was.
async fn read_by_position(
    client: tokio_postgres::Client,
    mut stopped: tokio::sync::oneshot::Receiver<()>,
    position: Arc<AtomicI64>,
) -> BTreeSet<i64> {
    let mut seen = BTreeSet::new();
    while matches!(
        stopped.try_recv(),
        Err(tokio::sync::oneshot::error::TryRecvError::Empty)
    ) {
        let sql = "select id from outbox where id > $1 order by id";
        let after = position.load(Ordering::SeqCst);
        for row in client.query(sql, &[&after]).await.unwrap() {
            position.store(row.get(0), Ordering::SeqCst);
            seen.insert(row.get::<_, i64>(0));
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    seen
}

/// I7: somebody holds the head of one log, and the others' writers wait for nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs services"]
async fn a_log_that_is_held_holds_up_no_other() {
    let database = Database::new();
    let store = database.open(Role::Identity).await;
    for n in [1, 2] {
        append(&store, n, 1).await;
    }
    let holder = database.client().await;
    holder
        .batch_execute(&format!(
            "begin; update log_head set seq = seq where public_id = '{}'",
            account(1)
        ))
        .await
        .unwrap();
    let mut held = tokio::task::JoinSet::new();
    for _ in 0..12 {
        let store = store.clone();
        held.spawn(async move {
            let commit = common::commit(&store, 1, 1).await;
            store.append(commit).await
        });
    }
    // They are in the queue, some of them in one group with these.
    for _ in 0..20 {
        let begun = std::time::Instant::now();
        append(&store, 2, 1).await;
        let took = begun.elapsed();
        assert!(took < Duration::from_secs(2), "{took:?}");
    }
    holder.batch_execute("rollback").await.unwrap();
    // One of those that wait has the seq that all of them wanted; the log is whole again.
    let mut n_taken = 0;
    while let Some(done) = held.join_next().await {
        n_taken += usize::from(done.unwrap().is_ok());
    }
    assert!(n_taken <= 1, "{n_taken}");
    append(&store, 1, 1).await;
}
