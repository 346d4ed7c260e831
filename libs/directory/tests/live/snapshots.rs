//! Snapshots: a faster way to the same state, and nothing else.

use std::time::Duration;

use trilby_directory::{Directory, Error, Options};
use trilby_eventlog::{Archive as _, EventLog, Memory, Snapshot, snapshot};
use trilby_model::LogId;

use crate::store::*;

async fn with_snapshot() -> (Memory, Snapshot) {
    let memory = Memory::for_tests();
    let options = Options {
        snapshot_tail: 10,
        ..Options::default()
    };
    let (directory, _) = directory(&memory, &memory, options).await;
    append(&directory, account(1), vec![created(account(1))]).await;
    for n in 0..15 {
        append(&directory, account(1), vec![renamed(&format!("name-{n}"))]).await;
    }
    let log = LogId::Account(account(1));
    for _ in 0..1_000 {
        if let Some(snapshot) = newest_snapshot(&memory, &log).await {
            return (memory, snapshot);
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    panic!("no snapshot was written");
}

#[tokio::test]
async fn snapshot_and_tail_are_the_fold() {
    let (memory, snapshot) = with_snapshot().await;
    assert!(snapshot.seq.get() > 10);
    let fresh = follower(&memory).await;
    let view = fresh.account(account(1)).await.unwrap();
    assert_eq!(view.state.name().unwrap().to_string(), "name-14");
    let mut whole = trilby_account::Account::empty(account(1));
    for event in commits(&memory, account(1))
        .await
        .iter()
        .flat_map(|commit| &commit.events)
    {
        let fact =
            trilby_account::Event::from_stored(&event.etype, event.ever, event.data().unwrap())
                .unwrap();
        whole.evolve(&fact, event.seq, event.at);
    }
    assert_eq!(view.state, whole);
}

#[tokio::test]
async fn a_snapshot_that_does_not_fit_is_passed_over() {
    let (memory, snapshot) = with_snapshot().await;
    let cut = |snapshot: &Snapshot| Snapshot {
        body: snapshot.body[..snapshot.body.len() / 2].to_vec(),
        ..snapshot.clone()
    };
    let mut flipped = snapshot.clone();
    let middle = flipped.body.len() / 2;
    flipped.body[middle] ^= 1;
    let mut other_fold = snapshot.clone();
    other_fold.fold_fingerprint = [0; 32];
    let mut other_history = snapshot.clone();
    other_history.head_hash = trilby_model::Hash([1; 32]);
    for bad in [cut(&snapshot), flipped, other_fold, other_history] {
        memory.snapshot_put(bad).await.unwrap();
        let fresh = follower(&memory).await;
        assert_eq!(name(&fresh, account(1)).await, "name-14");
    }
}

/// Whoever can write rows of the table, as with the login of a service, but has not the key.
#[tokio::test]
async fn a_snapshot_that_somebody_without_the_key_made_is_passed_over() {
    let (memory, snapshot) = with_snapshot().await;
    let (header, sealed) = snapshot.open().unwrap();
    let text = String::from_utf8(sealed[32..].to_vec()).unwrap();
    let renamed = text.replace(r#"name":"name-"#, r#"name":"evil-"#);
    assert_ne!(text, renamed);
    // As it was kept, with another state behind its seal; with a seal of one's own; and as before there were seals.
    let behind = [&sealed[..32], renamed.as_bytes()].concat();
    let own = snapshot::seal(&[1; 32], &header, renamed.as_bytes()).unwrap();
    for forged in [behind, own, renamed.into_bytes()] {
        let forged = Snapshot::new(&header, &forged).unwrap();
        memory.snapshot_put(forged).await.unwrap();
        let fresh = follower(&memory).await;
        assert_eq!(name(&fresh, account(1)).await, "name-14");
    }
}

#[tokio::test]
async fn a_snapshot_of_the_future_of_a_past_is_not_used_for_it() {
    let (memory, _) = with_snapshot().await;
    let fresh = follower(&memory).await;
    let position = trilby_model::Position {
        log: LogId::Account(account(1)),
        seq: trilby_model::Seq::new(3),
        hash: None,
    };
    let token = trilby_model::ConsistencyToken::new(vec![position]).unwrap();
    let world = fresh
        .world(
            None,
            Some(account(1)),
            &trilby_directory::Freshness::AtSeq(token),
        )
        .await
        .unwrap();
    assert_eq!(
        world.resource.unwrap().state.name().unwrap().to_string(),
        "name-1"
    );
}

/// Accounts with so many events that a snapshot is worth something, and less than make one due.
async fn accounts(memory: &Memory, n: u64) {
    let writer = follower(memory).await;
    for n in 0..n {
        let mut events = vec![created(account(n))];
        events.extend((0..40).map(|at| renamed(&format!("name-{at}"))));
        append(&writer, account(n), events).await;
    }
}

/// Finds every hydration slow.
async fn slow(memory: &Memory) -> Directory {
    let options = Options {
        snapshot_after: Duration::ZERO,
        ..Options::default()
    };
    directory(memory, memory, options).await.0
}

async fn n_snapshots(memory: &Memory, of: u64) -> usize {
    let mut n_found = 0;
    for n in 0..of {
        let log = LogId::Account(account(n));
        let found = newest_snapshot(memory, &log).await;
        n_found += usize::from(found.is_some());
    }
    n_found
}

#[tokio::test(start_paused = true)]
async fn a_slow_hydration_is_followed_by_a_snapshot_when_all_is_quiet() {
    let memory = Memory::for_tests();
    accounts(&memory, 5).await;
    let reader = slow(&memory).await;
    for n in 0..5 {
        assert_eq!(name(&reader, account(n)).await, "name-39");
        tokio::time::sleep(Duration::from_millis(200)).await;
        assert_eq!(n_snapshots(&memory, 5).await, 0, "others are being read");
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(n_snapshots(&memory, 5).await, 5);
    // Read from it, so few events come after that another is not worth it.
    let log = LogId::Account(account(1));
    append(&reader, account(1), vec![renamed("late")]).await;
    let again = slow(&memory).await;
    assert_eq!(name(&again, account(1)).await, "late");
    tokio::time::sleep(Duration::from_secs(20)).await;
    let newest = newest_snapshot(&memory, &log).await.unwrap();
    assert_eq!(newest.seq.get(), 41);
}

#[tokio::test(start_paused = true)]
async fn an_account_that_is_held_while_it_is_erased_does_not_come_back() {
    let memory = Memory::for_tests();
    accounts(&memory, 1).await;
    let holder = slow(&memory).await;
    assert_eq!(name(&holder, account(0)).await, "name-39");
    let log = LogId::Account(account(0));
    memory.close_log(&log, true).await.unwrap();
    tokio::time::sleep(Duration::from_secs(20)).await;
    assert_eq!(newest_snapshot(&memory, &log).await, None);
    let asked = follower(&memory).await.account(account(0)).await;
    assert!(matches!(asked, Err(Error::UnknownLog { .. })), "{asked:?}");
}

#[tokio::test(start_paused = true)]
async fn where_logs_are_read_all_the_time_snapshots_are_few() {
    const ACCOUNTS: u64 = 150;
    let memory = Memory::for_tests();
    accounts(&memory, ACCOUNTS).await;
    let reader = slow(&memory).await;
    for n in 0..ACCOUNTS {
        reader.account(account(n)).await.unwrap();
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let n_written = n_snapshots(&memory, ACCOUNTS).await;
    assert!((1..=3).contains(&n_written), "{n_written}");
}

#[tokio::test(start_paused = true)]
async fn a_few_events_or_a_fast_hydration_make_no_snapshot() {
    let memory = Memory::for_tests();
    accounts(&memory, 2).await;
    let writer = follower(&memory).await;
    append(&writer, account(2), vec![created(account(2))]).await;
    let reader = slow(&memory).await;
    assert_eq!(name(&reader, account(2)).await, "acme");
    let options = Options {
        snapshot_after: Duration::MAX,
        ..Options::default()
    };
    let (fast, _) = directory(&memory, &memory, options).await;
    assert_eq!(name(&fast, account(1)).await, "name-39");
    tokio::time::sleep(Duration::from_secs(20)).await;
    assert_eq!(n_snapshots(&memory, 3).await, 0);
}

/// As in a rolling upgrade: each release goes on from its own.
#[tokio::test]
async fn releases_that_fold_otherwise_do_not_take_each_others_place() {
    let (memory, ours) = with_snapshot().await;
    let theirs = Snapshot {
        state_schema: ours.state_schema + 1,
        fold_fingerprint: [0; 32],
        ..ours.clone()
    };
    memory.snapshot_put(theirs.clone()).await.unwrap();
    let kept = |schema| memory.snapshot_get(&ours.log, schema, None);
    assert_eq!(kept(ours.state_schema).await.unwrap(), Some(ours.clone()));
    for (schema, other) in [(&ours, &theirs), (&theirs, &ours)] {
        let pruned = memory.snapshot_prune(&ours.log, schema.state_schema);
        assert_eq!(pruned.await.unwrap(), 0);
        let found = kept(other.state_schema).await.unwrap();
        assert_eq!(found.as_ref(), Some(other));
    }
}
