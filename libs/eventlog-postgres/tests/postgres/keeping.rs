//! Records that may come more than once: each is written once, and none takes another's place.

use std::time::SystemTime;

use trilby_eventlog::{Activity, ActivityFilter, ActivityKeeper as _, EventLog as _, Kept};
use trilby_eventlog_postgres::{Postgres, Role};
use trilby_model::Timestamp;
use uuid::Uuid;

use crate::support::common::{Database, account, append};

const HOUR_MICROS: i64 = 3_600_000_000;

fn now() -> i64 {
    let since = SystemTime::UNIX_EPOCH.elapsed().unwrap();
    i64::try_from(since.as_millis()).unwrap() * 1_000
}

/// An id that says when it was made.
fn id_of(micros: i64) -> String {
    let millis = u64::try_from(micros / 1_000).unwrap();
    let mut random = [0; 10];
    getrandom::fill(&mut random).unwrap();
    let id = uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid();
    Uuid::to_string(&id)
}

fn record(id: &str, at: i64, body: &str) -> Activity {
    Activity {
        log: account(1),
        at: Timestamp::from_micros(at),
        kind: "decision.made".to_owned(),
        id: id.to_owned(),
        body: body.as_bytes().to_vec(),
    }
}

fn kept(n_new: usize, n_known: usize, others: &[&Activity]) -> Kept {
    let others = others.iter();
    Kept {
        n_new,
        n_known,
        n_refused: 0,
        others: others
            .map(|one| (one.log.clone(), one.id.clone()))
            .collect(),
    }
}

/// All that is there of the log, by time, id and body.
async fn stored(store: &Postgres) -> Vec<(i64, String, String)> {
    let all = ActivityFilter::default();
    let found = store.activity_list(&account(1), &all, 99).await.unwrap();
    let mut found: Vec<_> = found
        .into_iter()
        .map(|one| one.activity)
        .map(|one| {
            (
                one.at.micros(),
                one.id,
                String::from_utf8(one.body).unwrap(),
            )
        })
        .collect();
    found.sort();
    found
}

/// Whatever an id is like, and whatever is said under it later, at whatever time.
#[tokio::test]
#[ignore = "needs services"]
async fn what_is_there_stays_whoever_comes_with_its_id() {
    let at = now();
    for id in [id_of(at), "no-uuid".to_owned(), id_of(at - 2 * HOUR_MICROS)] {
        let database = Database::new();
        append(&database.open(Role::Identity).await, 1, 1).await;
        let relay = database.open(Role::Relay).await;
        let reader = database.open(Role::Decision).await;
        let first = record(&id, at, "true");
        let keep = async |records: &[&Activity]| {
            let records = records.iter().copied().cloned().collect();
            relay.keep(records).await.unwrap()
        };
        assert_eq!(keep(&[&first]).await, kept(1, 0, &[]));
        assert_eq!(keep(&[&first]).await, kept(0, 1, &[]));
        let kind = Activity {
            kind: "other".to_owned(),
            ..first.clone()
        };
        let others = [
            record(&id, at, "forged"),
            kind,
            record(&id, at + 1, "true"),
            record(&id, at - 1, "forged"),
            record(&id, at - HOUR_MICROS, "forged"),
            record(&id, at + HOUR_MICROS, "forged"),
        ];
        for other in &others {
            assert_eq!(keep(&[other]).await, kept(0, 0, &[other]), "{other:?}");
        }
        let all: Vec<&Activity> = others.iter().chain([&first, &first]).collect();
        let beside: Vec<&Activity> = others.iter().collect();
        assert_eq!(keep(&all).await, kept(0, 2, &beside));
        assert_eq!(stored(&reader).await, [(at, id.clone(), "true".to_owned())]);
        let found = reader.activity_get(&account(1), &id).await.unwrap();
        assert_eq!(found.unwrap().activity, first);
    }
}

#[tokio::test]
#[ignore = "needs services"]
async fn of_those_that_come_together_the_first_is_written() {
    let database = Database::new();
    append(&database.open(Role::Identity).await, 1, 1).await;
    let relay = database.open(Role::Relay).await;
    let at = now();
    let (id, elsewhere) = (id_of(at), id_of(at));
    let first = record(&id, at, "one");
    let (other, late) = (record(&id, at, "two"), record(&id, at + 1, "one"));
    let apart = record(&elsewhere, at, "two");
    let all = vec![
        first.clone(),
        other.clone(),
        apart.clone(),
        late.clone(),
        first.clone(),
    ];
    let done = relay.keep(all.clone()).await.unwrap();
    assert_eq!(done, kept(2, 1, &[&other, &late]));
    // And so when they come again.
    let done = relay.keep(all).await.unwrap();
    assert_eq!(done, kept(0, 3, &[&other, &late]));
    let reader = database.open(Role::Decision).await;
    let mut expected = [
        (at, id, "one".to_owned()),
        (at, elsewhere, "two".to_owned()),
    ];
    expected.sort();
    assert_eq!(stored(&reader).await, expected);
}

/// Whoever may compare sees nothing of what is kept.
#[tokio::test]
#[ignore = "needs services"]
async fn the_relay_compares_records_and_reads_none() {
    let database = Database::new();
    append(&database.open(Role::Identity).await, 1, 1).await;
    let client = database.client().await;
    let may = async |role: &str, sql: &str| {
        let sql = format!("begin; set local role {role}; {sql}; rollback");
        let done = client.batch_execute(&sql).await;
        if done.is_err() {
            client.batch_execute("rollback").await.unwrap();
        }
        done.is_ok()
    };
    let compare = "select is_activity(1, 'a', 1, 'k', 'b')";
    assert!(may("trilby_relay", compare).await);
    for role in [
        "trilby_identity",
        "trilby_token",
        "trilby_decision",
        "trilby_sink",
    ] {
        assert!(!may(role, compare).await, "{role}");
    }
    assert!(may("trilby_relay", "select id from activity").await);
    assert!(!may("trilby_relay", "select body from activity").await);
}
