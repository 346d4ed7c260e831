//! The writer and the verifier derive the same from events, and a change beside the log is found.

use trilby_account::command::CreateUser;
use trilby_account::event::AccountCreated;
use trilby_account::{Actor, Context, Event, UserKind};
use trilby_eventlog::verify::{Options, Status, verify};
use trilby_eventlog::{Commit, Entry, EventLog, Expected, NewEvent, StoreMeta, memory::Memory};
use trilby_model::{AccountId, Entropy, LogId, Timestamp};

use super::*;

const CLAIM_KEY: [u8; 32] = [7; 32];
const AT: Timestamp = Timestamp::from_unix_seconds(1_800_000_000);

fn stored(event: &Event) -> NewEvent {
    NewEvent {
        etype: event.etype().to_owned(),
        ever: event.version(),
        data: event.to_data(),
    }
}

async fn store() -> (Memory, LogId) {
    let account: AccountId = "111122223333".parse().unwrap();
    let log = LogId::Account(account);
    let memory = Memory::new(StoreMeta {
        store_id: [9; 16],
        incarnation: 1,
        store_key_fingerprint: [8; 32],
        min_reader_level: 1,
    });
    let created: Event = AccountCreated {
        account,
        name: "acme".parse().unwrap(),
    }
    .into();
    let mut state = trilby_account::Account::empty(account);
    state.evolve(&created, trilby_model::Seq::new(1), AT);
    let mut context = Context::new(AT, Actor::Root(account), &mut Entropy::new([1; 32]));
    context.now = AT;
    let user = CreateUser {
        name: "mary".parse().unwrap(),
        path: "/".parse().unwrap(),
        kind: UserKind::Human,
        description: None,
        tags: Default::default(),
    };
    let mut events = vec![created];
    events.extend(state.decide(user.into(), &context).unwrap());
    let entry = Entry {
        log: log.clone(),
        expected: Expected::New,
        events: events.iter().map(stored).collect(),
    };
    memory
        .append(Commit::new(AT, serde_json::json!({}), [3; 32], vec![entry]))
        .await
        .unwrap();
    (memory, log)
}

#[tokio::test]
async fn a_sound_store_is_sound_with_folds() {
    let (memory, _) = store().await;
    let meta = memory.store_meta().await.unwrap();
    let folds = VerifyingFolds::new(CLAIM_KEY, meta.store_id);
    let report = verify(
        &memory,
        &Options {
            folds: Some(&folds),
            ..Options::default()
        },
    )
    .await
    .unwrap();
    assert_eq!(report.status, Status::Ok, "{:?}", report.findings);
    assert!(report.unchecked.is_empty(), "{:?}", report.unchecked);
}

#[tokio::test]
async fn an_event_that_the_fold_does_not_know_is_not_sound() {
    let (memory, log) = store().await;
    let head = memory.head(&log).await.unwrap().unwrap();
    let unknown = NewEvent {
        etype: "user.knighted".to_owned(),
        ever: 1,
        data: serde_json::json!({}),
    };
    let entry = Entry {
        log: log.clone(),
        expected: Expected::at(&head),
        events: vec![unknown],
    };
    memory
        .append(Commit::new(AT, serde_json::json!({}), [4; 32], vec![entry]))
        .await
        .unwrap();
    let meta = memory.store_meta().await.unwrap();
    let folds = VerifyingFolds::new(CLAIM_KEY, meta.store_id);
    let report = verify(
        &memory,
        &Options {
            folds: Some(&folds),
            ..Options::default()
        },
    )
    .await
    .unwrap();
    assert_ne!(report.status, Status::Ok);
}
