//! A store moved between SQLite and Postgres is the same store.

use serde_json::json;
use trilby_eventlog::archive::{Archive, Row, Section};
use trilby_eventlog::copy::copy;
use trilby_eventlog::verify::{self, Status};
use trilby_eventlog::{
    Activity, Claim, ClaimKey, ClaimScope, Commit, Credential, Entry, Error, EventLog, NewReceipt,
    NewRevocation, OneTime, Personal, RevocationKind, SealedKey, SideBody, SideWrite, Snapshot,
    TrustingChange, snapshot,
};
use trilby_eventlog_postgres::{Options, Postgres, Role};
use trilby_eventlog_sqlite::Sqlite;
use trilby_model::{LogId, Seq};

use crate::support::common::{Database, account, append, at, commit, event, salt};

fn organization() -> LogId {
    "o-4k7m2xq9ab".parse().unwrap()
}

/// Something in every table, and values at the ends of their ranges.
async fn fill(store: &dyn EventLog) {
    for n in [1, 3] {
        append(store, n, 3).await;
    }
    let log = account(1);
    let mut wish = commit(store, 1, 2).await;
    wish.entries.push(Entry {
        log: organization(),
        expected: trilby_eventlog::Expected::New,
        events: vec![event(7)],
    });
    let claim = |scope, name: u8| Claim {
        key: ClaimKey {
            scope,
            kind: u16::MAX,
            mac: [name; 32],
        },
        log: log.clone(),
        event: 1,
    };
    let wish = Commit {
        claims_taken: vec![
            claim(ClaimScope::Store, 1),
            claim(ClaimScope::Log(log.clone()), 2),
        ],
        receipt: Some(NewReceipt {
            log: log.clone(),
            key: [1; 32],
            request_hash: [2; 32],
            status: 599,
            response: None,
        }),
        revocations: vec![NewRevocation {
            log: log.clone(),
            event: 0,
            kind: RevocationKind::User,
            id_hash: [3; 16],
            before: Some(Seq::new(2)),
        }],
        trusting: vec![TrustingChange::Put {
            key: [8; 32],
            log: log.clone(),
            role: "TROL1".to_owned(),
            event: 0,
        }],
        side: vec![
            SideWrite::CredentialInsert(Credential {
                log: log.clone(),
                subject: "TUSR1".to_owned(),
                kind: u16::MAX,
                generation: u32::MAX,
                body: SideBody(vec![0, 255]),
                expires_at: Some(at(5)),
            }),
            SideWrite::SealedKeyInsert(SealedKey {
                log: log.clone(),
                kind: 1,
                id: "kid".to_owned(),
                kek_id: "k1".to_owned(),
                body: SideBody(Vec::new()),
            }),
            SideWrite::PersonalInsert(Personal {
                log: log.clone(),
                subject: "TUSR1".to_owned(),
                field: 1,
                generation: 1,
                salt: [9; 16],
                body: SideBody("Åse\u{0}".as_bytes().to_vec()),
            }),
            SideWrite::OneTimeInsert(OneTime {
                log: log.clone(),
                purpose: 1,
                key_hash: [1; 32],
                expires_at: at(50),
            }),
            SideWrite::CounterAdd {
                log: LogId::Platform,
                subject: "TUSR1".to_owned(),
                kind: 2,
                delta: i64::MIN,
                now: at(0),
                until: None,
            },
        ],
        meta: json!({ "é": "\u{2028}" }),
        salt: salt(),
        ..wish
    };
    let committed = store.append(wish).await.unwrap();
    let header = snapshot::Header {
        log: log.clone(),
        incarnation: 1,
        seq: committed.heads[0].seq,
        head_hash: committed.heads[0].hash,
        state_schema: u32::MAX,
        fold_fingerprint: [3; 32],
    };
    store
        .snapshot_put(Snapshot::new(&header, &[7; 9_000]).unwrap())
        .await
        .unwrap();
    for n in 0..5 {
        let record = |log: LogId, id: String| Activity {
            log,
            at: at(n * 3_000),
            kind: "session.issued".to_owned(),
            id,
            body: b"{}".to_vec(),
        };
        let records = vec![
            record(account(1), format!("TSES{n}")),
            record(account(3), made_at(at(n * 3_000))),
        ];
        store.activity_append(records).await.unwrap();
    }
    store.activity_purge(at(3_001)).await.unwrap();
}

