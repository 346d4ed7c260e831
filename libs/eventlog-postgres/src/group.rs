//! Which waiting commits go into one transaction.

use std::collections::{HashMap, HashSet, VecDeque};

use trilby_eventlog::ClaimKey;
use trilby_model::{Hash, Seq};

use crate::job::Job;

/// Commits of one transaction.
const COMMITS_MAX: usize = 128;

/// Events of one transaction; one commit may have more.
const EVENTS_MAX: usize = 512;

/// Commits for one transaction. Those of one unit share logs: each continues the one before.
pub(crate) struct Group {
    pub jobs: Vec<Job>,
    pub units: Vec<i32>,
    /// Of one commit, whose side writes are statements of their own.
    pub is_alone: bool,
}

/// Commits that are worth a transaction of their own beside another.
const SHARE_MIN: usize = 16;

impl Group {
    /// The same in up to so many groups of about the same size, if it is large enough. What is of one unit stays together.
    pub fn split(self, n_groups: usize) -> Vec<Self> {
        let places = places(&self.units, n_groups);
        let n_groups = places.iter().max().map_or(1, |last| last + 1);
        let mut groups: Vec<Self> = Vec::new();
        groups.resize_with(n_groups, || Self {
            jobs: Vec::new(),
            units: Vec::new(),
            is_alone: self.is_alone,
        });
        for ((job, unit), place) in self.jobs.into_iter().zip(self.units).zip(places) {
            if let Some(group) = groups.get_mut(place) {
                group.jobs.push(job);
                group.units.push(unit);
            }
        }
        groups
    }
}

/// In which of up to so many groups each commit goes, by its unit.
fn places(units: &[i32], n_groups: usize) -> Vec<usize> {
    let n_groups = n_groups.min(units.len() / SHARE_MIN).max(1);
    let share = units.len().div_ceil(n_groups);
    let mut of_unit: HashMap<i32, usize> = HashMap::new();
    let (mut place, mut n_placed) = (0, 0);
    units
        .iter()
        .map(|unit| {
            let is_new = !of_unit.contains_key(unit);
            if is_new && n_placed >= share {
                (place, n_placed) = (place + 1, 0);
            }
            n_placed += 1;
            *of_unit.entry(*unit).or_insert(place)
        })
        .collect()
}

/// Takes the next group from the queue. A commit is passed over if one of its logs is busy or has an earlier commit
/// waiting; if it would be refused by what is in the group, it waits until that is decided.
pub(crate) fn form(waiting: &mut VecDeque<Job>, is_busy: impl Fn(&Job) -> bool) -> Option<Group> {
    let mut forming = Forming::default();
    let mut left = VecDeque::with_capacity(waiting.len());
    while let Some(job) = waiting.pop_front() {
        if forming.is_full {
            left.push_back(job);
            left.append(waiting);
            break;
        }
        match forming.unit(&job).filter(|_| !is_busy(&job)) {
            Some(unit) => forming.add(job, unit),
            None => {
                forming.passed.extend(job.parts.iter().map(|part| part.id));
                left.push_back(job);
            }
        }
    }
    *waiting = left;
    (!forming.group.jobs.is_empty()).then_some(forming.group)
}

struct Forming {
    group: Group,
    is_full: bool,
    n_events: usize,
    /// Logs of commits that were passed over.
    passed: HashSet<i64>,
    /// Where each log will stand, and in which unit.
    tails: HashMap<i64, (i32, Seq, Hash)>,
    claims: HashSet<ClaimKey>,
}

impl Default for Forming {
    fn default() -> Self {
        Self {
            group: Group {
                jobs: Vec::new(),
                units: Vec::new(),
                is_alone: false,
            },
            is_full: false,
            n_events: 0,
            passed: HashSet::new(),
            tails: HashMap::new(),
            claims: HashSet::new(),
        }
    }
}

impl Forming {
    /// The unit that a commit would be in; `None` if it cannot be in this group.
    fn unit(&self, job: &Job) -> Option<i32> {
        let is_first = self.group.jobs.is_empty();
        if job.is_alone() && !is_first {
            return None;
        }
        if job.parts.iter().any(|part| self.passed.contains(&part.id)) {
            return None;
        }
        if !is_first && self.n_events.saturating_add(job.n_events()) > EVENTS_MAX {
            return None;
        }
        let mut claims = job
            .commit
            .claims_taken
            .iter()
            .chain(&job.commit.claims_released);
        if claims.any(|claim| self.claims.contains(&claim.key)) || self.may_end(job) {
            return None;
        }
        let mut unit = None;
        for part in &job.parts {
            let Some((of, seq, hash)) = self.tails.get(&part.id) else {
                continue;
            };
            if (*seq, *hash) != (part.seq, part.hash) || unit.is_some_and(|unit| unit != *of) {
                return None;
            }
            unit = Some(*of);
        }
        let next = i32::try_from(self.group.jobs.len()).ok()?;
        Some(unit.unwrap_or(next))
    }

    /// Whether a commit in the group revokes what this one's caller rests on.
    fn may_end(&self, job: &Job) -> bool {
        let revocations = || {
            self.group
                .jobs
                .iter()
                .flat_map(|one| &one.sealed.revocations)
        };
        let alive = &job.commit.alive;
        alive
            .iter()
            .any(|one| revocations().any(|revocation| one.is_ended_by(revocation)))
    }

    fn add(&mut self, job: Job, unit: i32) {
        for part in &job.parts {
            let (seq, hash) = match &part.new {
                Some(head) => (head.seq, head.hash),
                None => (part.seq, part.hash),
            };
            self.tails.insert(part.id, (unit, seq, hash));
        }
        let claims = job
            .commit
            .claims_taken
            .iter()
            .chain(&job.commit.claims_released);
        self.claims.extend(claims.map(|claim| claim.key.clone()));
        self.n_events = self.n_events.saturating_add(job.n_events());
        self.group.is_alone = job.is_alone();
        self.group.jobs.push(job);
        self.group.units.push(unit);
        self.is_full = self.group.is_alone
            || self.group.jobs.len() >= COMMITS_MAX
            || self.n_events >= EVENTS_MAX;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_is_split_only_where_both_parts_are_worth_it() {
        let units: Vec<i32> = (0..31).collect();
        assert_eq!(places(&units, 2), [0; 31]);
        let units: Vec<i32> = (0..32).collect();
        assert_eq!(places(&units, 2), [[0; 16], [1; 16]].concat());
        assert_eq!(places(&units, 1), [0; 32]);
        assert!(places(&[], 2).is_empty());
    }

    #[test]
    fn commits_of_one_unit_stay_together_and_in_order() {
        // Of one log that everybody writes to: nothing can be done beside it.
        assert_eq!(places(&[0; 40], 2), [0; 40]);
        let units: Vec<i32> = (0..40).map(|n| n % 30).collect();
        let places = places(&units, 2);
        for (unit, place) in units.iter().zip(&places) {
            let first = units.iter().position(|one| one == unit).unwrap();
            assert_eq!(place, &places[first], "unit {unit}");
        }
        assert!(places.contains(&1));
    }
}
