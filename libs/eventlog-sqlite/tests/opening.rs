//! Opening a data directory: every wrong one is told apart, and none is changed.

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
use trilby_eventlog::verify::{Options as Verify, Status, verify};
use trilby_eventlog::{AppendError, Archive, EventLog, Feed, FeedMessage};
use trilby_eventlog_sqlite::{FILE_NAME, OpenError, Options, Sqlite};
use trilby_model::Seq;

fn raw(dir: &Path) -> Connection {
    Connection::open(dir.join(FILE_NAME)).unwrap()
}

#[tokio::test]
async fn what_was_written_is_there_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let store = Sqlite::open(dir.path(), &options()).unwrap();
    let meta = store.store_meta().await.unwrap();
    let head = append(&store, 1, 2).await;
    drop(store);
    let store = Sqlite::open(dir.path(), &options()).unwrap();
    assert_eq!(store.store_meta().await.unwrap(), meta);
    assert_eq!(store.head(&account(1)).await.unwrap(), Some(head));
    assert_eq!(append(&store, 1, 1).await.seq, Seq::new(3));
}

#[tokio::test]
async fn a_directory_serves_one_process_at_a_time() {
    let dir = tempfile::tempdir().unwrap();
    let store = Sqlite::open(dir.path(), &options()).unwrap();
    match Sqlite::open(dir.path(), &options()) {
        Err(OpenError::InUse { pid, .. }) => assert_eq!(pid, Some(std::process::id())),
        other => panic!("{other:?}"),
    }
    append(&store, 1, 1).await;
    let clone = store.clone();
    drop(store);
    assert!(matches!(
        Sqlite::open(dir.path(), &options()),
        Err(OpenError::InUse { .. })
    ));
    drop(clone);
    Sqlite::open(dir.path(), &options()).unwrap();
}

#[test]
fn a_store_that_is_not_there_is_not_made_unasked() {
    let dir = tempfile::tempdir().unwrap();
    for wrong in [
        Options {
            create: false,
            ..options()
        },
        Options {
            read_only: true,
            ..options()
        },
    ] {
        assert!(matches!(
            Sqlite::open(dir.path(), &wrong),
            Err(OpenError::Missing { .. })
        ));
    }
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    let no_key = Options::default();
    assert!(matches!(
        Sqlite::open(dir.path(), &no_key),
        Err(OpenError::NoStoreKey)
    ));
    Sqlite::open(dir.path(), &options()).unwrap();
    Sqlite::open(dir.path(), &no_key).unwrap();
}

#[test]
fn another_store_key_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    drop(Sqlite::open(dir.path(), &options()).unwrap());
    let other = Options {
        store_key_fingerprint: Some([9; 32]),
        ..options()
    };
    assert!(matches!(
        Sqlite::open(dir.path(), &other),
        Err(OpenError::StoreKey)
    ));
}

#[test]
fn foreign_files_are_told_and_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(FILE_NAME);
    std::fs::write(&path, b"this is a text file and no database, and it is longer than a header of one hundred bytes ....").unwrap();
    let before = std::fs::read(&path).unwrap();
    assert!(matches!(
        Sqlite::open(dir.path(), &options()),
        Err(OpenError::Foreign { .. })
    ));
    assert_eq!(std::fs::read(&path).unwrap(), before);

    std::fs::remove_file(&path).unwrap();
    raw(dir.path())
        .execute_batch("create table notes (text text)")
        .unwrap();
    let before = std::fs::read(&path).unwrap();
    assert!(matches!(
        Sqlite::open(dir.path(), &options()),
        Err(OpenError::Foreign { .. })
    ));
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

#[test]
fn a_file_where_the_directory_should_be_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    std::fs::write(&file, b"").unwrap();
    assert!(matches!(
        Sqlite::open(&file, &options()),
        Err(OpenError::Directory { .. })
    ));
}

#[test]
fn a_newer_store_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    drop(Sqlite::open(dir.path(), &options()).unwrap());
    raw(dir.path())
        .execute("update store_meta set min_reader_level = 5", [])
        .unwrap();
    let refused = Sqlite::open(dir.path(), &options());
    assert!(
        matches!(refused, Err(OpenError::NewerReaders { found: 5, known: 1 })),
        "{refused:?}"
    );
    Sqlite::open(
        dir.path(),
        &Options {
            reader_level: 5,
            ..options()
        },
    )
    .unwrap();
    raw(dir.path())
        .execute(
            "insert into refinery_schema_history (version, name, applied_on, checksum) values (999, 'later', '', '1')",
            [],
        )
        .unwrap();
    let refused = Sqlite::open(dir.path(), &options());
    assert!(
        matches!(refused, Err(OpenError::NewerSchema { found: 999, .. })),
        "{refused:?}"
    );
}

#[cfg(unix)]
#[test]
fn only_the_owner_may_read_the_store() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let store = Sqlite::open(&data, &options()).unwrap();
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&data), 0o700);
    for entry in std::fs::read_dir(&data).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
    }
    drop(store);
}

