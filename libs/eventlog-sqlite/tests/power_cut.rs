//! The power fails while the last frame of the write-ahead log goes to the disk: whatever part of
//! it arrived, every commit before it is whole, and the last is there as a whole or not at all.

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

use common::{account, append, options};
use rusqlite::Connection;
use trilby_eventlog::EventLog;
use trilby_eventlog::verify::{Options as Verify, Status, verify};
use trilby_eventlog_sqlite::{FILE_NAME, Options, Sqlite};

/// Header of a frame, and a page.
const FRAME: usize = 24 + 4096;

struct Files {
    db: Vec<u8>,
    wal: Vec<u8>,
}

impl Files {
    fn of(dir: &Path) -> Self {
        Self {
            db: std::fs::read(dir.join(FILE_NAME)).unwrap(),
            wal: std::fs::read(dir.join(format!("{FILE_NAME}-wal"))).unwrap(),
        }
    }

    fn restore(&self, dir: &Path, wal_len: usize) {
        for entry in std::fs::read_dir(dir).unwrap() {
            std::fs::remove_file(entry.unwrap().path()).unwrap();
        }
        std::fs::write(dir.join(FILE_NAME), &self.db).unwrap();
        std::fs::write(dir.join(format!("{FILE_NAME}-wal")), &self.wal[..wal_len]).unwrap();
    }
}

/// A store with commits that are only in the write-ahead log, as its files lie on the disk.
async fn written() -> Files {
    let dir = tempfile::tempdir().unwrap();
    let store = Sqlite::open(
        dir.path(),
        &Options {
            relay: false,
            ..options()
        },
    )
    .unwrap();
    for _ in 0..4 {
        append(&store, 1, 2).await;
    }
    let files = Files::of(dir.path());
    drop(store);
    files
}

#[tokio::test]
async fn any_byte_of_the_last_frame_may_be_missing() {
    let files = written().await;
    let dir = tempfile::tempdir().unwrap();
    for missing in 0..=FRAME {
        files.restore(dir.path(), files.wal.len() - missing);
        let conn = Connection::open(dir.path().join(FILE_NAME)).unwrap();
        let ends: (i64, i64, i64) = conn
            .query_row(
                "select (select seq from log_head), (select max(seq) from event), (select max(last_seq) from outbox)",
                [],
                |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
            )
            .unwrap();
        let last = if missing == 0 { 8 } else { 6 };
        assert_eq!(ends, (last, last, last), "{missing} bytes missing");
    }
}

#[tokio::test]
async fn a_store_cut_anywhere_verifies_and_goes_on() {
    let files = written().await;
    let dir = tempfile::tempdir().unwrap();
    // The schema is in the log too; before its end there is no store, which opening makes anew.
    for wal_len in (0..files.wal.len()).step_by(4_801).chain([files.wal.len()]) {
        files.restore(dir.path(), wal_len);
        let store = Sqlite::open(dir.path(), &options()).unwrap();
        let report = verify(&store, &Verify::default()).await.unwrap();
        assert_eq!(
            report.status,
            Status::Ok,
            "cut at {wal_len}: {:?}",
            report.findings
        );
        let seq = store
            .head(&account(1))
            .await
            .unwrap()
            .map_or(0, |head| head.seq.get());
        assert_eq!(seq % 2, 0, "no half of a commit");
        assert_eq!(append(&store, 1, 2).await.seq.get(), seq + 2);
    }
}
