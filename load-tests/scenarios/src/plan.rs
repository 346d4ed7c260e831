//! How much is measured.

use std::time::Duration;

use serde::Serialize;

/// A run.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Plan {
    /// Only sees that everything can be measured.
    pub is_short: bool,
    /// Times that everything is done; figures are medians over them.
    pub rounds: usize,
    /// Seconds at each rate on the way to the ceiling.
    pub step_s: u64,
    /// Seconds at 70 % of the ceiling.
    pub hold_s: u64,
    /// Member accounts.
    pub accounts: usize,
    /// By how much a scenario's longest p99 is multiplied.
    pub patience: f64,
    /// By how much its first rate is divided.
    pub slowness: u32,
    /// Up to which rate it is tried to break it, a second.
    pub rate_max: u32,
}

impl Plan {
    pub const FULL: Plan = Plan {
        is_short: false,
        rounds: 2,
        step_s: 3,
        hold_s: 15,
        accounts: 32,
        patience: 1.0,
        slowness: 1,
        rate_max: 200_000,
    };

    /// For a machine that is busy with other things, and a build that was not optimized.
    pub const SHORT: Plan = Plan {
        is_short: true,
        rounds: 1,
        step_s: 1,
        hold_s: 2,
        accounts: 2,
        patience: 10.0,
        slowness: 5,
        rate_max: 300,
    };

    pub fn step(&self) -> Duration {
        Duration::from_secs(self.step_s)
    }

    pub fn hold(&self) -> Duration {
        Duration::from_secs(self.hold_s)
    }
}