#[tokio::test]
async fn a_reader_beside_the_writer_sees_one_moment() {
    let dir = tempfile::tempdir().unwrap();
    let store = Sqlite::open(dir.path(), &options()).unwrap();
    append(&store, 1, 1).await;
    let reader = Sqlite::open(
        dir.path(),
        &Options {
            read_only: true,
            ..options()
        },
    )
    .unwrap();
    append(&store, 1, 1).await;
    assert_eq!(
        reader.head(&account(1)).await.unwrap().unwrap().seq,
        Seq::new(1)
    );
    assert_eq!(
        verify(&reader, &Verify::default()).await.unwrap().status,
        Status::Ok
    );
    let refused = reader.append(common::commit(&reader, 1, 1).await).await;
    assert!(matches!(refused, Err(AppendError::Unavailable(_))));
    assert!(reader.fence(0).await.is_err());
    drop(reader);
    assert_eq!(
        store.head(&account(1)).await.unwrap().unwrap().seq,
        Seq::new(2)
    );
}

#[tokio::test]
async fn what_was_left_in_the_outbox_is_announced_at_the_next_start() {
    let dir = tempfile::tempdir().unwrap();
    let store = Sqlite::open(
        dir.path(),
        &Options {
            relay: false,
            ..options()
        },
    )
    .unwrap();
    assert!(store.subscribe().await.is_err());
    for n in [1, 2, 1] {
        append(&store, n, 2).await;
    }
    let left = store.outbox_take(10).await.unwrap();
    assert_eq!(
        left.iter()
            .map(|row| (row.id, row.first.get(), row.last.get()))
            .collect::<Vec<_>>(),
        [(1, 1, 2), (2, 1, 2), (3, 3, 4)]
    );
    drop(store);
    let store = Sqlite::open(dir.path(), &options()).unwrap();
    append(&store, 3, 1).await;
    let mut feed = store.subscribe().await.unwrap();
    let mut told = Vec::new();
    while let Some(FeedMessage::Commit(commit)) = feed.try_recv() {
        commit.check().unwrap();
        told.push((commit.log.to_string(), commit.last.get()));
    }
    let wanted = [
        ("000000000001", 2),
        ("000000000002", 2),
        ("000000000001", 4),
    ];
    assert_eq!(told, wanted.map(|(log, last)| (log.to_owned(), last)));
    drop(store);
    let store = Sqlite::open(
        dir.path(),
        &Options {
            relay: false,
            ..options()
        },
    )
    .unwrap();
    assert!(
        store.outbox_take(10).await.unwrap().is_empty(),
        "what was announced is not kept"
    );
    append(&store, 1, 1).await;
    assert!(
        store.outbox_take(10).await.unwrap()[0].id > 4,
        "an id is never used twice"
    );
}

#[tokio::test]
async fn a_relay_of_its_own_takes_and_forgets() {
    let dir = tempfile::tempdir().unwrap();
    let store = Sqlite::open(
        dir.path(),
        &Options {
            relay: false,
            ..options()
        },
    )
    .unwrap();
    for _ in 0..3 {
        append(&store, 1, 1).await;
    }
    let rows = store.outbox_take(2).await.unwrap();
    assert_eq!(rows.len(), 2);
    store.outbox_done(&[rows[1].id]).await.unwrap();
    let ids: Vec<_> = store
        .outbox_take(9)
        .await
        .unwrap()
        .iter()
        .map(|row| row.id)
        .collect();
    assert_eq!(ids, [1, 3]);
}

#[tokio::test]
async fn a_backup_verifies_and_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let store = Sqlite::open(&dir.path().join("data"), &options()).unwrap();
    append(&store, 1, 3).await;
    let head = append(&store, 2, 1).await;
    let backup = dir.path().join("backup");
    store.backup(&backup).await.unwrap();
    assert!(
        store.backup(&backup).await.is_err(),
        "a backup is never written over"
    );
    append(&store, 2, 1).await;
    let copy = Sqlite::open(&backup, &options()).unwrap();
    assert_eq!(
        copy.store_meta().await.unwrap(),
        store.store_meta().await.unwrap()
    );
    assert_eq!(copy.head(&account(2)).await.unwrap(), Some(head));
    let report = verify(&copy, &Verify::default()).await.unwrap();
    assert_eq!((report.status, report.events), (Status::Ok, 4));
}

#[tokio::test]
async fn a_store_goes_to_memory_and_back_unchanged() {
    let dir = tempfile::tempdir().unwrap();
    let one = Sqlite::open(&dir.path().join("one"), &options()).unwrap();
    for n in [1, 2, 1, 1] {
        append(&one, n, n).await;
    }
    let memory = trilby_eventlog::Memory::for_tests();
    trilby_eventlog::copy::copy(&one, &memory).await.unwrap();
    let two = Sqlite::open(&dir.path().join("two"), &options()).unwrap();
    trilby_eventlog::copy::copy(&memory, &two).await.unwrap();
    assert_eq!(
        two.store_meta().await.unwrap(),
        one.store_meta().await.unwrap()
    );
    assert_eq!(
        two.logs(None, 9).await.unwrap(),
        one.logs(None, 9).await.unwrap()
    );
    for n in [1, 2] {
        let commits = one.read(&account(n), Seq::ZERO, 99).await.unwrap();
        assert_eq!(two.read(&account(n), Seq::ZERO, 99).await.unwrap(), commits);
    }
    assert_eq!(
        verify(&two, &Verify::default()).await.unwrap().status,
        Status::Ok
    );
    assert_eq!(append(&two, 1, 1).await, append(&one, 1, 1).await);
}
