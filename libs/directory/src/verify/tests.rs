//! The writer and the verifier derive the same from events, and a change beside the log is found.

use trilby_account::command::CreateUser;
use trilby_account::event::AccountCreated;
use trilby_account::{Actor, Context, Event, UserKind};
use trilby_eventlog::verify::{Options, Status, verify};
use trilby_eventlog::{
    Commit, Entry, EventLog, Expected, NewEvent, Personal, SideBody, SideWrite, StoreMeta,
    memory::Memory,
};
use trilby_model::{AccountId, Entropy, Hash, Timestamp};

use super::*;

const SECRETS: StoreSecrets = StoreSecrets {
    claim_key: [7; 32],
    snapshot_key: [8; 32],
};
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
    let folds = VerifyingFolds::new(SECRETS, meta.store_id);
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
    let folds = VerifyingFolds::new(SECRETS, meta.store_id);
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

/// A row of an account, as a request's circumstances name it; `digest` is what they say of it.
async fn come_from(memory: &Memory, log: &LogId, row: &Personal, named: &LogId, digest: Hash) {
    let head = memory.head(named).await.unwrap();
    let created: Event = match named {
        LogId::Account(account) => AccountCreated {
            account: *account,
            name: "other".parse().unwrap(),
        }
        .into(),
        LogId::Organization(_) | LogId::Platform => unreachable!("only accounts here"),
    };
    let entry = Entry {
        log: named.clone(),
        expected: head.as_ref().map_or(Expected::New, Expected::at),
        events: vec![stored(&created)],
    };
    let origin = serde_json::json!({
        "subject": row.subject, "field": row.field, "generation": row.generation, "sha256": digest.to_string(),
    });
    let meta = serde_json::json!({ "origin": origin });
    let mut commit = Commit::new(AT, meta, [5; 32], vec![entry]);
    let row = Personal {
        log: log.clone(),
        ..row.clone()
    };
    commit.side = vec![SideWrite::PersonalInsert(row)];
    memory.append(commit).await.unwrap();
}

async fn found(memory: &Memory) -> Vec<String> {
    let meta = memory.store_meta().await.unwrap();
    let folds = VerifyingFolds::new(SECRETS, meta.store_id);
    let options = Options {
        folds: Some(&folds),
        ..Options::default()
    };
    let report = verify(memory, &options).await.unwrap();
    let findings = report.findings.into_iter();
    findings.map(|finding| finding.message).collect()
}

#[tokio::test]
async fn an_origin_is_what_the_commit_of_any_log_is_bound_to() {
    let other: LogId = "444455556666".parse().unwrap();
    let row = |log: &LogId| Personal {
        log: log.clone(),
        subject: "TREQ1".to_owned(),
        field: 3,
        generation: 1,
        salt: [1; 16],
        body: SideBody(b"192.0.2.1".to_vec()),
    };
    let (memory, log) = store().await;
    let row = row(&log);
    // Kept with one account, named by the log of another.
    come_from(&memory, &log, &row, &other, row.digest()).await;
    assert_eq!(found(&memory).await, Vec::<String>::new());

    let (memory, _) = store().await;
    let changed = Hash([0; 32]);
    come_from(&memory, &other, &row, &other, changed).await;
    let bound = "personal data is not what the event is bound to: field 3 of `TREQ1`, generation 1";
    assert_eq!(found(&memory).await, [bound]);

    let (memory, _) = store().await;
    come_from(&memory, &log, &row, &other, changed).await;
    let nobody = "no event names personal data: field 3 of `TREQ1`, generation 1";
    assert_eq!(found(&memory).await, [nobody]);
}
