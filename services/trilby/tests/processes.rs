//! Separate processes over one Postgres: identity, token and decision, each several times, behind one port.
//!
//! What is here needs a database: `TRILBY_TEST_DATABASE_URL`, which `cargo xtask test` sets.
#![cfg(feature = "postgres")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    clippy::print_stdout,
    reason = "tests"
)]

#[path = "e2e/acme.rs"]
#[allow(dead_code, reason = "shared with the tests of one process")]
mod acme;
#[cfg(feature = "kafka")]
#[path = "processes/broker_down.rs"]
mod broker_down;
#[path = "processes/clearing.rs"]
mod clearing;
#[path = "deploy/compose.rs"]
#[allow(dead_code, reason = "shared with the tests of the file itself")]
mod compose;
#[path = "processes/composed.rs"]
mod composed;
#[path = "processes/connections.rs"]
mod connections;
#[cfg(feature = "kafka")]
#[path = "processes/cut_off.rs"]
mod cut_off;
#[path = "processes/database.rs"]
mod database;
#[cfg(feature = "kafka")]
#[path = "processes/everything.rs"]
mod everything;
#[path = "processes/founded.rs"]
mod founded;
#[cfg(feature = "kafka")]
#[path = "processes/kafka.rs"]
mod kafka;
#[path = "processes/kills.rs"]
mod kills;
#[path = "processes/log_tools.rs"]
mod log_tools;
#[path = "processes/mistakes.rs"]
mod mistakes;
#[path = "processes/nodes.rs"]
mod nodes;
#[path = "processes/outage.rs"]
mod outage;
#[cfg(feature = "kafka")]
#[path = "processes/pairs.rs"]
mod pairs;
#[path = "processes/reader.rs"]
mod reader;
#[cfg(feature = "kafka")]
#[path = "processes/records.rs"]
mod records;
#[cfg(feature = "kafka")]
#[path = "processes/rewound.rs"]
mod rewound;
#[path = "processes/rolling.rs"]
mod rolling;
#[cfg(feature = "kafka")]
#[path = "processes/secured.rs"]
mod secured;
#[path = "processes/slice.rs"]
mod slice;
#[cfg(feature = "kafka")]
#[path = "processes/stale.rs"]
mod stale;
#[path = "processes/start.rs"]
mod start;
#[path = "processes/story.rs"]
mod story;
#[path = "processes/told.rs"]
mod told;
#[cfg(feature = "kafka")]
#[path = "processes/wire.rs"]
mod wire;
