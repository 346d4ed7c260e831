//! Token buckets, one for each key, in a bounded map.

use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use moka::sync::Cache;
use trilby_model::Timestamp;

/// Keys remembered at once. Beyond it the one unused for longest gets a full bucket again.
const KEYS_MAX: u64 = 100_000;
/// How far a clock goes back before it is one that was set, in microseconds: requests side by side read it in another order
/// than they come here, by far less; an operator who sets it back sets it by more, or waits as long.
const SET_BACK_US: i64 = 60_000_000;
/// One request, in the unit that a microsecond at one request a minute adds.
const REQUEST: i64 = 60_000_000;

/// How fast a bucket fills.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rate {
    per_minute: i64,
}

impl Rate {
    pub(super) const fn per_second(requests: i64) -> Self {
        Self {
            per_minute: requests * 60,
        }
    }

    pub(super) const fn per_minute(requests: i64) -> Self {
        Self {
            per_minute: requests,
        }
    }
}

#[derive(Debug)]
struct Bucket {
    level: i64,
    at: Timestamp,
}

/// Buckets of one rate and size.
#[derive(Debug)]
pub(super) struct Buckets<K: Hash + Eq + Send + Sync + 'static> {
    rate: Rate,
    full: i64,
    buckets: Cache<K, Arc<Mutex<Bucket>>>,
}

impl<K: Hash + Eq + Clone + Send + Sync + 'static> Buckets<K> {
    pub(super) fn new(rate: Rate, burst: i64) -> Self {
        let full = burst * REQUEST;
        // A bucket unused for as long as it takes to fill is a full one: nothing is lost with it.
        let idle_us = u64::try_from(full / rate.per_minute.max(1)).unwrap_or(u64::MAX);
        let buckets = Cache::builder()
            .max_capacity(KEYS_MAX)
            .time_to_idle(Duration::from_micros(idle_us).max(Duration::from_secs(1)))
            .build();
        Self {
            rate,
            full,
            buckets,
        }
    }

    /// Takes one request out, or says in how many seconds there is one.
    pub(super) fn take(&self, key: &K, now: Timestamp) -> Result<(), u64> {
        self.with(key, now, |bucket| {
            bucket.level -= REQUEST;
        })
    }

    /// Whether there is one, without taking it.
    pub(super) fn peek(&self, key: &K, now: Timestamp) -> Result<(), u64> {
        self.with(key, now, |_| {})
    }

    /// Puts one back.
    pub(super) fn give_back(&self, key: &K, now: Timestamp) {
        let bucket = self.bucket(key, now);
        let mut bucket = bucket.lock().unwrap_or_else(PoisonError::into_inner);
        bucket.level = bucket.level.saturating_add(REQUEST).min(self.full);
    }

    fn with(&self, key: &K, now: Timestamp, then: impl FnOnce(&mut Bucket)) -> Result<(), u64> {
        let bucket = self.bucket(key, now);
        let mut bucket = bucket.lock().unwrap_or_else(PoisonError::into_inner);
        // A time that is older than the last one adds nothing and is forgotten, or the seconds between would be credited
        // again. A clock that was set back does not make the bucket wait for it.
        let passed_us = now.micros().saturating_sub(bucket.at.micros());
        bucket.level = bucket
            .level
            .saturating_add(passed_us.max(0).saturating_mul(self.rate.per_minute))
            .min(self.full);
        if !(-SET_BACK_US..=0).contains(&passed_us) {
            bucket.at = now;
        }
        if bucket.level >= REQUEST {
            then(&mut bucket);
            return Ok(());
        }
        let missing_us = (REQUEST - bucket.level) / self.rate.per_minute.max(1);
        Err(u64::try_from(missing_us / 1_000_000)
            .unwrap_or(0)
            .saturating_add(1))
    }

    fn bucket(&self, key: &K, now: Timestamp) -> Arc<Mutex<Bucket>> {
        self.buckets.get_with_by_ref(key, || {
            Arc::new(Mutex::new(Bucket {
                level: self.full,
                at: now,
            }))
        })
    }
}
