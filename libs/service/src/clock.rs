//! Time and randomness as things that are handed in.
//!
//! Pure crates get a [`Timestamp`] and an [`Entropy`]; the processes get theirs here. Nothing else in the
//! workspace asks the operating system for either.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use sha2::{Digest, Sha256};
use trilby_model::{Entropy, Timestamp};

/// Where the present comes from.
pub trait Clock: Send + Sync {
    /// The present, in UTC.
    fn now(&self) -> Timestamp;
}

/// The host's clock.
#[derive(Debug, Default, Clone, Copy)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        // A host clock before 1970 is a broken host: the epoch makes every token look expired, never valid.
        let since_epoch = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        Timestamp::from_micros(i64::try_from(since_epoch.as_micros()).unwrap_or(i64::MAX))
    }
}

/// A clock that stands still until it is moved. For tests and simulations.
#[derive(Debug)]
pub struct ManualClock(AtomicI64);

impl ManualClock {
    /// A clock that shows `at`.
    #[must_use]
    pub fn at(at: Timestamp) -> ManualClock {
        ManualClock(AtomicI64::new(at.micros()))
    }

    /// Moves the clock, forwards or (negative) backwards.
    pub fn advance_seconds(&self, seconds: i64) {
        self.0
            .fetch_add(seconds.saturating_mul(1_000_000), Ordering::SeqCst);
    }

    /// Sets the clock.
    pub fn set(&self, at: Timestamp) {
        self.0.store(at.micros(), Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::SeqCst))
    }
}

/// Where unguessable bytes come from.
pub trait EntropySource: Send + Sync {
    /// 32 bytes that were never given before.
    fn seed(&self) -> [u8; 32];

    /// A generator for one request or command, over a fresh seed.
    fn entropy(&self) -> Entropy {
        Entropy::new(self.seed())
    }
}

/// The operating system's generator.
#[derive(Debug, Default, Clone, Copy)]
pub struct SystemEntropy;

impl EntropySource for SystemEntropy {
    fn seed(&self) -> [u8; 32] {
        let mut seed = [0; 32];
        if getrandom::fill(&mut seed).is_err() {
            // Without randomness every id and secret from here on could be guessed. The generator does not
            // fail once it has started, so stopping at once costs nothing that could be kept.
            tracing::error!("the operating system gives no randomness; stopping");
            std::process::abort();
        }
        seed
    }
}

/// The same bytes for the same seed, each time. For tests and simulations only.
#[derive(Debug)]
pub struct SeededEntropy {
    seed: u64,
    drawn: AtomicU64,
}

impl SeededEntropy {
    /// A source that repeats itself for each `seed`.
    #[must_use]
    pub fn new(seed: u64) -> SeededEntropy {
        SeededEntropy {
            seed,
            drawn: AtomicU64::new(0),
        }
    }
}

impl EntropySource for SeededEntropy {
    fn seed(&self) -> [u8; 32] {
        let drawn = self.drawn.fetch_add(1, Ordering::SeqCst);
        let mut hash = Sha256::new();
        hash.update(b"trilby.seeded.v1\0");
        hash.update(self.seed.to_be_bytes());
        hash.update(drawn.to_be_bytes());
        hash.finalize().into()
    }
}

#[cfg(test)]
mod tests;
