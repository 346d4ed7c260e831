//! Somebody changes the file behind the log's back. Verification says so and names log and seq;
//! a log that was rewritten as a whole is caught by a position kept from before.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

#[path = "support/common.rs"]
mod common;

use std::path::Path;

use common::{account, at, event, options};
use rusqlite::Connection;
use serde_json::json;
use trilby_eventlog::revocation::id_hash;
use trilby_eventlog::snapshot::{Header, Snapshot};
use trilby_eventlog::verify::{
    Check, Effects, Fold, Folds, NamedPersonal, Options as Verify, Report, SnapshotVerdict, Status,
    verify,
};
use trilby_eventlog::{
    Activity, Archive, Claim, ClaimKey, ClaimScope, Commit, Entry, EventLog, Expected, NewEvent,
    NewReceipt, NewRevocation, Personal, RecordedCommit, RevocationKind, SideBody, SideWrite,
    TrustingChange, chain,
};
use trilby_eventlog_sqlite::{FILE_NAME, Options, Sqlite};
use trilby_model::{Hash, LogId, Seq};

/// Events that say what they do: `{"take": name, "free": name, "revoke": id, "trust": n, "about": subject}`.
struct Toy;

struct ToyFold {
    log: LogId,
    n_events: u64,
}

fn claim(log: &LogId, name: &str, event: usize) -> Claim {
    let mac = trilby_eventlog::claim::mac(&[4; 32], name);
    Claim {
        key: ClaimKey {
            scope: ClaimScope::Store,
            kind: 1,
            mac,
        },
        log: log.clone(),
        event,
    }
}

fn personal(log: &LogId, subject: &str) -> Personal {
    Personal {
        log: log.clone(),
        subject: subject.to_owned(),
        field: 2,
        generation: 1,
        salt: [5; 16],
        body: SideBody(b"someone@example.com".to_vec()),
    }
}

fn effects(log: &LogId, events: &[serde_json::Value]) -> Effects {
    let mut effects = Effects::default();
    for (event, data) in events.iter().enumerate() {
        if let Some(name) = data["take"].as_str() {
            effects.claims_taken.push(claim(log, name, event));
        }
        if let Some(name) = data["free"].as_str() {
            effects.claims_released.push(claim(log, name, event));
        }
        if let Some(id) = data["revoke"].as_str() {
            let kind = RevocationKind::User;
            let id_hash = id_hash(kind, &[id]);
            effects.revocations.push(NewRevocation {
                log: log.clone(),
                event,
                kind,
                id_hash,
                before: None,
            });
        }
        if let Some(subject) = data["about"].as_str() {
            let row = personal(log, subject);
            effects.personal.push(NamedPersonal {
                subject: row.subject.clone(),
                field: row.field,
                generation: row.generation,
                digest: row.digest(),
            });
        }
        if let Some(n) = data["trust"].as_u64() {
            let key = [u8::try_from(n).unwrap(); 32];
            effects.trusting.push(TrustingChange::Put {
                key,
                log: log.clone(),
                role: "TROL1".to_owned(),
                event,
            });
        }
    }
    effects
}

impl Folds for Toy {
    fn begin(&self, log: &LogId) -> Box<dyn Fold> {
        Box::new(ToyFold {
            log: log.clone(),
            n_events: 0,
        })
    }
}

impl Fold for ToyFold {
    fn apply(&mut self, commit: &RecordedCommit) -> Result<Effects, String> {
        commit.check().map_err(|error| error.to_string())?;
        let mut data = Vec::new();
        for event in &commit.events {
            if event.etype != "test.happened" {
                return Err(format!("`{}` is unknown", event.etype));
            }
            data.push(event.data().map_err(|error| error.to_string())?);
            self.n_events += 1;
        }
        Ok(effects(&self.log, &data))
    }

    fn compare(&mut self, snapshot: &Snapshot) -> SnapshotVerdict {
        match snapshot.open() {
            Ok((_, state)) if state == self.n_events.to_be_bytes() => SnapshotVerdict::Same,
            _ => SnapshotVerdict::Different,
        }
    }
}

