//! Snapshots: a faster way to the same state, and nothing else.

use trilby_directory::Options;
use trilby_eventlog::{EventLog, Memory, Snapshot};
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
        if let Some(snapshot) = memory.snapshot_get(&log, 1, None).await.unwrap() {
            return (memory, snapshot);
        }
        tokio::time::sleep(std::time::Duration::from_millis(2)).await;
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
            trilby_account::Event::from_stored(&event.etype, event.ever, &event.data().unwrap())
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
