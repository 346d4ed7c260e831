//! The directory over a store: following, repairing, failing closed, executing, going back.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "tests"
)]

#[path = "live/asked.rs"]
mod asked;
#[path = "live/counts.rs"]
mod counts;
#[path = "live/execute.rs"]
mod execute;
#[path = "live/follow.rs"]
mod follow;
#[path = "live/held.rs"]
mod held;
#[path = "live/nodes.rs"]
mod nodes;
#[path = "live/past.rs"]
mod past;
#[path = "live/poll.rs"]
mod poll;
#[path = "live/proxy.rs"]
mod proxy;
#[path = "live/relayed.rs"]
mod relayed;
#[path = "live/snapshots.rs"]
mod snapshots;
#[path = "live/store.rs"]
mod store;
#[path = "live/through.rs"]
mod through;
#[path = "live/together.rs"]
mod together;
#[path = "live/trusting.rs"]
mod trusting;
#[path = "live/world.rs"]
mod world;
