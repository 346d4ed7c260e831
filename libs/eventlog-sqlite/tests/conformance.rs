//! The conformance suite on SQLite.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use trilby_eventlog_sqlite::{Options, Sqlite};

fn options() -> Options {
    Options {
        store_key_fingerprint: Some([0; 32]),
        ..Options::default()
    }
}

trilby_eventlog::conformance_tests!(async {
    let dir = tempfile::tempdir().unwrap();
    let store = Sqlite::open(dir.path(), &options()).unwrap();
    (store, dir)
});
