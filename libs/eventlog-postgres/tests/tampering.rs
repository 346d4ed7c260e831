//! Whatever is changed behind the log's back is found, and where.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use trilby_eventlog::verify::{Options as Verify, Report, Status, verify};
use trilby_eventlog::{Archive, EventLog};
use trilby_eventlog_postgres::{Postgres, Role};

#[path = "support/common.rs"]
mod common;

use common::{Database, account, append};

const OF_LOG: &str = "log_id = (select log_id from log_head where public_id = '000000000001')";

/// What is done, and the seqs one of which must be named.
const CHANGES: [(&str, &str, &[u64]); 9] = [
    (
        "a byte of a body",
        "update event set body = set_byte(body, 9, get_byte(body, 9) # 1) where L and seq = 3",
        &[3],
    ),
    (
        "a byte of a body's hash",
        "update event set body_hash = set_byte(body_hash, 9, get_byte(body_hash, 9) # 1) where L and seq = 3",
        &[3],
    ),
    (
        "a byte of a hash",
        "update event set hash = set_byte(hash, 0, get_byte(hash, 0) # 1) where L and seq = 3",
        &[3, 4],
    ),
    (
        "a time",
        "update event set at = at + 1 where L and seq = 3",
        &[3],
    ),
    (
        "the head",
        "update log_head set hash = set_byte(hash, 0, get_byte(hash, 0) # 1) where L",
        &[6],
    ),
    (
        "the middle",
        "delete from event where L and seq = 3",
        &[3, 4],
    ),
    ("the end", "delete from event where L and seq = 6", &[5, 6]),
    (
        "two rows changed about",
        "update event set seq = case seq when 2 then -3 else -2 end where L and seq in (2, 3);
         update event set seq = -seq where L and seq < 0",
        &[2],
    ),
    (
        "a receipt of what is not there",
        "insert into receipt select log_id, sha256('k'), sha256('r'), 90, 90, 200, null, 1 from log_head where L",
        &[90],
    ),
];

async fn report(store: &Postgres) -> Report {
    verify(store, &Verify::default()).await.unwrap()
}

#[tokio::test]
#[ignore = "needs services"]
async fn every_change_is_found_and_named() {
    for (what, sql, seqs) in CHANGES {
        let database = Database::new();
        let store = database.open(Role::Admin).await;
        for _ in 0..6 {
            append(&store, 1, 1).await;
            append(&store, 2, 1).await;
        }
        assert_eq!(report(&store).await.status, Status::Ok);
        let sql = sql.replace('L', OF_LOG);
        database.client().await.batch_execute(&sql).await.unwrap();
        let found = report(&store).await;
        assert_eq!(found.status, Status::Broken, "{what}");
        let names = |finding: &trilby_eventlog::verify::Finding| {
            finding.log == Some(account(1))
                && finding.seq.is_some_and(|seq| seqs.contains(&seq.get()))
        };
        assert!(
            found.findings.iter().any(names),
            "{what}: {:#?}",
            found.findings
        );
        let others = found.findings.iter().any(|one| one.log == Some(account(2)));
        assert!(!others, "{what}: the other log is sound");
    }
}

/// A log written anew has a chain without a fault. What was told of the old one gives it away.
#[tokio::test]
#[ignore = "needs services"]
async fn a_log_chained_anew_is_caught_by_a_position_kept_from_before() {
    let (database, forged) = (Database::new(), Database::new());
    let (store, forgery) = (
        database.open(Role::Admin).await,
        forged.open(Role::Admin).await,
    );
    let meta = store.store_meta().await.unwrap();
    forgery.import_meta(&meta).await.unwrap();
    append(&store, 1, 2).await;
    let kept = [store.head(&account(1)).await.unwrap().unwrap().position()];
    append(&forgery, 1, 2).await;
    assert_eq!(report(&forgery).await.status, Status::Ok);
    let options = Verify {
        kept: &kept,
        ..Verify::default()
    };
    let sound = verify(&store, &options).await.unwrap();
    assert_eq!(sound.status, Status::Ok, "{:#?}", sound.findings);
    let found = verify(&forgery, &options).await.unwrap();
    assert_eq!(found.status, Status::Broken);
    assert!(found.findings.iter().any(|one| one.log == Some(account(1))));
}
