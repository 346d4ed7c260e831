//! The conformance suite on Postgres.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use trilby_eventlog_postgres::{Postgres, Role};

#[path = "support/common.rs"]
mod common;

/// A store that is alone with its database.
async fn open() -> (Postgres, common::Database) {
    let database = common::Database::new();
    let mut options = database.options(Role::Admin);
    options.relay = true;
    (Postgres::open(&options).await.unwrap(), database)
}

trilby_eventlog::conformance_tests!(async { open().await }, ignore = "needs services");