/// An id that says when it was made: UUIDv7.
fn made_at(at: trilby_model::Timestamp) -> String {
    let hex = format!("{:012x}", at.micros() / 1_000);
    format!("{}-{}-7000-8000-000000000000", &hex[..8], &hex[8..])
}

async fn rows(store: &dyn Archive, section: Section) -> Vec<Row> {
    let mut all = Vec::new();
    let mut after = None;
    loop {
        let page = store.export(section, None, after, 2).await.unwrap();
        assert!(page.rows.len() <= 2);
        all.extend(page.rows);
        match page.next {
            Some(next) => after = Some(next),
            None => return all,
        }
    }
}

async fn assert_same(ours: &dyn Archive, theirs: &dyn Archive) {
    assert_eq!(
        ours.store_meta().await.unwrap(),
        theirs.store_meta().await.unwrap()
    );
    for section in Section::ALL {
        let (mut one, mut two) = (rows(ours, section).await, rows(theirs, section).await);
        one.sort_by_key(|row| format!("{row:?}"));
        two.sort_by_key(|row| format!("{row:?}"));
        // Nobody knows who wrote them: the copy's readers make their own.
        if section == Section::Snapshots {
            assert!(two.is_empty());
            continue;
        }
        assert!(!one.is_empty(), "{section:?}");
        assert_eq!(one, two, "{section:?}");
    }
    for head in ours.logs(None, 100).await.unwrap() {
        let all = ours.read(&head.log, Seq::ZERO, 1_000).await.unwrap();
        assert_eq!(theirs.read(&head.log, Seq::ZERO, 1_000).await.unwrap(), all);
    }
    for store in [ours, theirs] {
        let report = verify::verify(store, &verify::Options::default())
            .await
            .unwrap();
        assert_eq!(report.status, Status::Ok, "{:#?}", report.findings);
    }
}

fn sqlite(dir: &std::path::Path) -> Sqlite {
    let options = trilby_eventlog_sqlite::Options {
        store_key_fingerprint: Some([1; 32]),
        relay: false,
        ..trilby_eventlog_sqlite::Options::default()
    };
    Sqlite::open(dir, &options).unwrap()
}

#[tokio::test]
#[ignore = "needs services"]
async fn from_a_file_to_postgres_and_back_every_byte_is_the_same() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let file = sqlite(one.path());
    fill(&file).await;
    let database = Database::new();
    let postgres = database.open(Role::Admin).await;
    let copied = copy(&file, &postgres).await.unwrap();
    assert_eq!((copied.logs, copied.commits, copied.events), (3, 4, 9));
    assert_same(&file, &postgres).await;
    let again = copy(&file, &postgres).await;
    assert!(
        matches!(again, Err(Error::Invalid(_))),
        "only into an empty store"
    );

    // Read as of one moment, into a new file.
    let mut options: Options = database.options(Role::Admin);
    options.read_only = true;
    let still = Postgres::open(&options).await.unwrap();
    let back = sqlite(two.path());
    copy(&still, &back).await.unwrap();
    assert_same(&back, &still).await;

    // The copy goes on as the original would.
    let service = database.open(Role::Identity).await;
    let wish = commit(&service, 1, 1).await;
    let theirs = service.append(wish.clone()).await.unwrap();
    assert_eq!(file.append(wish).await.unwrap().commits, theirs.commits);
    let id = made_at(at(12_000));
    let found = postgres
        .activity_get(&account(3), &id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(found.activity.at, at(12_000));
    let rows = postgres.outbox_take(100).await.unwrap();
    let ids: Vec<i64> = rows.iter().map(|row| row.id).collect();
    assert!(ids.windows(2).all(|pair| pair[0] < pair[1]), "{ids:?}");
}

#[tokio::test]
#[ignore = "needs services"]
async fn a_commit_that_does_not_follow_is_not_taken_over() {
    let (one, two) = (Database::new(), Database::new());
    let from = one.open(Role::Admin).await;
    append(&from, 1, 1).await;
    append(&from, 1, 1).await;
    let commits = from.read(&account(1), Seq::ZERO, 9).await.unwrap();
    let to = two.open(Role::Admin).await;
    let refused = to.import_commits(commits[1..].to_vec()).await;
    assert!(matches!(refused, Err(Error::Invalid(_))), "{refused:?}");
    to.import_commits(commits[..1].to_vec()).await.unwrap();
    let refused = to.import_commits(commits[..1].to_vec()).await;
    assert!(matches!(refused, Err(Error::Invalid(_))), "{refused:?}");
}
