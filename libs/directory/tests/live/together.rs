//! Commands of one log whose commits are under way together.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures::future::join_all;
use tokio::task::JoinHandle;
use trilby_account::event::AccountRenamed;
use trilby_directory::{Directory, Events, ExecuteError, Executed, Options, Plan, States, Write};
use trilby_eventlog::*;
use trilby_model::{LogId, Seq};

use crate::held::Verdict;
use crate::store::*;
use crate::through::Through;

type Answer = Result<Executed<()>, ExecuteError<String>>;

/// As `directory::options::COMMANDS_MAX`.
const COMMANDS_MAX: usize = 1_024;

fn log(n: u64) -> LogId {
    LogId::Account(account(n))
}

/// A store with account 1 and 2 in it, and a directory over it.
async fn store(options: Options) -> (Memory, Arc<Through>, Directory) {
    let memory = Memory::for_tests();
    let (through, directory) = over(&memory, &memory, options).await;
    (memory, through, directory)
}

async fn over(memory: &Memory, feed: &dyn Feed, options: Options) -> (Arc<Through>, Directory) {
    let through = Arc::new(Through::new(memory.clone()));
    let sink = Arc::new(Sink::default());
    let shared = Arc::clone(&through) as Arc<dyn EventLog>;
    let directory = Directory::start(shared, feed, SECRETS, sink, NOW, options);
    let directory = directory.await.unwrap();
    for n in [1, 2] {
        append(&directory, account(n), vec![created(account(n))]).await;
    }
    (through, directory)
}

fn name_of(states: &States, n: u64) -> String {
    let account = states.account(account(n)).unwrap();
    account.state.name().unwrap().to_string()
}

/// A command in a task of its own.
fn spawn(
    directory: &Directory,
    write: Write,
    decide: impl FnMut(&States) -> Result<Plan<(), String>, String> + Send + 'static,
) -> JoinHandle<Answer> {
    let directory = directory.clone();
    tokio::spawn(async move { directory.execute(write, decide).await })
}

fn rename(directory: &Directory, name: &str) -> JoinHandle<Answer> {
    let name = name.to_owned();
    spawn(directory, write(vec![log(1)]), move |_| Ok(renaming(&name)))
}

fn renaming(name: &str) -> Plan<(), String> {
    plan(vec![Events::Account(account(1), vec![renamed(name)])])
}

/// Names that account 1 was given, in order.
async fn names(memory: &Memory) -> Vec<String> {
    let commits = commits(memory, account(1)).await;
    let events = commits.iter().flat_map(|commit| &commit.events);
    let renames = events.filter(|event| event.etype == "account.renamed");
    renames
        .map(|event| {
            let event: AccountRenamed = serde_json::from_value(event.data().unwrap()).unwrap();
            event.name.to_string()
        })
        .collect()
}

fn taken() -> AppendError {
    let key = ClaimKey {
        scope: ClaimScope::Store,
        kind: 1,
        mac: [0; 32],
    };
    AppendError::ClaimTaken { key }
}

