//! What records that wait may take, and what was dropped because there was no more.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use trilby_eventlog::Activity;
use trilby_service::telemetry::metric;

/// What a record takes beside its texts and its body, and the least it is counted as.
const RECORD_BYTES_MIN: usize = 256;
/// How often lost records are told of, at most; the metric has all of them.
const TOLD_EVERY: Duration = Duration::from_secs(10);

/// Room for records that wait.
#[derive(Debug)]
pub(super) struct Room {
    bytes_max: usize,
    bytes: AtomicUsize,
    /// Records that wait or are under way.
    n_records: AtomicUsize,
    /// The process ends: those were counted as dropped, and no more are taken.
    is_given_up: AtomicBool,
    begun: Instant,
    n_dropped: AtomicU64,
    /// When it may be told of again, in milliseconds after `begun`.
    tell_at_ms: AtomicU64,
}

/// What a record takes.
pub(super) fn bytes_of(record: &Activity) -> usize {
    let texts = record.kind.len().saturating_add(record.id.len());
    let own = texts.saturating_add(record.body.len());
    own.saturating_add(RECORD_BYTES_MIN)
}

impl Room {
    pub fn new(bytes_max: usize) -> Self {
        Self {
            bytes_max,
            bytes: AtomicUsize::new(0),
            n_records: AtomicUsize::new(0),
            is_given_up: AtomicBool::new(false),
            begun: Instant::now(),
            n_dropped: AtomicU64::new(0),
            tell_at_ms: AtomicU64::new(0),
        }
    }

    /// No more records than this fit, however small they are.
    pub fn records_max(&self) -> usize {
        (self.bytes_max / RECORD_BYTES_MIN).max(1)
    }

    /// Whether there was room for a record. If so, it is taken until it is left.
    pub fn enter(&self, bytes: usize) -> bool {
        let before = self.bytes.fetch_add(bytes, Ordering::Relaxed);
        self.n_records.fetch_add(1, Ordering::SeqCst);
        let fits = before.saturating_add(bytes) <= self.bytes_max;
        let is_taken = fits && !self.is_given_up();
        if !is_taken {
            self.leave(1, bytes);
        }
        is_taken
    }

    pub fn leave(&self, n_records: usize, bytes: usize) {
        self.bytes.fetch_sub(bytes, Ordering::Relaxed);
        self.n_records.fetch_sub(n_records, Ordering::SeqCst);
    }

    /// Counts all that wait or are under way as lost: the process ends. Of what is under way some may still arrive.
    pub fn give_up(&self) {
        self.is_given_up.store(true, Ordering::SeqCst);
        let n_records = self.n_records.load(Ordering::SeqCst);
        if n_records > 0 {
            self.count(n_records);
            tracing::error!(
                n_records,
                "records of decisions were dropped: the process ends before they are taken"
            );
        }
    }

    /// Whether the process ends, and nobody waits for records any more.
    pub fn is_given_up(&self) -> bool {
        self.is_given_up.load(Ordering::SeqCst)
    }

    /// Tells now and then that records wait because nobody takes them.
    pub fn waits(&self, why: &str) {
        if self.may_tell(self.begun.elapsed()) {
            let n_records = self.n_records.load(Ordering::SeqCst);
            tracing::warn!(n_records, why, "records of decisions wait to be taken");
        }
    }

    /// Counts records that were taken out of the queue and are lost.
    pub fn lost(&self, n_records: usize, why: &str) {
        // Else they are counted.
        if !self.is_given_up() {
            self.dropped(n_records, why);
        }
    }

    fn count(&self, n_records: usize) -> u64 {
        let n = u64::try_from(n_records).unwrap_or(u64::MAX);
        metric::DECISION_RECORDS_DROPPED.add(n, &[]);
        n
    }

    /// Counts records that are lost, and tells of them now and then.
    pub fn dropped(&self, n_records: usize, why: &str) {
        let n = self.count(n_records);
        self.n_dropped.fetch_add(n, Ordering::Relaxed);
        if self.may_tell(self.begun.elapsed()) {
            let n_records = self.n_dropped.swap(0, Ordering::Relaxed);
            tracing::error!(n_records, why, "records of decisions were dropped");
        }
    }

    /// Whether it is time again; asked again at once it is not.
    fn may_tell(&self, since_begun: Duration) -> bool {
        let ms = |duration: Duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        let (now, next) = (ms(since_begun), self.tell_at_ms.load(Ordering::Relaxed));
        let later = now.saturating_add(ms(TOLD_EVERY));
        let (success, failure) = (Ordering::Relaxed, Ordering::Relaxed);
        let is_first = || {
            self.tell_at_ms
                .compare_exchange(next, later, success, failure)
        };
        now >= next && is_first().is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_takes_no_room() {
        let room = Room::new(1_000);
        assert!(room.enter(600));
        assert!(!room.enter(401));
        assert!(room.enter(400));
        room.leave(1, 600);
        assert!(!room.enter(601));
        assert!(room.enter(600));
    }

    #[test]
    fn losses_are_told_of_at_once_and_then_only_now_and_then() {
        let room = Room::new(1);
        let told = |ms| room.may_tell(Duration::from_millis(ms));
        assert!(told(3));
        assert!(!told(4));
        assert!(!told(10_002));
        assert!(told(10_003));
        assert!(!told(10_003));
    }
}
