//! Executing commands.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};

use trilby_account::event::{AccountAliasChanged, AccountSuspended};
use trilby_account::{Actor, Context, Event};
use trilby_directory::{Events, ExecuteError, Executed, Options, Plan};
use trilby_eventlog::{
    Credential, Dependency, EventLog, Memory, RevocationKind, SideBody, SideWrite,
    revocation::id_hash,
};
use trilby_model::{LogId, Seq};

use crate::store::*;

fn log(n: u64) -> LogId {
    LogId::Account(account(n))
}

#[tokio::test]
async fn a_write_is_visible_before_it_is_answered() {
    let memory = Memory::for_tests();
    let feed = HandFeed::new(8);
    // No news ever comes: what is seen is what the writer itself did.
    let (directory, sink) = directory(&memory, &feed, Options::default()).await;
    let token = append(
        &directory,
        account(1),
        vec![created(account(1)), renamed("other")],
    )
    .await;
    assert_eq!(token.positions()[0].seq, Seq::new(2));
    let view = directory.account(account(1)).await.unwrap();
    assert_eq!(
        (view.seq(), view.state.name().unwrap().to_string()),
        (Seq::new(2), "other".to_owned())
    );
    let head = memory.head(&log(1)).await.unwrap().unwrap();
    assert_eq!((view.head.hash, view.head.at), (head.hash, head.at));
    append(
        &directory,
        account(1),
        vec![
            AccountSuspended {
                account: account(1),
                reason: None,
            }
            .into(),
        ],
    )
    .await;
    assert_eq!(
        sink.0.lock().unwrap().len(),
        1,
        "a revocation is in force before its writer is answered"
    );
}

#[tokio::test]
async fn many_writers_of_one_log_all_get_their_turn() {
    let memory = Memory::for_tests();
    let (one, two) = (follower(&memory).await, follower(&memory).await);
    append(&one, account(1), vec![created(account(1))]).await;
    let writers = (0..64).map(|n| {
        let directory = if n % 2 == 0 { one.clone() } else { two.clone() };
        tokio::spawn(async move {
            let events = vec![Events::Account(
                account(1),
                vec![renamed(&format!("name-{n}"))],
            )];
            directory
                .execute(write(vec![log(1)]), |_| {
                    Ok::<_, String>(plan(events.clone()))
                })
                .await
        })
    });
    let mut seqs = BTreeSet::new();
    let mut lost = 0;
    for writer in writers.collect::<Vec<_>>() {
        match writer.await.unwrap() {
            Ok(Executed::Done(done)) => {
                assert!(seqs.insert(done.token.unwrap().positions()[0].seq))
            }
            // Two processes race for one log; within one they queue.
            Err(ExecuteError::Conflict) => lost += 1,
            other => panic!("{other:?}"),
        }
    }
    let head = memory.head(&log(1)).await.unwrap().unwrap();
    assert_eq!(head.seq.get(), 1 + seqs.len() as u64);
    assert_eq!(seqs.len() + lost, 64);
    assert!(lost < 8, "{lost}");
}

