//! Guesses at one person's password: a few are free, then each waits longer.

use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use moka::sync::Cache;
use trilby_model::Timestamp;

/// Persons remembered at once.
const PERSONS_MAX: u64 = 100_000;
/// Failures without a delay.
const FREE: u32 = 5;
/// Longest delay, in seconds.
const DELAY_MAX_S: i64 = 900;
/// Without a guess for as long, failures are forgotten. Longer than the longest delay.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(3_600);

#[derive(Debug, Default)]
struct Person {
    failures: u32,
    waits_until: Option<Timestamp>,
}

/// Failures of everyone who was guessed at lately.
#[derive(Debug)]
pub(super) struct Guesses<K: Hash + Eq + Send + Sync + 'static> {
    persons: Cache<K, Arc<Mutex<Person>>>,
}

impl<K: Hash + Eq + Clone + Send + Sync + 'static> Default for Guesses<K> {
    fn default() -> Self {
        let persons = Cache::builder()
            .max_capacity(PERSONS_MAX)
            .time_to_idle(FORGOTTEN_AFTER)
            .build();
        Self { persons }
    }
}

impl<K: Hash + Eq + Clone + Send + Sync + 'static> Guesses<K> {
    /// Counts a guess as failed before it is looked at, or says in how many seconds one may be made.
    pub(super) fn begin(&self, key: &K, now: Timestamp) -> Result<(), u64> {
        let person = self.persons.get_with_by_ref(key, Arc::default);
        let mut person = person.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(until) = person.waits_until.filter(|until| *until > now) {
            let left_us = until.micros().saturating_sub(now.micros());
            return Err(u64::try_from(left_us / 1_000_000)
                .unwrap_or(0)
                .saturating_add(1));
        }
        person.failures = person.failures.saturating_add(1);
        let delay_s = delay_s(person.failures);
        person.waits_until = (delay_s > 0).then(|| now.plus_seconds(delay_s));
        Ok(())
    }

    /// Forgets a person's failures.
    pub(super) fn forget(&self, key: &K) {
        self.persons.invalidate(key);
    }
}

/// 0 for the first five failures, then 1, 2, 4 … 900.
fn delay_s(failures: u32) -> i64 {
    match failures.checked_sub(FREE) {
        None => 0,
        Some(over) => 1_i64
            .checked_shl(over)
            .filter(|_| over < 32)
            .unwrap_or(DELAY_MAX_S)
            .min(DELAY_MAX_S),
    }
}
