//! How a relay is doing, for whoever asks from outside.
//!
//! The client library holds on to records for as long as brokers are away and says nothing meanwhile. So Kafka is judged by
//! what is under way: heartbeats are written each second, and an acknowledgement takes milliseconds.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use trilby_model::Timestamp;

use crate::metric;
use crate::producer::Lost;

/// What is under way for so long has no brokers that answer.
pub(crate) const OVERDUE: Duration = Duration::from_secs(5);

/// How a relay is doing.
#[derive(Debug)]
pub struct State {
    store: Side,
    brokers: Side,
    under_way: Mutex<UnderWay>,
    /// Of each shard in which something waits, since when the oldest has.
    waiting: Mutex<BTreeMap<u16, Instant>>,
}

/// What was sent and is not acknowledged: a batch or a heartbeat each, of which there are no more than permits and shards.
#[derive(Debug, Default)]
struct UnderWay {
    n_sent: u64,
    since: BTreeMap<u64, Instant>,
}

/// Something under way, until this is dropped.
#[derive(Debug)]
pub(crate) struct Sending<'a> {
    state: &'a State,
    n: u64,
}

impl Drop for Sending<'_> {
    fn drop(&mut self) {
        lock(&self.state.under_way).since.remove(&self.n);
    }
}

/// Whether one of those that a relay stands between answers.
#[derive(Debug)]
struct Side {
    name: &'static str,
    answers: Mutex<Answers>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answers {
    /// It was not asked yet.
    Unknown,
    Yes,
    No,
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Default for State {
    fn default() -> Self {
        let side = |name| Side {
            name,
            answers: Mutex::new(Answers::Unknown),
        };
        Self {
            store: side("the store"),
            brokers: side("Kafka"),
            under_way: Mutex::default(),
            waiting: Mutex::default(),
        }
    }
}

impl Side {
    fn answers(&self) {
        let before = std::mem::replace(&mut *lock(&self.answers), Answers::Yes);
        if before != Answers::Yes {
            tracing::info!("{} answers", self.name);
        }
    }

    fn fails(&self, reason: &str) {
        let before = std::mem::replace(&mut *lock(&self.answers), Answers::No);
        match before {
            Answers::Unknown | Answers::Yes => {
                tracing::warn!(reason, "{} does not answer", self.name);
            }
            Answers::No => tracing::debug!(reason, "{} does not answer", self.name),
        }
    }

    fn is_unknown(&self) -> bool {
        *lock(&self.answers) == Answers::Unknown
    }

    fn ready(&self) -> Result<(), String> {
        match *lock(&self.answers) {
            Answers::Yes => Ok(()),
            Answers::Unknown => Err(format!("{} was not asked yet", self.name)),
            Answers::No => Err(format!("{} does not answer", self.name)),
        }
    }
}

impl State {
    /// Whether it can do its work.
    ///
    /// # Errors
    /// What keeps it from that.
    pub fn ready(&self) -> Result<(), String> {
        // At the start the brokers are asked first: a store that was not asked yet is not what is wrong.
        if self.store.is_unknown() {
            self.brokers_ready()?;
        }
        self.store.ready()?;
        self.brokers_ready()
    }

    pub(crate) fn brokers_ready(&self) -> Result<(), String> {
        match self.overdue(Instant::now()) {
            Some(age) => Err(unacknowledged(age)),
            None => self.brokers.ready(),
        }
    }

    pub(crate) fn store_answers(&self) {
        self.store.answers();
    }

    pub(crate) fn store_fails(&self, reason: &str) {
        self.store.fails(reason);
    }

    /// Something is under way from now on.
    pub(crate) fn sending(&self) -> Sending<'_> {
        let mut under_way = lock(&self.under_way);
        let n = under_way.n_sent;
        under_way.n_sent = n.wrapping_add(1);
        under_way.since.insert(n, Instant::now());
        Sending { state: self, n }
    }

    /// How long what is overdue has been under way.
    fn overdue(&self, now: Instant) -> Option<Duration> {
        let under_way = lock(&self.under_way);
        let since = under_way.since.values().min()?;
        Some(now.saturating_duration_since(*since)).filter(|age| *age > OVERDUE)
    }

    /// Something arrived. What else is overdue still says otherwise.
    pub(crate) fn brokers_answer(&self) {
        if self.overdue(Instant::now()).is_none() {
            self.brokers.answers();
        }
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

    /// These shards are leased, and no others: what waits in those is another relay's.
    pub(crate) fn holds(&self, shards: &[u16]) {
        let n_shards = u32::try_from(shards.len()).unwrap_or(u32::MAX);
        metrics::gauge!(metric::SHARDS).set(f64::from(n_shards));
        lock(&self.waiting).retain(|shard, _| shards.contains(shard));
    }

    /// Since when the oldest of a shard has been waiting, as was just seen; nothing waits if there is none.
    pub(crate) fn waits(&self, shard: u16, since: Option<Instant>) {
        let mut waiting = lock(&self.waiting);
        match since {
            Some(since) => waiting.insert(shard, since),
            None => waiting.remove(&shard),
        };
    }

    /// Looks at how long things have taken by now. To be called each second: whoever is stuck calls nothing.
    pub(crate) fn look(&self, now: Instant) {
        if let Some(age) = self.overdue(now) {
            self.brokers.fails(&unacknowledged(age));
        }
        let oldest = lock(&self.waiting).values().min().copied();
        let age = oldest.map(|since| now.saturating_duration_since(since));
        metrics::gauge!(metric::OLDEST).set(age.unwrap_or_default().as_secs_f64());
    }
}

fn unacknowledged(age: Duration) -> String {
    format!(
        "Kafka does not acknowledge what was sent {} s ago",
        age.as_secs()
    )
}

/// This host's clock.
pub(crate) fn wall_clock() -> Timestamp {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}
