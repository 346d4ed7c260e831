//! The conformance suite on Postgres.

use crate::support::common;
use trilby_eventlog_postgres::{Postgres, Role};

/// A store that is alone with its database.
async fn open() -> (Postgres, common::Database) {
    let database = common::Database::new();
    let mut options = database.options(Role::Admin);
    options.relay = true;
    (Postgres::open(&options).await.unwrap(), database)
}

trilby_eventlog::conformance_tests!(async { open().await }, ignore = "needs services");