async fn say(store: &Sqlite, n: u64, said: &[serde_json::Value], receipt: Option<u8>) {
    let log = account(n);
    let expected = match store.head(&log).await.unwrap() {
        Some(head) => Expected::at(&head),
        None => Expected::New,
    };
    let events = said
        .iter()
        .map(|data| NewEvent {
            data: data.clone(),
            ..event(0)
        })
        .collect();
    let Effects {
        claims_taken,
        claims_released,
        revocations,
        trusting,
        personal: _,
    } = effects(&log, said);
    let about = said.iter().filter_map(|data| data["about"].as_str());
    let side = about.map(|subject| SideWrite::PersonalInsert(personal(&log, subject)));
    let side = side.collect();
    let receipt = receipt.map(|key| NewReceipt {
        log: log.clone(),
        key: [key; 32],
        request_hash: [0; 32],
        status: 200,
        response: None,
    });
    let entries = vec![Entry {
        log,
        expected,
        events,
    }];
    let commit = Commit {
        claims_taken,
        claims_released,
        revocations,
        trusting,
        receipt,
        side,
        ..Commit::new(at(0), json!({}), [7; 32], entries)
    };
    store.append(commit).await.unwrap();
}

/// Something in each table; two logs, the first with seven events in four commits.
async fn write(dir: &Path) {
    let store = Sqlite::open(
        dir,
        &Options {
            relay: false,
            ..options()
        },
    )
    .unwrap();
    say(
        &store,
        1,
        &[json!({ "take": "a" }), json!({ "take": "b" })],
        None,
    )
    .await;
    say(
        &store,
        1,
        &[
            json!({ "free": "a" }),
            json!({ "revoke": "u" }),
            json!({ "trust": 1 }),
        ],
        Some(1),
    )
    .await;
    say(&store, 2, &[json!({ "take": "c" })], None).await;
    say(&store, 1, &[json!({ "about": "TUSR1" })], None).await;
    say(&store, 1, &[json!({ "x": 2 })], Some(2)).await;
    let point = store
        .commit_at(&account(1), Seq::new(5))
        .await
        .unwrap()
        .unwrap();
    let header = Header {
        log: account(1),
        incarnation: 1,
        seq: point.last,
        head_hash: point.hash,
        state_schema: 1,
        fold_fingerprint: [1; 32],
    };
    store
        .snapshot_put(Snapshot::new(&header, &5_u64.to_be_bytes()).unwrap())
        .await
        .unwrap();
    for n in 0..3 {
        let records = (0..2).map(|i| Activity {
            log: account(1),
            at: at(n),
            kind: "session.issued".to_owned(),
            id: format!("TSES{n}{i}"),
            body: b"{}".to_vec(),
        });
        store.activity_append(records.collect()).await.unwrap();
    }
}

async fn verified(dir: &Path, verify_options: &Verify<'_>) -> Report {
    let store = Sqlite::open(
        dir,
        &Options {
            relay: false,
            ..options()
        },
    )
    .unwrap();
    verify(&store, verify_options).await.unwrap()
}

fn raw(dir: &Path) -> Connection {
    let conn = Connection::open(dir.join(FILE_NAME)).unwrap();
    conn.pragma_update(None, "foreign_keys", false).unwrap();
    conn
}

/// Changes the lowest bit of a byte in the middle of a blob.
fn flip(conn: &Connection, table: &str, column: &str, row: &str) {
    let rowid: i64 = conn
        .query_row(
            &format!("select rowid from {table} where {row}"),
            [],
            |row| row.get(0),
        )
        .unwrap();
    let of = format!("from {table} where rowid = {rowid}");
    let mut blob: Vec<u8> = conn
        .query_row(&format!("select {column} {of}"), [], |row| row.get(0))
        .unwrap();
    let middle = blob.len() / 2;
    blob[middle] ^= 1;
    conn.execute(
        &format!("update {table} set {column} = ?1 where rowid = {rowid}"),
        [blob],
    )
    .unwrap();
}

