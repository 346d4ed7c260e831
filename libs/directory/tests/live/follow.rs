//! Following and repairing.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use proptest::prelude::*;
use trilby_account::command::CreateUser;
use trilby_account::{Actor, Context, UserKind};
use trilby_directory::{Directory, Error, Freshness, Options};
use trilby_eventlog::{Archive as _, FeedMessage, Memory};
use trilby_model::{ConsistencyToken, LogId, Position, Seq, Tags};

use crate::store::*;
use crate::through::Through;

fn first(token: &ConsistencyToken) -> Position {
    token.positions()[0].clone()
}

#[tokio::test]
async fn what_one_writes_the_other_sees() {
    let memory = Memory::for_tests();
    let (one, two) = (follower(&memory).await, follower(&memory).await);
    append(&one, account(1), vec![created(account(1))]).await;
    assert_eq!(name(&two, account(1)).await, "acme");
    let token = append(&one, account(1), vec![renamed("other")]).await;
    two.at_least(&first(&token)).await.unwrap();
    assert_eq!(name(&two, account(1)).await, "other");
    // And back: the first must not write on its older state.
    append(&two, account(1), vec![renamed("third")]).await;
    let token = append(&one, account(1), vec![renamed("fourth")]).await;
    assert_eq!(first(&token).seq, Seq::new(4));
    two.at_least(&first(&token)).await.unwrap();
    assert_eq!(name(&two, account(1)).await, "fourth");
}

#[tokio::test]
async fn an_unknown_log_is_unknown_and_leaves_nothing() {
    let memory = Memory::for_tests();
    let directory = follower(&memory).await;
    let asked = directory.account(account(1)).await;
    assert!(matches!(asked, Err(Error::UnknownLog { .. })), "{asked:?}");
    append(&directory, account(1), vec![created(account(1))]).await;
    assert_eq!(name(&directory, account(1)).await, "acme");
}

#[tokio::test(start_paused = true)]
async fn a_position_that_is_not_reached_is_an_error_in_time() {
    let memory = Memory::for_tests();
    let directory = follower(&memory).await;
    append(&directory, account(1), vec![created(account(1))]).await;
    let begun = tokio::time::Instant::now();
    let position = |log, seq| Position {
        log,
        seq: Seq::new(seq),
        hash: None,
    };
    for log in [LogId::Account(account(1)), LogId::Account(account(2))] {
        let asked = directory.at_least(&position(log, 2)).await;
        assert!(matches!(asked, Err(Error::Behind { .. })), "{asked:?}");
    }
    assert!(begun.elapsed() <= trilby_directory::POSITION_WAIT * 2);
    // Nothing of it stays: the next reader is not told that we are behind.
    assert_eq!(name(&directory, account(1)).await, "acme");
}

