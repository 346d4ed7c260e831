//! What tests share: given/when/then for the rules of accounts; builders, test clock, spawned services.
//!
//! A dev-dependency only: what is here may panic, since a panic is how a test fails.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "for tests only"
)]

pub mod given;
pub mod http;
#[cfg(feature = "installation")]
pub mod installation;
#[cfg(feature = "metrics")]
pub mod metrics;
#[cfg(feature = "proxied")]
pub mod proxied;
pub mod simulation;
pub mod spawned;
#[cfg(feature = "time")]
pub mod time;
