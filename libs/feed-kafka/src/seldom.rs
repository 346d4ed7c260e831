//! What may happen often and is told of now and then.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How often the same is told again, at most.
const TOLD_EVERY: Duration = Duration::from_secs(10);

/// Something that may happen often and is told of now and then, with how often it happened meanwhile.
#[derive(Debug, Default)]
pub(crate) struct Seldom(Mutex<(usize, Option<Instant>)>);

impl Seldom {
    /// Of which nothing was told yet.
    pub const fn new() -> Self {
        Self(Mutex::new((0, None)))
    }

    /// How many there are to tell of now, if it is time.
    pub fn note(&self, n: usize, now: Instant) -> Option<usize> {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (waiting, told_at) = &mut *told;
        *waiting = waiting.saturating_add(n);
        let is_time = told_at.is_none_or(|at| now.saturating_duration_since(at) >= TOLD_EVERY);
        if *waiting == 0 || !is_time {
            return None;
        }
        *told_at = Some(now);
        Some(std::mem::take(waiting))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_is_told_at_once_and_the_rest_together() {
        let (seldom, begun) = (Seldom::default(), Instant::now());
        let note = |n, s| seldom.note(n, begun + Duration::from_secs(s));
        assert_eq!(note(0, 0), None);
        assert_eq!(note(2, 0), Some(2));
        assert_eq!(note(3, 1), None);
        assert_eq!(note(4, 9), None);
        assert_eq!(note(0, 10), Some(7));
        assert_eq!(note(0, 30), None);
    }
}