#[tokio::test(start_paused = true)]
async fn a_position_that_comes_in_time_is_waited_for() {
    let memory = Memory::for_tests();
    let (one, two) = (follower(&memory).await, follower(&memory).await);
    append(&one, account(1), vec![created(account(1))]).await;
    two.account(account(1)).await.unwrap();
    let position = Position {
        log: LogId::Account(account(1)),
        seq: Seq::new(2),
        hash: None,
    };
    let waiting = tokio::spawn(async move { two.at_least(&position).await });
    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    append(&one, account(1), vec![renamed("other")]).await;
    waiting.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_position_of_another_history_is_lost() {
    let memory = Memory::for_tests();
    let directory = follower(&memory).await;
    append(&directory, account(1), vec![created(account(1))]).await;
    let token = append(&directory, account(1), vec![renamed("other")]).await;
    append(&directory, account(1), vec![renamed("third")]).await;
    directory.at_least(&first(&token)).await.unwrap();
    let mut other = first(&token);
    other.hash = Some("0123456789abcdef".parse().unwrap());
    let asked = directory.at_least(&other).await;
    assert!(
        matches!(asked, Err(Error::TimelineLost { .. })),
        "{asked:?}"
    );
    // Also long after, when only the log remembers.
    for n in 0..100 {
        append(&directory, account(1), vec![renamed(&format!("name-{n}"))]).await;
    }
    directory.at_least(&first(&token)).await.unwrap();
    assert!(matches!(
        directory.at_least(&other).await,
        Err(Error::TimelineLost { .. })
    ));
}

/// A hash is told only of what is durable, so what the store does not have was lost: nobody waits for it.
#[tokio::test(start_paused = true)]
async fn a_position_with_a_hash_that_the_store_does_not_reach_is_lost() {
    let (memory, restored) = (Memory::for_tests(), Memory::for_tests());
    let directory = follower(&memory).await;
    append(&directory, account(1), vec![created(account(1))]).await;
    trilby_eventlog::copy::copy(&memory, &restored)
        .await
        .unwrap();
    let token = append(&directory, account(1), vec![renamed("other")]).await;
    let other = append(&directory, account(2), vec![created(account(2))]).await;
    let feed = HandFeed::new(16);
    let (taken_back, _) = self::directory(&restored, &feed, Options::default()).await;
    assert_eq!(name(&taken_back, account(1)).await, "acme");
    for token in [&token, &other] {
        let begun = tokio::time::Instant::now();
        let asked = taken_back.at_least(&first(token)).await;
        assert!(
            matches!(asked, Err(Error::TimelineLost { .. })),
            "{asked:?}"
        );
        assert!(begun.elapsed() <= trilby_directory::FEED_WAIT);
        let past = Freshness::AtSeq(token.clone());
        let asked = taken_back.world(None, Some(account(1)), &past).await;
        assert!(
            matches!(asked, Err(Error::TimelineLost { .. })),
            "{asked:?}"
        );
    }
    // Nothing of it stays, and what is written next counts.
    assert_eq!(name(&taken_back, account(1)).await, "acme");
    let token = append(&taken_back, account(1), vec![renamed("anew")]).await;
    taken_back.at_least(&first(&token)).await.unwrap();
}

#[tokio::test]
async fn an_event_nobody_knows_stops_its_log_and_no_other() {
    let memory = Memory::for_tests();
    let directory = follower(&memory).await;
    for n in [1, 2] {
        append(&directory, account(n), vec![created(account(n))]).await;
    }
    let log = LogId::Account(account(1));
    poison(&memory, 1).await;
    // The news may still be on its way; whoever knows of the position is refused at once.
    let position = Position {
        log,
        seq: Seq::new(2),
        hash: None,
    };
    let asked = directory.at_least(&position).await;
    assert!(
        matches!(asked, Err(Error::Quarantined { seq, .. }) if seq == Seq::new(2)),
        "{asked:?}"
    );
    let asked = directory.account(account(1)).await;
    assert!(matches!(asked, Err(Error::Quarantined { .. })), "{asked:?}");
    let written = directory
        .execute(write(vec![LogId::Account(account(1))]), |_| {
            Ok::<_, String>(plan(Vec::new()))
        })
        .await;
    assert!(written.is_err());
    assert_eq!(name(&directory, account(2)).await, "acme");
    append(&directory, account(2), vec![renamed("well")]).await;
}

#[tokio::test]
async fn an_erased_log_is_as_one_that_never_was() {
    let memory = Memory::for_tests();
    let writer = follower(&memory).await;
    for n in [1, 2] {
        append(&writer, account(n), vec![created(account(n))]).await;
    }
    memory
        .close_log(&LogId::Account(account(1)), true)
        .await
        .unwrap();
    let reader = follower(&memory).await;
    for _ in 0..2 {
        let asked = reader.account(account(1)).await;
        assert!(matches!(asked, Err(Error::UnknownLog { .. })), "{asked:?}");
    }
    let world = reader
        .world(Some(account(1)), Some(account(2)), &Freshness::Head)
        .await
        .unwrap();
    assert!(world.principal.is_none() && world.resource.is_some());
}

#[tokio::test]
async fn lost_messages_are_repaired_from_the_log() {
    let memory = Memory::for_tests();
    let feed = HandFeed::new(2);
    let (reader, sink) = directory(&memory, &feed, Options::default()).await;
    let (writer, _) = directory(&memory, &memory, Options::default()).await;
    append(&writer, account(1), vec![created(account(1))]).await;
    assert_eq!(name(&reader, account(1)).await, "acme");
    let state = writer.account(account(1)).await.unwrap().state.clone();
    let ctx = Context::new(NOW, Actor::System, &mut entropy());
    let create = CreateUser {
        name: "mary".parse().unwrap(),
        path: "/".parse().unwrap(),
        kind: UserKind::Human,
        description: None,
        tags: Tags::default(),
    };
    let events = state.decide(create.into(), &ctx).unwrap();
    append(&writer, account(1), events).await;
    let user = writer
        .account(account(1))
        .await
        .unwrap()
        .state
        .users()
        .keys()
        .next()
        .unwrap()
        .clone();
    append(
        &writer,
        account(1),
        vec![trilby_account::event::UserDisabled { user }.into()],
    )
    .await;
    assert!(sink.0.lock().unwrap().is_empty());
    // More than the channel holds, before the reader runs: it is told of a gap, not of the messages.
    for commit in commits(&memory, account(1)).await {
        let _ = feed.0.send(FeedMessage::Commit(Arc::new(commit)));
    }
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    assert!(reader.knows_revocations());
    // At least once: by the table, and by the commit when it is folded.
    let mut heard = sink.0.lock().unwrap().clone();
    heard.dedup();
    assert_eq!(heard.len(), 1);
    assert_eq!(reader.account(account(1)).await.unwrap().seq(), Seq::new(3));
}

#[tokio::test]
async fn when_the_feed_has_ended_no_session_can_be_judged() {
    let memory = Memory::for_tests();
    let feed = HandFeed::new(2);
    let (reader, _) = directory(&memory, &feed, Options::default()).await;
    assert!(reader.knows_revocations());
    drop(feed);
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
    assert!(!reader.knows_revocations());
}

#[tokio::test]
async fn revocations_of_before_are_known_at_start() {
    let memory = Memory::for_tests();
    let writer = follower(&memory).await;
    append(&writer, account(1), vec![created(account(1))]).await;
    let suspended = trilby_account::event::AccountSuspended {
        account: account(1),
        reason: None,
    };
    append(&writer, account(1), vec![suspended.into()]).await;
    let (_, sink) = directory(&memory, &memory, Options::default()).await;
    assert_eq!(sink.0.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_small_directory_is_as_right_as_a_large_one() {
    let memory = Memory::for_tests();
    let options = Options {
        memory_bytes_max: 1,
        ..Options::default()
    };
    let (small, _) = directory(&memory, &memory, options).await;
    for n in 0..20 {
        append(&small, account(n), vec![created(account(n))]).await;
    }
    for n in 0..20 {
        append(&small, account(n), vec![renamed(&format!("name-{n}"))]).await;
    }
    for n in 0..20 {
        assert_eq!(name(&small, account(n)).await, format!("name-{n}"));
    }
}

/// What a bad feed does with a message.
#[derive(Debug, Clone, Copy)]
enum Fate {
    Deliver,
    Twice,
    Drop,
    Late(usize),
}

fn fates() -> impl Strategy<Value = Fate> {
    prop_oneof![
        3 => Just(Fate::Deliver),
        1 => Just(Fate::Twice),
        1 => Just(Fate::Drop),
        1 => (1..5_usize).prop_map(Fate::Late),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// Duplicated, dropped, delayed and reordered messages: whenever somebody asks for a position, what is given is the
    /// fold of the log at a commit's end, and at least that position.
    #[test]
    fn a_bad_feed_makes_nobody_wrong(fates in prop::collection::vec(fates(), 1..40), ask in 1..7_usize) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let memory = Memory::for_tests();
            let feed = HandFeed::new(8);
            let (reader, _) = directory(&memory, &feed, Options::default()).await;
            let writer = follower(&memory).await;
            append(&writer, account(1), vec![created(account(1))]).await;
            reader.account(account(1)).await.unwrap();
            let mut late: Vec<(usize, FeedMessage)> = Vec::new();
            for (n, fate) in fates.iter().enumerate() {
                let token = append(&writer, account(1), vec![renamed("x"), renamed(&format!("name-{n}"))]).await;
                let commit = commits(&memory, account(1)).await.pop().unwrap();
                let message = FeedMessage::Commit(Arc::new(commit));
                match fate {
                    Fate::Deliver => drop(feed.0.send(message)),
                    Fate::Twice => {
                        drop(feed.0.send(message.clone()));
                        drop(feed.0.send(message));
                    }
                    Fate::Drop => {}
                    Fate::Late(by) => late.push((n + by, message)),
                }
                late.retain(|(due, message)| {
                    let now = *due <= n;
                    if now {
                        drop(feed.0.send(message.clone()));
                    }
                    !now
                });
                tokio::task::yield_now().await;
                let seen = reader.account(account(1)).await.unwrap();
                // Never the middle of a commit.
                assert_ne!(seen.state.name().unwrap().to_string(), "x");
                assert_eq!(seen.state.seq(), seen.seq());
                if n % ask == 0 {
                    reader.at_least(&first(&token)).await.unwrap();
                    assert_eq!(name(&reader, account(1)).await, format!("name-{n}"));
                }
            }
        });
    }
}

/// While the tail of a timeline is read that is lost, somebody hears that it is. What was read is not put back.
#[tokio::test]
async fn what_was_read_before_the_state_was_dropped_is_read_again() {
    let memory = Memory::for_tests();
    let writer = follower(&memory).await;
    append(&writer, account(1), vec![created(account(1))]).await;
    let store = Arc::new(Through::new(memory.clone()));
    let feed = HandFeed::new(16);
    let reader = Directory::start(
        Arc::clone(&store) as _,
        &feed,
        SECRETS,
        Arc::new(Sink::default()) as _,
        NOW,
        Options::default(),
    )
    .await
    .unwrap();
    assert_eq!(name(&reader, account(1)).await, "acme");
    let kept = commits(&memory, account(1)).await.remove(0);
    let restored = Memory::for_tests();
    trilby_eventlog::copy::copy(&memory, &restored)
        .await
        .unwrap();
    append(&writer, account(1), vec![renamed("lost")]).await;
    let held = store.gives.write().await;
    let (n_before, log) = (store.n_reads.load(Ordering::SeqCst), kept.log.clone());
    let moved = FeedMessage::Moved {
        log: log.clone(),
        last: Seq::new(2),
    };
    feed.0.send(moved).unwrap();
    while store.n_reads.load(Ordering::SeqCst) == n_before {
        tokio::task::yield_now().await;
    }
    append(
        &follower(&restored).await,
        account(1),
        vec![renamed("kept")],
    )
    .await;
    store.becomes(restored);
    let rewound = FeedMessage::Rewound {
        log,
        keep: kept.last,
        hash: kept.hash,
    };
    feed.0.send(rewound).unwrap();
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    drop(held);
    assert_eq!(name(&reader, account(1)).await, "kept");
}
