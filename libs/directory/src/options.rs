//! The directory's bounds.

use std::sync::Arc;
use std::time::Duration;

use trilby_model::Timestamp;

/// How long the feed is waited for before the log is read, when a request names a position.
pub const FEED_WAIT: Duration = Duration::from_millis(250);
/// How long a request waits for a position in all.
pub const POSITION_WAIT: Duration = Duration::from_millis(500);
/// Times a command is decided anew after another writer was faster: beside a process that writes one of its logs all the
/// time, each time is lost with a chance of a half or more, and a second's patience is what a caller has.
pub const ATTEMPTS_MAX: u32 = 32;
/// Commands of one log that are not answered. Beyond it callers are refused at once: they would wait for longer than they
/// care to, and each holds its request's memory.
pub const COMMANDS_MAX: usize = 1_024;
/// Commits of one log that may be under way at once: one transaction that waits for the disk, and the next.
pub const UNDER_WAY_MAX: usize = 256;
/// Times a command is decided anew because what it was decided on failed. After that it is decided on durable state only.
pub const CARRIED_MAX: u32 = 4;
/// Events read at a time when a log is folded. Bounds the memory of a hydration, not its length: what follows a snapshot is
/// read at once.
pub const READ_BATCH: usize = 512;
/// Rounds of reading a tail that keeps growing, before giving up with [`crate::Error::Behind`].
pub const CATCH_UP_ROUNDS: u32 = 8;

/// What a deployment may set.
#[derive(Debug, Clone)]
pub struct Options {
    /// Memory for the states of logs, in bytes as they are reckoned; the least recently used go first.
    pub memory_bytes_max: u64,
    /// Past states held in memory.
    pub past_max: u64,
    /// Events after the newest snapshot at which another is written.
    pub snapshot_tail: u64,
    /// Whether the hydration of a log took longer than this: then a snapshot is written as well, once no log is hydrated.
    pub snapshot_after: Duration,
    /// Snapshots that may wait to be written; more are skipped, which costs nothing but time at the next hydration.
    pub snapshot_queue: usize,
    /// How often a store is asked for news while none are announced.
    pub poll_every: Duration,
    /// Whether whoever asks for the newest state gets it as the store has it at that moment, for one question to the
    /// store. Without it they get the newest that was heard of. For processes that write beside others.
    pub ask_heads: bool,
    /// What the time is by this node's clock.
    pub clock: NodeClock,
}

/// The clock that heartbeats of a relayed feed are held against. By default one that runs from the time at which the
/// directory was started and is never set.
#[derive(Clone, Default)]
pub struct NodeClock(Option<Arc<dyn Fn() -> Timestamp + Send + Sync>>);

impl NodeClock {
    /// A clock that may be set while the directory is at work.
    pub fn new(now: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(now)))
    }

    pub(crate) fn now(&self) -> Option<Timestamp> {
        self.0.as_ref().map(|now| now())
    }
}

impl std::fmt::Debug for NodeClock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("NodeClock")
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            memory_bytes_max: 512 * 1024 * 1024,
            past_max: 64,
            snapshot_tail: 500,
            snapshot_after: Duration::from_millis(5),
            snapshot_queue: 32,
            poll_every: Duration::from_secs(1),
            ask_heads: false,
            clock: NodeClock::default(),
        }
    }
}
