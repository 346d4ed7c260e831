//! How much is measured: every bound of a run, in one place.

use std::time::Duration;

use serde::Serialize;

/// The bounds of a run.
#[derive(Debug, Serialize)]
pub struct Plan {
    /// Rounds of each measurement; figures are medians over them.
    pub rounds: u32,
    /// How many callers at once, each a row of the table.
    pub callers: [u32; 3],
    /// Most requests of one slice: a round's share of one row. The slice ends with them or with its time.
    pub requests_max: u32,
    /// Most writes of one slice.
    pub writes_max: u32,
    /// Longest slice, in milliseconds.
    pub slice_ms: u64,
}

impl Plan {
    /// Longest slice.
    pub fn slice(&self) -> Duration {
        Duration::from_millis(self.slice_ms)
    }
}

/// Figures worth writing down, in about five minutes.
pub const FULL: Plan = Plan {
    rounds: 7,
    callers: [1, 8, 32],
    requests_max: 20_000,
    writes_max: 1_000,
    slice_ms: 1_500,
};

/// Shows that everything can be measured; the figures are rough.
pub const SHORT: Plan = Plan {
    rounds: 5,
    callers: [1, 8, 32],
    requests_max: 1_000,
    writes_max: 100,
    slice_ms: 500,
};

// An account holds at most 5,000 users, and the users of a slice are deleted only after it.
const _: () = assert!(FULL.writes_max < 4_000 && SHORT.writes_max < 4_000);