#[tokio::test]
async fn a_command_that_lost_the_race_is_decided_on_what_the_winner_left() {
    let memory = Memory::for_tests();
    let feed = HandFeed::new(8);
    let (deaf, _) = directory(&memory, &feed, Options::default()).await;
    let other = follower(&memory).await;
    append(&other, account(1), vec![created(account(1))]).await;
    deaf.account(account(1)).await.unwrap();
    append(&other, account(1), vec![renamed("winner")]).await;
    let seen = AtomicUsize::new(0);
    let executed = deaf
        .execute(write(vec![log(1)]), |states| {
            let name = states
                .account(account(1))
                .unwrap()
                .state
                .name()
                .unwrap()
                .to_string();
            match seen.fetch_add(1, Ordering::SeqCst) {
                0 => assert_eq!(name, "acme"),
                _ => assert_eq!(name, "winner"),
            }
            Ok::<_, String>(plan(vec![Events::Account(
                account(1),
                vec![renamed("second")],
            )]))
        })
        .await;
    assert_eq!(done(executed).positions()[0].seq, Seq::new(3));
    assert_eq!(seen.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_refusal_and_an_empty_plan_write_nothing() {
    let memory = Memory::for_tests();
    let directory = follower(&memory).await;
    append(&directory, account(1), vec![created(account(1))]).await;
    let refused = directory
        .execute(write(vec![log(1)]), |_| {
            Err::<Plan<(), String>, _>("no".to_owned())
        })
        .await;
    assert!(matches!(refused, Err(ExecuteError::Refused(why)) if why == "no"));
    let mut empty = write(vec![log(1)]);
    empty.receipt.chosen = true;
    let key = empty.receipt.key;
    let executed = directory
        .execute(empty, |_| {
            Ok::<_, String>(plan(vec![Events::Account(account(1), Vec::new())]))
        })
        .await;
    match executed {
        Ok(Executed::Done(done)) => {
            assert!(!done.changed);
            assert_eq!(done.token.unwrap().positions()[0].seq, Seq::new(1));
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(
        memory.head(&log(1)).await.unwrap().unwrap().seq,
        Seq::new(1)
    );
    assert_eq!(memory.receipt(&log(1), &key).await.unwrap(), None);
}

#[tokio::test]
async fn a_commit_that_could_not_keep_its_receipt_is_not_written() {
    let memory = Memory::for_tests();
    let directory = follower(&memory).await;
    for n in [1, 2] {
        append(&directory, account(n), vec![created(account(n))]).await;
    }
    for chosen in [true, false] {
        let mut write = write(vec![log(1), log(2)]);
        write.receipt.chosen = chosen;
        let executed = directory
            .execute(write, |_| {
                let events = vec![renamed("elsewhere")];
                Ok::<_, String>(plan(vec![Events::Account(account(2), events)]))
            })
            .await;
        assert!(
            matches!(executed, Err(ExecuteError::Invalid(_))),
            "{executed:?}"
        );
        let head = memory.head(&log(2)).await.unwrap().unwrap();
        assert_eq!(head.seq, Seq::new(1));
    }
}

#[tokio::test]
async fn one_key_is_one_effect_and_one_answer() {
    let memory = Memory::for_tests();
    let directory = follower(&memory).await;
    append(&directory, account(1), vec![created(account(1))]).await;
    let request = |hash: u8| {
        let mut write = write(vec![log(1)]);
        write.receipt.key = [7; 32];
        write.receipt.request_hash = [hash; 32];
        write.receipt.chosen = true;
        write
    };
    let rename = |_: &trilby_directory::States| {
        Ok::<_, String>(plan(vec![Events::Account(
            account(1),
            vec![renamed("once")],
        )]))
    };
    let first = done(directory.execute(request(1), rename).await);
    match directory.execute(request(1), rename).await {
        Ok(Executed::Replayed { receipt, token }) => {
            assert_eq!(token, first);
            assert_eq!(receipt.response.unwrap(), b"answer");
        }
        other => panic!("{other:?}"),
    }
    let reused = directory.execute(request(2), rename).await;
    assert!(matches!(reused, Err(ExecuteError::KeyReused)), "{reused:?}");
    assert_eq!(
        memory.head(&log(1)).await.unwrap().unwrap().seq,
        Seq::new(2)
    );
}

#[tokio::test]
async fn a_name_in_the_store_is_taken_once_and_given_up() {
    let memory = Memory::for_tests();
    let directory = follower(&memory).await;
    for n in [1, 2] {
        append(&directory, account(n), vec![created(account(n))]).await;
    }
    let alias = |now: Option<&str>, before: Option<&str>| -> Event {
        let parse = |alias: &str| alias.parse().unwrap();
        AccountAliasChanged {
            alias: now.map(parse),
            previous: before.map(parse),
        }
        .into()
    };
    append(&directory, account(1), vec![alias(Some("acme"), None)]).await;
    let take = |n| {
        let event = alias(Some("acme"), None);
        directory.execute(write(vec![log(n)]), move |_| {
            Ok::<_, String>(plan(vec![Events::Account(account(n), vec![event.clone()])]))
        })
    };
    let taken = take(2).await;
    let kind = trilby_account::ClaimKind::AccountAlias.number();
    assert!(
        matches!(taken, Err(ExecuteError::ClaimTaken { kind: k }) if k == kind),
        "{taken:?}"
    );
    append(&directory, account(1), vec![alias(None, Some("acme"))]).await;
    done(take(2).await);
    assert_eq!(
        directory
            .account(account(2))
            .await
            .unwrap()
            .state
            .alias()
            .unwrap()
            .to_string(),
        "acme"
    );
}

#[tokio::test]
async fn nobody_writes_by_a_session_that_has_ended() {
    let memory = Memory::for_tests();
    let directory = follower(&memory).await;
    append(&directory, account(1), vec![created(account(1))]).await;
    append(
        &directory,
        account(1),
        vec![
            AccountSuspended {
                account: account(1),
                reason: None,
            }
            .into(),
        ],
    )
    .await;
    let rests_on = |seq| Dependency {
        log: log(1),
        kind: RevocationKind::Account,
        id_hash: id_hash(RevocationKind::Account, &[account(1).to_string()]),
        seq: Seq::new(seq),
    };
    let rename = |seq| {
        let mut write = write(vec![log(1)]);
        write.alive = vec![rests_on(seq)];
        directory.execute(write, |_| {
            Ok::<_, String>(plan(vec![Events::Account(
                account(1),
                vec![renamed("dead")],
            )]))
        })
    };
    assert!(matches!(rename(1).await, Err(ExecuteError::SessionDead)));
    done(rename(2).await);
}

#[tokio::test]
async fn what_the_fold_does_not_take_is_never_written() {
    let memory = Memory::for_tests();
    let directory = follower(&memory).await;
    append(&directory, account(1), vec![created(account(1))]).await;
    // Two sets of events for one log are a mistake of the program.
    let twice = directory
        .execute(write(vec![log(1)]), |_| {
            let events = || Events::Account(account(1), vec![renamed("x")]);
            Ok::<_, String>(plan(vec![events(), events()]))
        })
        .await;
    assert!(matches!(twice, Err(ExecuteError::Invalid(_))), "{twice:?}");
    assert_eq!(
        memory.head(&log(1)).await.unwrap().unwrap().seq,
        Seq::new(1)
    );
}

#[tokio::test]
async fn side_rows_are_written_with_the_events_or_not_at_all() {
    let memory = Memory::for_tests();
    let directory = follower(&memory).await;
    append(&directory, account(1), vec![created(account(1))]).await;
    let row = SideWrite::CredentialInsert(Credential {
        log: log(1),
        subject: "x".to_owned(),
        kind: 1,
        generation: 1,
        body: SideBody(vec![1]),
        expires_at: None,
    });
    let rename = || {
        let row = row.clone();
        directory.execute(write(vec![log(1)]), move |_| {
            let events = vec![Events::Account(account(1), vec![renamed("with a row")])];
            Ok::<_, String>(plan(events).with_side(vec![row.clone()]))
        })
    };
    done(rename().await);
    let second = rename().await;
    assert!(
        matches!(second, Err(ExecuteError::SideConflict { index: 0 })),
        "{second:?}"
    );
    assert_eq!(
        memory.head(&log(1)).await.unwrap().unwrap().seq,
        Seq::new(2)
    );
    assert!(memory.credential(&log(1), "x", 1).await.unwrap().is_some());
}

#[tokio::test]
async fn a_guard_that_moved_makes_the_command_be_decided_anew() {
    let memory = Memory::for_tests();
    let feed = HandFeed::new(8);
    let (deaf, _) = directory(&memory, &feed, Options::default()).await;
    let other = follower(&memory).await;
    for n in [1, 2] {
        append(&other, account(n), vec![created(account(n))]).await;
        deaf.account(account(n)).await.unwrap();
    }
    append(&other, account(2), vec![renamed("moved")]).await;
    let names = std::sync::Mutex::new(Vec::new());
    let executed = deaf
        .execute(write(vec![log(1), log(2)]), |states| {
            names.lock().unwrap().push(
                states
                    .account(account(2))
                    .unwrap()
                    .state
                    .name()
                    .unwrap()
                    .to_string(),
            );
            let events = vec![Events::Account(account(1), vec![renamed("guarded")])];
            Ok::<_, String>(plan(events).guarded_by(vec![log(2)]))
        })
        .await;
    done(executed);
    assert_eq!(*names.lock().unwrap(), ["acme", "moved"]);
    assert_eq!(
        memory.head(&log(2)).await.unwrap().unwrap().seq,
        Seq::new(2),
        "a guard writes nothing"
    );
}

#[tokio::test]
async fn writers_of_the_same_two_logs_do_not_wait_for_each_other_for_ever() {
    let memory = Memory::for_tests();
    let directory = follower(&memory).await;
    for n in [1, 2] {
        append(&directory, account(n), vec![created(account(n))]).await;
    }
    let writers = (0..40).map(|n| {
        let directory = directory.clone();
        tokio::spawn(async move {
            let logs = if n % 2 == 0 {
                vec![log(1), log(2)]
            } else {
                vec![log(2), log(1)]
            };
            let executed = directory.execute(write(logs), |_| {
                let events = |to| Events::Account(account(to), vec![renamed(&format!("name-{n}"))]);
                Ok::<_, String>(plan(vec![events(1), events(2)]))
            });
            done(executed.await)
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        assert_eq!(writer.await.unwrap().positions().len(), 2);
    }
    // One commit in both logs: both ended with the same name.
    assert_eq!(
        name(&directory, account(1)).await,
        name(&directory, account(2)).await
    );
}

#[tokio::test]
async fn time_never_goes_back_in_a_log() {
    let memory = Memory::for_tests();
    let directory = follower(&memory).await;
    append(&directory, account(1), vec![created(account(1))]).await;
    let mut early = write(vec![log(1)]);
    early.now = NOW.plus_seconds(-600);
    let executed = directory
        .execute(early, |states| {
            assert_eq!(states.now(), NOW);
            Ok::<_, String>(plan(vec![Events::Account(
                account(1),
                vec![renamed("late")],
            )]))
        })
        .await;
    done(executed);
    let view = directory.account(account(1)).await.unwrap();
    assert_eq!(
        (view.head.at, view.state.stamp().unwrap().updated_at),
        (NOW, NOW)
    );
    // The context a command is decided with has the same time.
    let ctx = Context::new(NOW, Actor::System, &mut entropy());
    assert_eq!(ctx.now, NOW);
}
