//! Guesses at one person's password: a few are free, then each waits longer.

use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use moka::sync::Cache;
use trilby_eventlog::Counter;
use trilby_model::Timestamp;

/// Persons remembered at once.
const PERSONS_MAX: u64 = 100_000;
/// Failures without a delay.
const FREE: u32 = 5;
/// Longest delay, in seconds.
const DELAY_MAX_S: i64 = 900;
/// Without a guess for as many seconds, failures are forgotten. Longer than the longest delay. Stored counters end so long
/// after the last failure: another value moves what is read out of those that run.
const FORGOTTEN_AFTER_S: u32 = 3_600;
/// How far ahead the clock may have been of whoever counted last, in seconds.
const CLOCKS_DIFFER_S: i64 = 600;

/// Failures of one person in a row, and when the last was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Failures {
    n: u32,
    last: Timestamp,
}

impl Failures {
    /// As the store's counter has them; `None` if there are none or they are forgotten.
    pub(crate) fn stored(counter: Option<Counter>, now: Timestamp) -> Option<Self> {
        let Counter { value, until } = counter?;
        let until = until.filter(|until| *until > now)?;
        let last = until.plus_seconds(-i64::from(FORGOTTEN_AFTER_S));
        // Of a clock that was ahead: it would keep everybody waiting until the others have come there.
        if last > now.plus_seconds(CLOCKS_DIFFER_S) {
            return None;
        }
        Some(Self {
            n: u32::try_from(value.max(0)).unwrap_or(u32::MAX),
            last,
        })
    }

    /// When the store's counter ends after a failure now.
    pub(crate) fn until(now: Timestamp) -> Timestamp {
        now.plus_seconds(i64::from(FORGOTTEN_AFTER_S))
    }

    /// How many.
    pub(crate) fn n(&self) -> u32 {
        self.n
    }

    /// In how many seconds a guess may be made; `None`: now.
    pub(crate) fn wait_s(&self, now: Timestamp) -> Option<u64> {
        left_s(self.waits_until(), now)
    }

    /// How long whoever comes right after as many failures waits, in seconds; `None`: not at all.
    pub(crate) fn delay_after(n: u32) -> Option<u64> {
        u64::try_from(delay_s(n)).ok().filter(|delay| *delay > 0)
    }

    fn waits_until(&self) -> Timestamp {
        self.last.plus_seconds(delay_s(self.n))
    }
}

#[derive(Debug, Default)]
struct Person {
    failures: u32,
    waits_until: Option<Timestamp>,
}

/// Failures of everyone who was guessed at lately, as far as this process knows.
#[derive(Debug)]
pub(super) struct Guesses<K: Hash + Eq + Send + Sync + 'static> {
    persons: Cache<K, Arc<Mutex<Person>>>,
}

impl<K: Hash + Eq + Clone + Send + Sync + 'static> Default for Guesses<K> {
    fn default() -> Self {
        let persons = Cache::builder()
            .max_capacity(PERSONS_MAX)
            .time_to_idle(Duration::from_secs(u64::from(FORGOTTEN_AFTER_S)))
            .build();
        Self { persons }
    }
}

impl<K: Hash + Eq + Clone + Send + Sync + 'static> Guesses<K> {
    /// Counts a guess as failed before it is looked at, or says in how many seconds one may be made.
    pub(super) fn begin(&self, key: &K, now: Timestamp) -> Result<(), u64> {
        let person = self.persons.get_with_by_ref(key, Arc::default);
        let mut person = person.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(wait_s) = person.waits_until.and_then(|until| left_s(until, now)) {
            return Err(wait_s);
        }
        person.failures = person.failures.saturating_add(1);
        let delay_s = delay_s(person.failures);
        person.waits_until = (delay_s > 0).then(|| now.plus_seconds(delay_s));
        Ok(())
    }

    /// Takes over what all processes together know.
    pub(super) fn learn(&self, key: &K, failures: Failures) {
        let person = self.persons.get_with_by_ref(key, Arc::default);
        let mut person = person.lock().unwrap_or_else(PoisonError::into_inner);
        person.failures = failures.n;
        person.waits_until = Some(failures.waits_until());
    }

    /// Forgets a person's failures.
    pub(super) fn forget(&self, key: &K) {
        self.persons.invalidate(key);
    }
}

/// Whole seconds until then, begun ones too; `None` if that is past.
fn left_s(until: Timestamp, now: Timestamp) -> Option<u64> {
    let left_us = until.micros().saturating_sub(now.micros());
    let left_s = u64::try_from(left_us / 1_000_000).unwrap_or(0);
    (left_us > 0).then(|| left_s.saturating_add(1))
}

/// 0 for the first four failures, then 1, 2, 4 … 900.
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
