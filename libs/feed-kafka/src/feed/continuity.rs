//! Whether anything is missing before a record.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use trilby_eventlog::{Channel, FeedMessage, Heartbeat, RecordedCommit};

use crate::record::{Refused, Told};

/// A relay's heartbeat before it knows where its run began: it vouches for nothing.
const UNKNOWN: i64 = -1;

/// What was heard of each partition.
#[derive(Debug)]
pub(crate) struct Continuity {
    channel: Channel,
    partitions: BTreeMap<u16, Partition>,
    /// Those that said nothing yet, since it began or rested.
    unheard: BTreeSet<u16>,
}

#[derive(Debug)]
struct Partition {
    /// The offset of the next record.
    next: i64,
    /// Whose heartbeat was heard last, and the offset after it.
    beat: Option<([u8; 16], i64)>,
    /// The store's newest incarnation that a relay told of.
    incarnation: Option<u32>,
    heard_at: Instant,
}

impl Partition {
    fn is_of(&mut self, incarnation: Option<u32>) {
        self.incarnation = self.incarnation.max(incarnation);
    }

    /// A commit of an incarnation that is over may be one that the store has lost, told by whoever did not know of that yet.
    /// Whether it still stands the store says.
    fn hear(&self, commit: RecordedCommit) -> FeedMessage {
        match self
            .incarnation
            .is_some_and(|newest| commit.incarnation < newest)
        {
            true => FeedMessage::Moved {
                log: commit.log,
                last: commit.last,
            },
            false => FeedMessage::Commit(Arc::new(commit)),
        }
    }
}

impl Continuity {
    /// From these ends of a channel's partitions on.
    pub fn new(channel: Channel, ends: &[i64]) -> Self {
        let heard_at = Instant::now();
        let partition = |next: &i64| Partition {
            next: *next,
            beat: None,
            incarnation: None,
            heard_at,
        };
        let partitions = (0_u16..).zip(ends.iter().map(partition));
        let partitions: BTreeMap<u16, Partition> = partitions.collect();
        Self {
            channel,
            unheard: partitions.keys().copied().collect(),
            partitions,
        }
    }

    /// Where it goes on in each partition if they end here now. `None`: one of them ends before that, so it is another
    /// partition of that name, or was emptied.
    pub fn places(&self, ends: &[i64]) -> Option<Vec<i64>> {
        let places: Vec<i64> = self.partitions.values().map(|one| one.next).collect();
        let mut both = places.iter().zip(ends);
        let go_on = places.len() == ends.len() && both.all(|(next, end)| next <= end);
        go_on.then_some(places)
    }

    /// Nothing was heard for long, and it is waited for anew.
    pub fn rest(&mut self, now: Instant) {
        for one in self.partitions.values_mut() {
            one.heard_at = now;
        }
        self.unheard = self.partitions.keys().copied().collect();
    }

    /// Whether every partition has said something since it began or rested.
    pub fn is_heard(&self) -> bool {
        self.unheard.is_empty()
    }

    /// What to tell of a record, after what is missing before it.
    ///
    /// # Errors
    /// The position is worth nothing: what it means.
    pub fn take(
        &mut self,
        partition: u16,
        offset: i64,
        told: Result<Told, Refused>,
    ) -> Result<Vec<FeedMessage>, &'static str> {
        let channel = self.channel;
        let known = self.partitions.get_mut(&partition);
        let known = known.ok_or("an unknown partition")?;
        if offset < known.next {
            return Err("a partition has begun anew");
        }
        let n_missing = u64::try_from(offset.saturating_sub(known.next)).unwrap_or(u64::MAX);
        known.next = offset.saturating_add(1);
        if told != Err(Refused::OtherStore) {
            known.heard_at = Instant::now();
            self.unheard.remove(&partition);
        }
        let mut messages = Vec::with_capacity(2);
        let mut gap = n_missing > 0;
        let message = match told {
            Ok(Told::Beat(beat)) if beat.base == UNKNOWN => {
                known.is_of(beat.incarnation);
                None
            }
            Ok(Told::Beat(beat)) => {
                known.is_of(beat.incarnation);
                let is_another = known
                    .beat
                    .is_some_and(|(run, after)| run != beat.run && beat.base < after);
                gap |= is_another;
                known.beat = Some((beat.run, known.next));
                Some(FeedMessage::Heartbeat(Heartbeat {
                    channel,
                    partition,
                    at: beat.at,
                    waiting: beat.waiting,
                    incarnation: beat.incarnation.unwrap_or(0),
                }))
            }
            Ok(Told::Commit(commit)) => Some(known.hear(commit)),
            Ok(Told::Moved(_, place)) => Some(FeedMessage::Moved {
                log: place.log,
                last: place.seq,
            }),
            Ok(Told::Rewound(place, incarnation)) => {
                known.is_of(incarnation);
                Some(FeedMessage::Rewound {
                    log: place.log,
                    keep: place.seq,
                    hash: place.hash,
                })
            }
            Ok(Told::Revocation(revocation)) => Some(FeedMessage::Revocation(Arc::new(revocation))),
            // Nobody has missed it, and nobody's silence is broken by it.
            Err(Refused::OtherStore) => None,
            Err(Refused::Malformed(_)) => {
                gap = true;
                None
            }
        };
        if gap {
            messages.push(FeedMessage::Gap(n_missing.max(1)));
        }
        messages.extend(message);
        Ok(messages)
    }

    /// Whether any partition has said nothing for so long.
    pub fn is_silent(&self, now: Instant, most: Duration) -> bool {
        let mut all = self.partitions.values();
        all.any(|one| now.saturating_duration_since(one.heard_at) > most)
    }
}
