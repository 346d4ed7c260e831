//! Whether two groups abreast are done sooner than one of both.
//!
//! Two processors execute two groups in half the time, but their flushes come one after the other. So it is a question of what
//! takes longer: to execute half of the commits, or to flush once more. How long a flush takes here is told by the groups
//! that were done: by the quickest of the last ones, since whoever waits for a lock, or for another's flush, is slower.

use std::time::Duration;

/// What executing a commit takes the database, about.
const EXECUTE: Duration = Duration::from_micros(40);

/// Groups that tell.
const RECENT: usize = 64;

/// What groups took beyond executing their commits.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    recent: Vec<Duration>,
    next: usize,
}

impl Pace {
    /// A group of so many commits took so long.
    pub fn done(&mut self, n_commits: usize, took: Duration) {
        let flush = took.saturating_sub(execute(n_commits));
        match self.recent.get_mut(self.next) {
            Some(place) => *place = flush,
            None => self.recent.push(flush),
        }
        self.next = (self.next + 1) % RECENT;
    }

    /// Whether so many commits are done sooner in two groups. As long as nothing is known they are.
    pub fn is_sooner_in_two(&self, n_commits: usize) -> bool {
        let flush = self.recent.iter().min();
        flush.is_none_or(|flush| *flush <= execute(n_commits) / 2)
    }
}

fn execute(n_commits: usize) -> Duration {
    EXECUTE.saturating_mul(u32::try_from(n_commits).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(took: impl IntoIterator<Item = u64>) -> Pace {
        let mut pace = Pace::default();
        for micros in took {
            pace.done(10, EXECUTE * 10 + Duration::from_micros(micros));
        }
        pace
    }

    #[test]
    fn the_slower_the_flush_the_more_go_in_one_group() {
        let is_sooner = |flush_us, n_commits| after([flush_us]).is_sooner_in_two(n_commits);
        assert!(is_sooner(200, 32));
        assert!(!is_sooner(200, 8));
        assert!(!is_sooner(4_000, 128));
        assert!(is_sooner(600, 32) && !is_sooner(700, 32));
        assert!(Pace::default().is_sooner_in_two(2));
    }

    #[test]
    fn the_quickest_of_the_last_ones_counts() {
        assert!(after([9_000, 100, 9_000]).is_sooner_in_two(32));
        let long_ago = std::iter::once(100).chain([9_000; RECENT]);
        assert!(!after(long_ago).is_sooner_in_two(32));
    }
}
