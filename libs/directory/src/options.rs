//! The directory's bounds.

use std::time::Duration;

/// How long the feed is waited for before the log is read, when a request names a position (`DESIGN` 7.1).
pub const FEED_WAIT: Duration = Duration::from_millis(250);
/// How long a request waits for a position in all.
pub const POSITION_WAIT: Duration = Duration::from_millis(500);
/// Times a command is decided anew after another writer was faster.
pub const ATTEMPTS_MAX: u32 = 5;
/// Commits read at a time when a log is folded. Bounds the memory of a hydration, not its length.
pub const READ_BATCH: usize = 256;
/// Rounds of reading a tail that keeps growing, before giving up with [`crate::Error::Behind`].
pub const CATCH_UP_ROUNDS: u32 = 8;

/// What a deployment may set.
#[derive(Debug, Clone)]
pub struct Options {
    /// Logs held in memory; the least recently used go first.
    pub logs_max: u64,
    /// Past states held in memory.
    pub past_max: u64,
    /// Events after the newest snapshot at which another is written.
    pub snapshot_tail: u64,
    /// Snapshots that may wait to be written; more are skipped, which costs nothing but time at the next hydration.
    pub snapshot_queue: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            logs_max: 10_000,
            past_max: 64,
            snapshot_tail: 500,
            snapshot_queue: 32,
        }
    }
}
