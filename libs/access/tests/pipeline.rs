//! The way of a request, over a real port: a few operations on users, and everything around their handlers.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "tests"
)]

#[path = "pipeline/consistency.rs"]
mod consistency;
#[path = "pipeline/document.rs"]
mod document;
#[path = "pipeline/input.rs"]
mod input;
#[path = "pipeline/operations.rs"]
mod operations;
#[path = "pipeline/rights.rs"]
mod rights;
#[path = "pipeline/sessions.rs"]
mod sessions;
#[path = "pipeline/writes.rs"]
mod writes;

use trilby_testkit::installation::Installation;

/// An installation that serves the example's operations.
fn installation() -> Installation {
    Installation::start(operations::registry())
}
