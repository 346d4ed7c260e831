//! The log in Postgres: all of it asks the server at `TRILBY_TEST_DATABASE_URL` or one of its own, so nothing runs unasked.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "tests"
)]

mod clearing;
mod conformance;
mod copying;
mod costs;
mod failures;
mod hours;
mod hygiene;
mod keeping;
mod logins;
mod nodes;
mod own_server;
mod power_cut;
mod pressure;
mod readers;
mod rights;
mod silence;
mod support;
mod tampering;
mod tls;
mod upgrade;
mod waiting;
