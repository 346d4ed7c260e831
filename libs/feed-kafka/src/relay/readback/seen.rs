//! What the feed has of each log.

use std::collections::BTreeMap;

use trilby_model::{Hash, LogId, Seq};

use crate::record::{Place, Told};

/// Places of one log that are remembered, the newest.
const PLACES_EACH_MAX: usize = 512;

/// Where commits of each log began and ended, in order.
#[derive(Debug, Default)]
pub(super) struct Seen(BTreeMap<LogId, BTreeMap<Seq, At>>);

/// A place in a log.
#[derive(Debug, Clone, Copy)]
struct At {
    hash: Hash,
    /// Where the commit began that ends here, if the feed has it.
    first: Option<Seq>,
}

/// A commit that the feed has.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Commit<'a> {
    pub log: &'a LogId,
    pub first: Seq,
    pub last: (Seq, Hash),
}

impl Seen {
    /// Takes note of the next record.
    pub fn note(&mut self, told: Told) {
        match told {
            Told::Commit(commit) => {
                let before = commit.first.get().checked_sub(1);
                let places = self.0.entry(commit.log).or_default();
                if let Some(before) = before {
                    let hash = commit.prev_hash;
                    let at = At { hash, first: None };
                    places.entry(Seq::new(before)).or_insert(at);
                }
                ends(places, commit.first, commit.last, commit.hash);
            }
            Told::Moved(first, place) => {
                let places = self.0.entry(place.log).or_default();
                ends(places, first, place.seq, place.hash);
            }
            // What came before it was told to be over.
            Told::Rewound(place, _) => {
                let places = self.0.entry(place.log).or_default();
                let (hash, kept) = (place.hash, places.get(&place.seq).copied());
                let first = kept.filter(|at| at.hash == hash).and_then(|at| at.first);
                places.retain(|seq, _| *seq < place.seq);
                places.insert(place.seq, At { hash, first });
            }
            Told::Beat(_) | Told::Revocation(_) => {}
        }
    }

    /// Where each log ends.
    pub fn ends(&self) -> Vec<(LogId, Seq, Hash)> {
        let ends = self.0.iter().filter_map(|(log, places)| {
            let (seq, at) = places.last_key_value()?;
            Some((log.clone(), *seq, at.hash))
        });
        ends.collect()
    }

    /// The places of a log, in order.
    pub fn places(&self, log: &LogId) -> Vec<(LogId, Seq, Hash)> {
        let places = self.0.get(log).into_iter().flatten();
        places
            .map(|(seq, at)| (log.clone(), *seq, at.hash))
            .collect()
    }

    /// The commits of a log after a place, in order.
    pub fn after<'a>(&'a self, place: &Place) -> impl Iterator<Item = Commit<'a>> + use<'a> {
        let of = self.0.get_key_value(&place.log);
        let keep = place.seq;
        of.into_iter().flat_map(move |(log, places)| {
            let lost = places.iter().filter(move |(seq, _)| **seq > keep);
            lost.filter_map(move |(seq, at)| {
                Some(Commit {
                    log,
                    first: at.first?,
                    last: (*seq, at.hash),
                })
            })
        })
    }
}

fn ends(places: &mut BTreeMap<Seq, At>, first: Seq, last: Seq, hash: Hash) {
    let first = Some(first);
    places.insert(last, At { hash, first });
    while places.len() > PLACES_EACH_MAX {
        places.pop_first();
    }
}

#[cfg(test)]
mod tests {
    use trilby_model::Timestamp;

    use super::*;
    use trilby_eventlog::RecordedCommit;

    fn log() -> LogId {
        "111122223333".parse().unwrap()
    }

    fn hash(n: u64) -> Hash {
        Hash([u8::try_from(n % 251).unwrap(); 32])
    }

    fn commit(first: u64, last: u64) -> Told {
        Told::Commit(RecordedCommit {
            log: log(),
            first: Seq::new(first),
            last: Seq::new(last),
            prev_hash: hash(first - 1),
            hash: hash(last),
            incarnation: 1,
            at: Timestamp::from_micros(0),
            events: Vec::new(),
        })
    }

    fn place(seq: u64) -> Place {
        Place {
            log: log(),
            seq: Seq::new(seq),
            hash: hash(seq),
        }
    }

    fn after(seen: &Seen, seq: u64) -> Vec<(u64, u64)> {
        let commits = seen.after(&place(seq));
        commits
            .map(|commit| {
                assert_eq!(commit.last.1, hash(commit.last.0.get()));
                (commit.first.get(), commit.last.0.get())
            })
            .collect()
    }

    #[test]
    fn commits_after_a_place_are_named_with_where_they_began() {
        let mut seen = Seen::default();
        seen.note(commit(5, 6));
        seen.note(Told::Moved(Seq::new(7), place(9)));
        seen.note(commit(10, 10));
        // Told again.
        seen.note(commit(5, 6));
        assert_eq!(after(&seen, 4), [(5, 6), (7, 9), (10, 10)]);
        assert_eq!(after(&seen, 6), [(7, 9), (10, 10)]);
        assert_eq!(after(&seen, 10), []);
        let places: Vec<_> = seen.places(&log()).into_iter().map(|one| one.1).collect();
        assert_eq!(places, [4, 6, 9, 10].map(Seq::new));
        assert_eq!(seen.ends(), [(log(), Seq::new(10), hash(10))]);
    }

    #[test]
    fn what_was_told_to_be_lost_is_not_named_again() {
        let mut seen = Seen::default();
        seen.note(commit(1, 2));
        seen.note(commit(3, 4));
        seen.note(Told::Rewound(place(2), None));
        assert_eq!(after(&seen, 0), [(1, 2)]);
        assert_eq!(seen.ends(), [(log(), Seq::new(2), hash(2))]);
        seen.note(commit(3, 3));
        assert_eq!(after(&seen, 2), [(3, 3)]);
    }

    #[test]
    fn of_a_log_the_newest_places_are_remembered() {
        let mut seen = Seen::default();
        for seq in 1..2_000 {
            seen.note(commit(seq, seq));
        }
        let places = seen.places(&log());
        assert_eq!(places.len(), PLACES_EACH_MAX);
        assert_eq!(places.last().unwrap().1, Seq::new(1_999));
    }
}
