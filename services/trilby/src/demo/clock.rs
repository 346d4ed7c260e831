//! The story's own clock: a while behind the host's until the story needs time to pass.
//!
//! Behind and not ahead: once it has caught up, everything the story left is of the present, whoever serves it next.

use std::sync::atomic::{AtomicI64, Ordering};

use trilby_model::Timestamp;
use trilby_service::clock::{Clock, SystemClock};

/// How far it is behind at first: a minute more than the shortest session lasts.
pub const BEHIND_MINUTES: i64 = 16;

/// The clock of the server that plays the story.
#[derive(Debug)]
pub struct StoryClock {
    behind_s: AtomicI64,
}

impl StoryClock {
    /// A clock that is behind, with time to pass.
    pub fn behind() -> Self {
        Self {
            behind_s: AtomicI64::new(BEHIND_MINUTES * 60),
        }
    }

    /// A clock that shows what the host's does.
    pub fn present() -> Self {
        Self {
            behind_s: AtomicI64::new(0),
        }
    }

    /// Lets the time pass at once that it is behind.
    pub fn catch_up(&self) {
        self.behind_s.store(0, Ordering::SeqCst);
    }
}

impl Clock for StoryClock {
    fn now(&self) -> Timestamp {
        let behind_s = self.behind_s.load(Ordering::SeqCst);
        SystemClock.now().plus_seconds(-behind_s)
    }
}