/// What is done to the file, what must notice it, and at which seq of the first log (0: not told).
type Crime = (&'static str, fn(&Connection), Check, u64);

fn sql(conn: &Connection, text: &str) {
    conn.execute_batch(text).unwrap();
}

const CRIMES: &[Crime] = &[
    (
        "a byte of a body",
        |c| flip(c, "event", "body", "log_id = 1 and seq = 4"),
        Check::Chain,
        4,
    ),
    (
        "a byte of a body's hash",
        |c| flip(c, "event", "body_hash", "log_id = 1 and seq = 4"),
        Check::Chain,
        4,
    ),
    (
        "a byte of a hash",
        |c| flip(c, "event", "hash", "log_id = 1 and seq = 4"),
        Check::Chain,
        4,
    ),
    (
        "a byte of the last hash",
        |c| flip(c, "event", "hash", "log_id = 1 and seq = 7"),
        Check::Chain,
        7,
    ),
    (
        "a body is gone",
        |c| {
            sql(
                c,
                "update event set body = null where log_id = 1 and seq = 3",
            )
        },
        Check::Chain,
        3,
    ),
    (
        "a type",
        |c| {
            sql(
                c,
                "update event set etype = 'test.never' where log_id = 1 and seq = 6",
            )
        },
        Check::Chain,
        6,
    ),
    (
        "a version",
        |c| sql(c, "update event set ever = 2 where log_id = 1 and seq = 6"),
        Check::Chain,
        6,
    ),
    (
        "an incarnation",
        |c| sql(c, "update event set inc = 2 where log_id = 1 and seq = 6"),
        Check::Chain,
        6,
    ),
    (
        "a time",
        |c| {
            sql(
                c,
                "update event set at = at + 1 where log_id = 1 and seq = 6",
            )
        },
        Check::Chain,
        6,
    ),
    (
        "a commit's bounds",
        |c| {
            sql(
                c,
                "update event set commit_first = 4 where log_id = 1 and seq = 4",
            )
        },
        Check::Chain,
        4,
    ),
    (
        "an event in the middle is gone",
        |c| sql(c, "delete from event where log_id = 1 and seq = 4"),
        Check::Chain,
        4,
    ),
    (
        "a commit in the middle is gone",
        |c| sql(c, "delete from event where log_id = 1 and seq = 6"),
        Check::Chain,
        6,
    ),
    (
        "the last event is gone",
        |c| sql(c, "delete from event where log_id = 1 and seq = 7"),
        Check::Head,
        7,
    ),
    (
        "half of a commit is gone, and the rest after it",
        |c| sql(c, "delete from event where log_id = 1 and seq >= 5"),
        Check::Commits,
        3,
    ),
    (
        "two events have changed places",
        |c| {
            sql(
                c,
                "update event set seq = 99 where log_id = 1 and seq = 6; update event set seq = 6 where log_id = 1 and seq = 7; update event set seq = 7 where seq = 99",
            )
        },
        Check::Chain,
        6,
    ),
    (
        "a byte of the head",
        |c| flip(c, "log_head", "hash", "log_id = 1"),
        Check::Head,
        7,
    ),
    (
        "the head's seq",
        |c| sql(c, "update log_head set seq = 6 where log_id = 1"),
        Check::Head,
        7,
    ),
    (
        "the head's time",
        |c| {
            sql(
                c,
                "update log_head set last_at = last_at - 1 where log_id = 1",
            )
        },
        Check::Head,
        7,
    ),
    (
        "the head's kind",
        |c| sql(c, "update log_head set kind = 2 where log_id = 1"),
        Check::Files,
        0,
    ),
    (
        "the head says that the log was erased",
        |c| sql(c, "update log_head set state = 3 where log_id = 1"),
        Check::Head,
        7,
    ),
    (
        "the head's state is none",
        |c| sql(c, "update log_head set state = 9 where log_id = 1"),
        Check::Files,
        0,
    ),
    (
        "the head's log is none",
        |c| {
            sql(
                c,
                "update log_head set public_id = 'nobody' where log_id = 1",
            )
        },
        Check::Files,
        0,
    ),
    (
        "the head's seq is none",
        |c| sql(c, "update log_head set seq = -1 where log_id = 1"),
        Check::Files,
        0,
    ),
    (
        "a byte of personal data",
        |c| flip(c, "personal", "body", "log_id = 1"),
        Check::Personal,
        0,
    ),
    (
        "a byte of personal data's salt",
        |c| flip(c, "personal", "salt", "log_id = 1"),
        Check::Personal,
        0,
    ),
    (
        "personal data of another",
        |c| sql(c, "update personal set subject = 'TUSR2'"),
        Check::Personal,
        0,
    ),
    (
        "the head is gone",
        |c| sql(c, "delete from log_head where log_id = 1"),
        Check::Files,
        0,
    ),
    (
        "a byte of a snapshot",
        |c| flip(c, "snapshot", "body", "log_id = 1"),
        Check::Snapshots,
        5,
    ),
    (
        "a snapshot's hash",
        |c| flip(c, "snapshot", "head_hash", "log_id = 1"),
        Check::Snapshots,
        5,
    ),
    (
        "a byte of a claim",
        |c| flip(c, "claim", "value_mac", "log_id = 1"),
        Check::Claims,
        2,
    ),
    (
        "a claim is gone",
        |c| sql(c, "delete from claim where log_id = 1"),
        Check::Claims,
        2,
    ),
    (
        "a claim has changed hands",
        |c| sql(c, "update claim set log_id = 2, seq = 1 where log_id = 1"),
        Check::Claims,
        2,
    ),
    (
        "a revocation is gone",
        |c| sql(c, "delete from revocation"),
        Check::Revocations,
        4,
    ),
    (
        "a revocation is of another",
        |c| flip(c, "revocation", "id_hash", "log_id = 1"),
        Check::Revocations,
        4,
    ),
    (
        "a revocation reaches less far",
        |c| sql(c, "update revocation set before_seq = 1"),
        Check::Revocations,
        4,
    ),
    (
        "a revocation is of another time",
        |c| sql(c, "update revocation set at = at + 1"),
        Check::Revocations,
        4,
    ),
    (
        "a trusting row is gone",
        |c| sql(c, "delete from trusting"),
        Check::Trusting,
        5,
    ),
    (
        "a trusting row is of another",
        |c| flip(c, "trusting", "key", "log_id = 1"),
        Check::Trusting,
        5,
    ),
    (
        "a receipt names another commit",
        |c| sql(c, "update receipt set last_seq = 6 where first_seq = 3"),
        Check::Receipts,
        3,
    ),
    (
        "a receipt names a later commit",
        |c| {
            sql(
                c,
                "update receipt set first_seq = 8, last_seq = 8 where first_seq = 7",
            )
        },
        Check::Receipts,
        8,
    ),
    (
        "the outbox names another commit",
        |c| sql(c, "update outbox set last_seq = 4 where first_seq = 3"),
        Check::Outbox,
        3,
    ),
    (
        "a byte of an activity",
        |c| flip(c, "activity", "body", "id = 'TSES10'"),
        Check::Activity,
        0,
    ),
    (
        "an activity is gone",
        |c| sql(c, "delete from activity where id = 'TSES10'"),
        Check::Activity,
        0,
    ),
    (
        "an activity is of another time",
        |c| sql(c, "update activity set at = at + 1 where id = 'TSES10'"),
        Check::Activity,
        0,
    ),
    (
        "a segment is gone",
        |c| sql(c, "delete from activity_segment where n = 2"),
        Check::Files,
        0,
    ),
    (
        "a segment with its records is gone",
        |c| {
            sql(
                c,
                "delete from activity where segment_id = 2; delete from activity_segment where n = 2",
            )
        },
        Check::Activity,
        0,
    ),
    (
        "records are gone before their time",
        |c| sql(c, "delete from activity where segment_id = 2"),
        Check::Activity,
        0,
    ),
];

#[tokio::test]
async fn every_change_is_noticed_and_named() {
    for (crime, commit_it, check, seq) in CRIMES {
        let dir = tempfile::tempdir().unwrap();
        write(dir.path()).await;
        let whole = Verify {
            folds: Some(&Toy),
            ..Verify::default()
        };
        let before = verified(dir.path(), &whole).await;
        assert_eq!(before.status, Status::Ok, "{crime}: {:?}", before.findings);
        assert!(before.unchecked.is_empty());
        let conn = raw(dir.path());
        commit_it(&conn);
        drop(conn);
        let report = verified(dir.path(), &whole).await;
        assert_eq!(
            (report.status, report.exit_code()),
            (Status::Broken, 2),
            "{crime}"
        );
        let named = report.findings.iter().any(|finding| {
            finding.check == *check
                && (*seq == 0
                    || (finding.log == Some(account(1)) && finding.seq == Some(Seq::new(*seq))))
        });
        assert!(named, "{crime}: {:#?}", report.findings);
    }
}

/// A log rewritten from its second event on, with every hash made anew, is sound in itself.
#[tokio::test]
async fn a_log_chained_anew_is_caught_by_a_kept_position() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path()).await;
    let store = Sqlite::open(dir.path(), &options()).unwrap();
    let kept = [store
        .commit_at(&account(1), Seq::new(5))
        .await
        .unwrap()
        .unwrap()
        .position()];
    let mut events = store.events(&account(1), Seq::ZERO, 99).await.unwrap();
    drop(store);
    let conn = raw(dir.path());
    let mut prev = events[0].hash;
    for event in events.iter_mut().skip(1) {
        let mut body: serde_json::Value =
            serde_json::from_slice(event.body.as_ref().unwrap()).unwrap();
        body["data"]["forged"] = json!(true);
        let body = body.to_string().into_bytes();
        event.body_hash = chain::body_hash(&body);
        event.body = Some(body);
        event.hash = chain::event_hash(&prev, &chain::link(event));
        prev = event.hash;
        conn.execute(
            "update event set body = ?1, body_hash = ?2, hash = ?3 where log_id = 1 and seq = ?4",
            (
                &event.body,
                event.body_hash.0,
                event.hash.0,
                i64::try_from(event.seq.get()).unwrap(),
            ),
        )
        .unwrap();
    }
    conn.execute("update log_head set hash = ?1 where log_id = 1", [prev.0])
        .unwrap();
    conn.execute("delete from snapshot", []).unwrap();
    drop(conn);
    assert_eq!(
        verified(dir.path(), &Verify::default()).await.status,
        Status::Ok,
        "sound in itself"
    );
    let report = verified(
        dir.path(),
        &Verify {
            kept: &kept,
            ..Verify::default()
        },
    )
    .await;
    assert_eq!(report.exit_code(), 2);
    assert_eq!(
        (report.findings[0].check, report.findings[0].seq),
        (Check::Kept, Some(Seq::new(5)))
    );
}

