//! The decision service from outside: its operations over HTTP, on a store in memory.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "tests"
)]

#[path = "api/advice.rs"]
mod advice;
#[path = "api/batches.rs"]
mod batches;
#[path = "api/caps.rs"]
mod caps;
#[path = "api/decisions.rs"]
mod decisions;
#[path = "api/history.rs"]
mod history;
#[path = "api/own.rs"]
mod own;
#[path = "api/pages.rs"]
mod pages;
#[path = "api/recorded_sessions.rs"]
mod recorded_sessions;
#[path = "api/session_tokens.rs"]
mod session_tokens;
#[path = "api/simulations.rs"]
mod simulations;
#[path = "api/world.rs"]
mod world;