/// Lets every task go as far as it can.
async fn idle() {
    for _ in 0..1_000 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn commands_of_one_log_do_not_wait_for_each_other() {
    let (memory, through, directory) = store(Options::default()).await;
    through.held.hold();
    let all: Vec<_> = (0..20)
        .map(|n| rename(&directory, &n.to_string()))
        .collect();
    through.held.until(20).await;
    assert!(all.iter().all(|one| !one.is_finished()), "none is durable");
    assert_eq!(
        name(&directory, account(1)).await,
        "acme",
        "nobody reads what is not durable"
    );
    through.held.release().await;
    let mut seqs = Vec::new();
    for one in all {
        seqs.push(done(one.await.unwrap()).positions()[0].seq.get());
    }
    assert_eq!(seqs, (2..22).collect::<Vec<u64>>());
    let wanted: Vec<String> = (0..20).map(|n| n.to_string()).collect();
    assert_eq!(names(&memory).await, wanted);
    assert_eq!(name(&directory, account(1)).await, "19");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn each_of_many_commands_is_in_the_log_once_and_in_order() {
    let (memory, _, directory) = store(Options::default()).await;
    let callers = (0..256).map(|caller| {
        let directory = directory.clone();
        tokio::spawn(async move {
            let mut told = Vec::new();
            for n in 0..4 {
                let name = format!("{caller}-{n}");
                let executed = rename(&directory, &name).await.unwrap();
                told.push((done(executed).positions()[0].seq, name));
                let seen = directory.account(account(1)).await.unwrap().seq();
                assert!(seen >= told[n].0, "who was answered sees it");
            }
            told
        })
    });
    let mut told = BTreeMap::new();
    for caller in join_all(callers).await {
        let caller = caller.unwrap();
        assert!(caller.is_sorted());
        told.extend(caller);
    }
    let names = names(&memory).await;
    assert_eq!(told.len(), 1_024, "each has a seq of its own");
    assert_eq!(told.into_values().collect::<Vec<_>>(), names);
    let commits = commits(&memory, account(1)).await;
    for pair in commits.windows(2) {
        assert_eq!(
            (pair[0].last.next(), pair[0].hash),
            (pair[1].first, pair[1].prev_hash)
        );
    }
}

#[tokio::test]
async fn a_refusal_waits_for_what_it_rests_on() {
    let (_, through, directory) = store(Options::default()).await;
    through.held.hold();
    let first = rename(&directory, "taken");
    through.held.until(1).await;
    let second = spawn(&directory, write(vec![log(1)]), |states| {
        match name_of(states, 1).as_str() {
            "taken" => Err("it has that name".to_owned()),
            _ => Ok(renaming("taken")),
        }
    });
    let empty = spawn(&directory, write(vec![log(1)]), |states| {
        assert_eq!(name_of(states, 1), "taken");
        Ok(plan(Vec::new()))
    });
    idle().await;
    assert!(!second.is_finished() && !empty.is_finished());
    through.held.one(Verdict::Pass).await;
    done(first.await.unwrap());
    let refused = second.await.unwrap();
    assert!(
        matches!(refused, Err(ExecuteError::Refused(_))),
        "{refused:?}"
    );
    let token = done(empty.await.unwrap());
    assert_eq!(token.positions()[0].seq, Seq::new(2));
}

#[tokio::test]
async fn nothing_is_answered_that_rests_on_a_commit_that_failed() {
    for error in [taken(), AppendError::Unavailable("cut off".to_owned())] {
        let (memory, through, directory) = store(Options::default()).await;
        through.held.hold();
        let first = rename(&directory, "taken");
        through.held.until(1).await;
        let second = spawn(&directory, write(vec![log(1)]), |states| {
            match name_of(states, 1).as_str() {
                "taken" => Err("it has that name".to_owned()),
                _ => Ok(renaming("second")),
            }
        });
        let third = spawn(&directory, write(vec![log(1)]), |states| {
            Ok(renaming(&format!("{}-third", name_of(states, 1))))
        });
        let empty = spawn(&directory, write(vec![log(1)]), |states| {
            match name_of(states, 1).contains("taken") {
                true => Ok(plan(Vec::new())),
                false => Err("it was never taken".to_owned()),
            }
        });
        through.held.until(2).await;
        idle().await;
        through.held.one(Verdict::Refuse(error)).await;
        through.held.release().await;
        assert!(first.await.unwrap().is_err());
        done(second.await.unwrap());
        done(third.await.unwrap());
        let empty = empty.await.unwrap();
        assert!(matches!(empty, Err(ExecuteError::Refused(_))), "{empty:?}");
        let names = names(&memory).await;
        assert_eq!(names.len(), 2, "{names:?}");
        assert!(
            names.iter().all(|name| !name.contains("taken")),
            "{names:?}"
        );
    }
}

#[tokio::test]
async fn what_is_acknowledged_is_durable_and_nothing_else_is_there() {
    let (memory, through, directory) = store(Options::default()).await;
    let verdicts = (0..300).map(|n| match n % 7 {
        2 => Verdict::Refuse(taken()),
        4 => Verdict::Lose,
        5 => Verdict::Drop,
        _ => Verdict::Pass,
    });
    through.held.script(verdicts);
    let directory = &directory;
    let all = (0..200).map(|n| async move {
        let name = format!("name-{n}");
        (rename(directory, &name).await.unwrap(), name)
    });
    let (mut acknowledged, mut refused) = (BTreeSet::new(), 0);
    for (answer, name) in join_all(all).await {
        match answer {
            Ok(Executed::Done(_) | Executed::Replayed { .. }) => {
                acknowledged.insert(name);
            }
            Err(ExecuteError::ClaimTaken { .. } | ExecuteError::Unavailable(_)) => refused += 1,
            other => panic!("{other:?}"),
        }
    }
    let names = names(&memory).await;
    assert_eq!(names.iter().cloned().collect::<BTreeSet<_>>(), acknowledged);
    assert_eq!(names.len() + refused, 200);
    assert!(refused > 20 && names.len() > 20, "{refused} refused");
    let newest = name(directory, account(1)).await;
    assert_eq!(names.last(), Some(&newest));
}

#[tokio::test]
async fn another_log_is_looked_at_only_as_far_as_it_is_durable() {
    let (memory, through, directory) = store(Options::default()).await;
    through.held.hold();
    let first = rename(&directory, "not durable");
    through.held.until(1).await;
    // Looks at account 1, writes account 2.
    let second = spawn(&directory, write(vec![log(2), log(1)]), |states| {
        let name = format!("beside {}", name_of(states, 1));
        Ok(plan(vec![Events::Account(
            account(2),
            vec![renamed(&name)],
        )]))
    });
    idle().await;
    assert_eq!(through.held.n_waiting(), 1, "it is not decided yet");
    through.held.one(Verdict::Refuse(taken())).await;
    assert!(first.await.unwrap().is_err());
    through.held.release().await;
    done(second.await.unwrap());
    assert_eq!(name(&directory, account(2)).await, "beside acme");
    assert_eq!(names(&memory).await, Vec::<String>::new());
}

#[tokio::test]
async fn too_many_commands_of_a_log_are_refused_at_once() {
    let (memory, through, directory) = store(Options::default()).await;
    through.held.hold();
    let all: Vec<_> = (0..COMMANDS_MAX)
        .map(|n| rename(&directory, &n.to_string()))
        .collect();
    through.held.until(256).await;
    idle().await;
    assert_eq!(through.held.n_waiting(), 256, "the rest waits");
    let one_more = rename(&directory, "one more").await.unwrap();
    assert!(
        matches!(&one_more, Err(ExecuteError::Busy { log: full }) if *full == log(1)),
        "{one_more:?}"
    );
    // Another log is not full.
    let other = spawn(&directory, write(vec![log(2)]), |_| {
        Ok(plan(vec![Events::Account(
            account(2),
            vec![renamed("other")],
        )]))
    });
    through.held.until(257).await;
    through.held.release().await;
    done(other.await.unwrap());
    for one in all {
        done(one.await.unwrap());
    }
    assert_eq!(names(&memory).await.len(), COMMANDS_MAX);
    done(rename(&directory, "again").await.unwrap());
}

#[tokio::test]
async fn a_store_without_a_place_for_a_commit_is_busy_and_nothing_is_decided_on_it() {
    let (memory, through, directory) = store(Options::default()).await;
    through.held.hold();
    let (first, second) = (rename(&directory, "first"), rename(&directory, "second"));
    through.held.until(2).await;
    let full = AppendError::Busy("the write queue is full".to_owned());
    through.held.one(Verdict::Refuse(full)).await;
    let refused = first.await.unwrap();
    assert!(
        matches!(&refused, Err(ExecuteError::StoreBusy(_))),
        "{refused:?}"
    );
    through.held.release().await;
    done(second.await.unwrap());
    assert_eq!(names(&memory).await, ["second"]);
}

#[tokio::test]
async fn a_key_that_is_under_way_gives_one_answer() {
    let (memory, through, directory) = store(Options::default()).await;
    let request = || {
        let mut write = write(vec![log(1)]);
        write.receipt.key = [7; 32];
        write.receipt.chosen = true;
        write
    };
    through.held.hold();
    let decide = |states: &States| match name_of(states, 1).as_str() {
        "once" => Err("it has that name".to_owned()),
        _ => Ok(renaming("once")),
    };
    let first = spawn(&directory, request(), decide);
    through.held.until(1).await;
    let same = spawn(&directory, request(), decide);
    let again = spawn(&directory, request(), |_| Ok(renaming("twice")));
    through.held.until(2).await;
    idle().await;
    through.held.release().await;
    let first = done(first.await.unwrap());
    for repeated in [same, again] {
        match repeated.await.unwrap() {
            Ok(Executed::Replayed { token, .. }) => assert_eq!(token, first),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(names(&memory).await, ["once"]);
}

#[tokio::test]
async fn what_was_sent_is_seen_through_without_its_caller() {
    let (memory, through, directory) = store(Options::default()).await;
    through.held.hold();
    let gone = rename(&directory, "gone");
    through.held.until(1).await;
    gone.abort();
    assert!(gone.await.unwrap_err().is_cancelled());
    let next = rename(&directory, "next");
    through.held.until(2).await;
    through.held.release().await;
    done(next.await.unwrap());
    assert_eq!(names(&memory).await, ["gone", "next"]);
    assert_eq!(name(&directory, account(1)).await, "next");
}

#[tokio::test]
async fn a_state_never_goes_back() {
    let (_, through, directory) = store(Options::default()).await;
    through.held.hold();
    let all: Vec<_> = (0..50)
        .map(|n| rename(&directory, &n.to_string()))
        .collect();
    through.held.until(50).await;
    let reader = tokio::spawn({
        let directory = directory.clone();
        async move {
            let mut last = Seq::ZERO;
            while last < Seq::new(51) {
                let seq = directory.account(account(1)).await.unwrap().seq();
                assert!(seq >= last, "{seq} after {last}");
                last = seq;
                tokio::task::yield_now().await;
            }
        }
    });
    through.held.release().await;
    tokio::time::timeout(Duration::from_secs(10), reader)
        .await
        .unwrap()
        .unwrap();
    for one in all {
        done(one.await.unwrap());
    }
}

#[tokio::test]
async fn a_store_after_a_fence_is_written_to() {
    let (memory, _, directory) = store(Options::default()).await;
    memory.fence(0).await.unwrap();
    for n in 0..3 {
        let name = n.to_string();
        done(rename(&directory, &name).await.unwrap());
        assert_eq!(crate::store::name(&directory, account(1)).await, name);
    }
    assert_eq!(names(&memory).await, ["0", "1", "2"]);
}

#[tokio::test]
async fn a_store_that_others_write_to_is_asked_only_before_a_refusal() {
    let options = Options {
        ask_heads: true,
        ..Options::default()
    };
    let memory = Memory::for_tests();
    // No news ever comes.
    let (through, directory) = over(&memory, &HandFeed::new(8), options).await;
    let other = follower(&memory).await;
    through.n_heads.store(0, Ordering::SeqCst);
    done(rename(&directory, "mine").await.unwrap());
    assert_eq!(through.n_heads.load(Ordering::SeqCst), 0);
    append(&other, account(1), vec![renamed("theirs")]).await;
    let only_theirs = |states: &States| match name_of(states, 1).as_str() {
        "theirs" => Ok(renaming("mine again")),
        name => Err(format!("it is {name}")),
    };
    let answer = spawn(&directory, write(vec![log(1)]), only_theirs);
    done(answer.await.unwrap());
    assert!(through.n_heads.load(Ordering::SeqCst) > 0);
}