/// A log cut back to an earlier commit, with its head, is sound in itself too.
#[tokio::test]
async fn a_log_cut_back_is_caught_by_a_kept_position() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path()).await;
    let store = Sqlite::open(dir.path(), &options()).unwrap();
    let kept = [store.head(&account(1)).await.unwrap().unwrap().position()];
    let end = store
        .commit_at(&account(1), Seq::new(6))
        .await
        .unwrap()
        .unwrap();
    drop(store);
    let conn = raw(dir.path());
    sql(
        &conn,
        "delete from event where log_id = 1 and seq = 7; delete from receipt where first_seq = 7; delete from outbox where first_seq = 7",
    );
    let Hash(hash) = end.hash;
    conn.execute(
        "update log_head set seq = 6, hash = ?1 where log_id = 1",
        [hash],
    )
    .unwrap();
    drop(conn);
    assert_eq!(
        verified(dir.path(), &Verify::default()).await.status,
        Status::Ok
    );
    let report = verified(
        dir.path(),
        &Verify {
            kept: &kept,
            ..Verify::default()
        },
    )
    .await;
    assert_eq!(
        (report.exit_code(), report.findings[0].check),
        (2, Check::Kept)
    );
}

/// Reading refuses a broken commit instead of giving half of it.
#[tokio::test]
async fn a_broken_commit_is_not_read() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path()).await;
    sql(
        &raw(dir.path()),
        "delete from event where log_id = 1 and seq = 4",
    );
    let store = Sqlite::open(dir.path(), &options()).unwrap();
    let refused = store.read(&account(1), Seq::ZERO, 99).await;
    assert!(
        matches!(refused, Err(trilby_eventlog::Error::Corrupt(_))),
        "{refused:?}"
    );
    assert!(
        store.read(&account(2), Seq::ZERO, 99).await.is_ok(),
        "another log is read as before"
    );
}

