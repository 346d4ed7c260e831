//! How a relay is doing, for whoever asks from outside.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use trilby_model::Timestamp;

use crate::metric;
use crate::producer::Lost;

/// How a relay is doing.
#[derive(Debug)]
pub struct State {
    store: Side,
    brokers: Side,
    oldest: Mutex<BTreeMap<u16, Duration>>,
}

/// Whether one of those that a relay stands between answers.
#[derive(Debug)]
struct Side {
    name: &'static str,
    answers: AtomicBool,
}

impl Default for State {
    fn default() -> Self {
        let side = |name| Side {
            name,
            answers: AtomicBool::new(false),
        };
        Self {
            store: side("the store"),
            brokers: side("Kafka"),
            oldest: Mutex::default(),
        }
    }
}

impl Side {
    fn answers(&self) {
        if !self.answers.swap(true, Ordering::AcqRel) {
            tracing::info!("{} answers", self.name);
        }
    }

    fn fails(&self, reason: &str) {
        if self.answers.swap(false, Ordering::AcqRel) {
            tracing::warn!(reason, "{} does not answer", self.name);
        } else {
            tracing::debug!(reason, "{} does not answer", self.name);
        }
    }

    fn ready(&self) -> Result<(), String> {
        match self.answers.load(Ordering::Acquire) {
            true => Ok(()),
            false => Err(format!("{} does not answer", self.name)),
        }
    }
}

impl State {
    /// Whether it can do its work.
    ///
    /// # Errors
    /// What keeps it from that.
    pub fn ready(&self) -> Result<(), String> {
        self.store.ready()?;
        self.brokers.ready()
    }

    pub(crate) fn brokers_ready(&self) -> Result<(), String> {
        self.brokers.ready()
    }

    pub(crate) fn store_answers(&self) {
        self.store.answers();
    }

    pub(crate) fn store_fails(&self, reason: &str) {
        self.store.fails(reason);
    }

    pub(crate) fn brokers_answer(&self) {
        self.brokers.answers();
    }

    pub(crate) fn brokers_fail(&self, reason: &str) {
        self.brokers.fails(reason);
    }

    pub(crate) fn lost(&self, lost: &Lost) {
        metrics::counter!(metric::LOST).increment(1);
        match lost {
            Lost::TooLarge => {
                tracing::warn!("the broker takes no record of that size; it is told by a pointer");
            }
            Lost::Other(reason) => self.brokers.fails(reason),
        }
    }

    pub(crate) fn told(&self, n_rows: usize) {
        metrics::counter!(metric::TOLD).increment(u64::try_from(n_rows).unwrap_or(u64::MAX));
    }

    pub(crate) fn holds(&self, n_shards: usize, gone: &[u16]) {
        let n_shards = u32::try_from(n_shards).unwrap_or(u32::MAX);
        metrics::gauge!(metric::SHARDS).set(f64::from(n_shards));
        let mut oldest = self.oldest.lock().unwrap_or_else(PoisonError::into_inner);
        oldest.retain(|shard, _| !gone.contains(shard));
    }

    pub(crate) fn oldest(&self, shard: u16, age: Duration) {
        let mut oldest = self.oldest.lock().unwrap_or_else(PoisonError::into_inner);
        oldest.insert(shard, age);
        let worst = oldest.values().max().copied().unwrap_or_default();
        drop(oldest);
        metrics::gauge!(metric::OLDEST).set(worst.as_secs_f64());
    }
}

/// This host's clock.
pub(crate) fn wall_clock() -> Timestamp {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}