/// An event that the fold does not know leaves the verification incomplete, not broken.
#[tokio::test]
async fn an_unknown_event_leaves_the_check_incomplete() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path()).await;
    let store = Sqlite::open(dir.path(), &options()).unwrap();
    let head = store.head(&account(2)).await.unwrap().unwrap();
    let strange = NewEvent {
        etype: "mystery.appeared".to_owned(),
        ..event(0)
    };
    let entry = Entry {
        log: account(2),
        expected: Expected::at(&head),
        events: vec![strange],
    };
    store
        .append(Commit::new(at(0), json!({}), [7; 32], vec![entry]))
        .await
        .unwrap();
    let report = verify(
        &store,
        &Verify {
            folds: Some(&Toy),
            ..Verify::default()
        },
    )
    .await
    .unwrap();
    assert_eq!((report.status, report.exit_code()), (Status::Incomplete, 3));
    assert_eq!(
        (report.findings[0].check, report.findings[0].log.clone()),
        (Check::Fold, Some(account(2)))
    );
    assert_eq!(report.unchecked, FOLDED);
}

/// What is compared with a fold of the events.
const FOLDED: [Check; 6] = [
    Check::Claims,
    Check::Trusting,
    Check::Personal,
    Check::Fold,
    Check::Snapshots,
    Check::Revocations,
];

/// What was left out is named; only where it was wanted the verification is incomplete for it.
#[tokio::test]
async fn what_was_left_out_is_named() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path()).await;
    let one = account(1);
    let outcome = async |options: Verify<'_>| {
        let report = verified(dir.path(), &options).await;
        (report.status, report.unchecked, report.findings)
    };
    let (status, unchecked, findings) = outcome(Verify::default()).await;
    assert_eq!((status, &unchecked[..]), (Status::Ok, &FOLDED[..]));
    assert!(findings.is_empty());

    let without = Verify {
        folds_missing: Some("there is no key"),
        ..Verify::default()
    };
    let (status, unchecked, findings) = outcome(without).await;
    assert_eq!((status, &unchecked[..]), (Status::Incomplete, &FOLDED[..]));
    assert_eq!((findings.len(), findings[0].check), (1, Check::Fold));
    assert!(findings[0].message.contains("there is no key"));

    // Asked to begin later: nobody wanted the folds.
    let later = Verify {
        since: Seq::new(5),
        ..without
    };
    let (status, unchecked, _) = outcome(later).await;
    assert_eq!((status, &unchecked[..]), (Status::Ok, &FOLDED[..]));

    let of_one = Verify {
        log: Some(&one),
        folds: Some(&Toy),
        ..Verify::default()
    };
    let (status, unchecked, _) = outcome(of_one).await;
    assert_eq!(
        (status, &unchecked[..]),
        (Status::Ok, &[Check::Activity][..])
    );

    flip(&raw(dir.path()), "event", "body", "log_id = 1 and seq = 4");
    let (status, ..) = outcome(without).await;
    assert_eq!(status, Status::Broken, "broken wins");
    // The fold ends where the chain breaks.
    let whole = Verify {
        folds: Some(&Toy),
        ..Verify::default()
    };
    let (status, unchecked, _) = outcome(whole).await;
    assert_eq!((status, &unchecked[..]), (Status::Broken, &FOLDED[..]));
}

#[tokio::test]
async fn a_log_can_be_verified_from_any_seq_on() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path()).await;
    let one = account(1);
    for (since, n_events) in [
        (0, 7),
        (1, 7),
        (2, 5),
        (3, 5),
        (4, 5),
        (5, 2),
        (6, 1),
        (7, 0),
    ] {
        let options = Verify {
            log: Some(&one),
            since: Seq::new(since),
            ..Verify::default()
        };
        let report = verified(dir.path(), &options).await;
        assert_eq!(
            (report.status, report.events),
            (Status::Ok, n_events),
            "since {since}: {:?}",
            report.findings
        );
    }
}

#[tokio::test]
async fn an_erased_log_is_no_reason_to_be_incomplete() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path()).await;
    let store = Sqlite::open(dir.path(), &options()).unwrap();
    store.close_log(&account(2), true).await.unwrap();
    let whole = Verify {
        folds: Some(&Toy),
        ..Verify::default()
    };
    let report = verify(&store, &whole).await.unwrap();
    assert_eq!(report.status, Status::Ok, "{:?}", report.findings);
}

/// The report's JSON is for programs: these names stay.
#[tokio::test]
async fn the_report_is_stable_json() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path()).await;
    flip(&raw(dir.path()), "event", "body", "log_id = 1 and seq = 4");
    let report = serde_json::to_value(verified(dir.path(), &Verify::default()).await).unwrap();
    assert_eq!(report["status"], "broken");
    assert_eq!(
        report["findings"][0],
        json!({
            "status": "broken",
            "check": "chain",
            "log": "000000000001",
            "seq": 4,
            "message": "the body does not have its hash",
        })
    );
    assert_eq!(
        report["unchecked"],
        json!([
            "claims",
            "trusting",
            "personal",
            "fold",
            "snapshots",
            "revocations"
        ])
    );
    assert_eq!(
        (&report["logs"], &report["commits"], &report["events"]),
        (&json!(2), &json!(5), &json!(8))
    );
}

/// Erasing somebody's data is no fault.
#[tokio::test]
async fn personal_data_that_is_gone_is_not_missed() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path()).await;
    sql(&raw(dir.path()), "delete from personal");
    let whole = Verify {
        folds: Some(&Toy),
        ..Verify::default()
    };
    let report = verified(dir.path(), &whole).await;
    assert_eq!(report.status, Status::Ok, "{:?}", report.findings);
}
