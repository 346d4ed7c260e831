//! What a relay knows of its shards.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use trilby_eventlog::Channel;
use trilby_eventlog::relay::{From, LEASE, Lease};

use super::ROWS_EACH_MAX;

/// How often everything is read from a shard's first row on; in between only what is after the rows that were told a while
/// ago, for those that went are still in the way of a reader until they are cleaned away.
const SWEEP: Duration = Duration::from_secs(1);
/// How long a row can be late whose id was drawn before another's that was told: almost all of them, and a sweep finds the
/// rest.
const LATE: Duration = Duration::from_millis(500);
/// Pause after a record of a shard that did not arrive; doubled each time in a row.
const PAUSE: Duration = Duration::from_millis(100);
/// The longest.
const PAUSE_MAX: Duration = Duration::from_secs(5);
/// Rows of a shard that are remembered as too large for the broker.
const TOO_LARGE_MAX: usize = 1_024;
/// Marks of how far a shard was told, one for each batch of the last half second.
const MARKS_MAX: usize = 256;

/// All shards that are leased.
#[derive(Debug, Default)]
pub(crate) struct Shards(Mutex<BTreeMap<u16, Shard>>);

#[derive(Debug)]
struct Shard {
    epoch: i64,
    leased_until: Instant,
    is_checked: bool,
    is_busy: bool,
    /// What is under way was read before the store was taken back.
    is_outlived: bool,
    is_beating: bool,
    paused_until: Instant,
    failures: u32,
    /// Rows up to this were told `LATE` ago.
    cursor: i64,
    marks: VecDeque<(Instant, i64)>,
    swept_at: Option<Instant>,
    too_large: BTreeSet<i64>,
    /// Rows that are told at once: fewer after a refusal, more again with each batch that arrives.
    most: usize,
    run: Run,
}

/// Why a batch of a shard is not told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failure {
    /// The broker refused rows for their size. It judges by what was packed together: only of a row that was alone it is
    /// known that it is too large.
    TooLarge {
        /// How many.
        n_rows: usize,
        /// The first.
        first: i64,
    },
    /// Anything else.
    Other,
}

/// A relay's time with a partition of both channels: what its heartbeats say of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Run {
    pub id: [u8; 16],
    /// Where the first record of it arrived, for each channel. Before that nothing is told.
    pub base: Option<[i64; 2]>,
    /// The store's incarnation, as it was last read.
    pub incarnation: Option<u32>,
    /// Where the last did that is known of.
    last: [i64; 2],
}

impl Run {
    fn new(base: Option<[i64; 2]>, incarnation: Option<u32>) -> Self {
        Self {
            id: random(),
            base,
            incarnation,
            last: [-1; 2],
        }
    }

    /// The last known place of a channel: whatever is written from now on arrives after it.
    pub fn floor(&self, channel: Channel) -> i64 {
        let [commits, revocations] = self.last;
        match channel {
            Channel::Commits => commits,
            Channel::Revocations => revocations,
        }
    }
}

fn random() -> [u8; 16] {
    use std::hash::{BuildHasher, Hasher, RandomState};
    // Only has to differ from another run's.
    let half = || RandomState::new().build_hasher().finish().to_be_bytes();
    let (a, b) = (half(), half());
    let mut id = [0; 16];
    for (to, from) in id.iter_mut().zip(a.into_iter().chain(b)) {
        *to = from;
    }
    id
}

/// What is to be read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Read {
    pub from: From,
    /// From the first row on: what is not there now was told.
    pub is_sweep: bool,
}

impl Shards {
    fn all(&self) -> MutexGuard<'_, BTreeMap<u16, Shard>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes note of the leases as they were asked for at `asked`. Shards that are held no more are forgotten.
    pub fn lease(&self, held: &[Lease], incarnation: u32, asked: Instant) {
        let mut all = self.all();
        all.retain(|shard, _| held.iter().any(|lease| lease.shard == *shard));
        for lease in held {
            let is_new = all
                .get(&lease.shard)
                .is_none_or(|known| known.epoch != lease.epoch);
            if is_new {
                all.insert(lease.shard, Shard::new(lease.epoch, asked));
            }
            if let Some(shard) = all.get_mut(&lease.shard) {
                shard.leased_until = asked + LEASE;
                shard.run.incarnation = Some(incarnation);
                shard.is_checked = lease.checked == Some(incarnation);
                if !shard.is_checked {
                    shard.forget_rows();
                }
            }
        }
    }

    /// Shards to give back so that no more than a share is left; those at rest first.
    pub fn beyond(&self, share: usize) -> Vec<u16> {
        let mut all = self.all();
        let excess = all.len().saturating_sub(share);
        let mut shards: Vec<(bool, u16)> = all.iter().map(|(n, one)| (one.is_busy, *n)).collect();
        shards.sort_unstable();
        let gone: Vec<u16> = shards.into_iter().take(excess).map(|(_, n)| n).collect();
        for shard in &gone {
            all.remove(shard);
        }
        gone
    }

    /// Those that are leased.
    pub fn held(&self) -> Vec<u16> {
        self.all().keys().copied().collect()
    }

    /// Those whose newest records are still to be compared with the store.
    pub fn unchecked(&self) -> Vec<u16> {
        let all = self.all();
        let unchecked = all.iter().filter(|(_, shard)| !shard.is_checked);
        unchecked.map(|(n, _)| *n).collect()
    }

    /// They were compared with the store as it is of this incarnation. If it is of another by now, they are to be once more.
    pub fn check(&self, shards: &[u16], incarnation: u32) {
        let mut all = self.all();
        for n in shards {
            if let Some(shard) = all.get_mut(n) {
                shard.is_checked = shard.run.incarnation == Some(incarnation);
            }
        }
    }

    /// At most so many shards that have nothing under way, from now on busy; those longest not read first.
    pub fn to_read(&self, now: Instant, most: usize) -> Vec<Read> {
        let mut all = self.all();
        let mut ready: Vec<_> = all
            .iter_mut()
            .filter(|(_, shard)| shard.is_ready(now))
            .collect();
        if ready.len() > most {
            ready.sort_by_key(|(_, shard)| shard.swept_at);
        }
        let mut reads: Vec<Read> = ready
            .into_iter()
            .take(most)
            .map(|(n, shard)| shard.read(*n, now))
            .collect();
        reads.sort_unstable_by_key(|read| read.from.shard);
        reads
    }

    /// Nothing came of these reads.
    pub fn put_back(&self, reads: &[Read]) {
        let mut all = self.all();
        for read in reads {
            if let Some(shard) = all.get_mut(&read.from.shard) {
                shard.is_busy = false;
                shard.is_outlived = false;
            }
        }
    }

    /// Whether the lease still holds.
    pub fn may_tell(&self, shard: u16, now: Instant) -> bool {
        self.all()
            .get(&shard)
            .is_some_and(|one| one.leased_until > now)
    }

    /// Whether a row is to be told without its events.
    pub fn is_too_large(&self, shard: u16, id: i64) -> bool {
        self.all()
            .get(&shard)
            .is_some_and(|one| one.too_large.contains(&id))
    }

    /// Whether the store was taken back since what is under way of this shard was read.
    pub fn is_outlived(&self, shard: u16) -> bool {
        self.all().get(&shard).is_some_and(|one| one.is_outlived)
    }

    /// How many rows of this shard are told at once.
    pub fn most(&self, shard: u16) -> usize {
        self.all().get(&shard).map_or(1, |one| one.most)
    }

    /// A batch of this shard is done: told up to a row, and perhaps no further.
    pub fn done(&self, shard: u16, told: Option<i64>, failed: Option<Failure>) {
        let mut all = self.all();
        let Some(one) = all.get_mut(&shard) else {
            return;
        };
        let now = Instant::now();
        one.is_busy = false;
        let is_of_another_past = std::mem::take(&mut one.is_outlived);
        if let Some(told) = told.filter(|_| !is_of_another_past) {
            one.told(told, now);
        }
        match failed {
            None => {
                one.failures = 0;
                one.most = one.most.saturating_mul(2).min(ROWS_EACH_MAX);
            }
            Some(failure) => one.fail(failure, now),
        }
    }

    /// Notes where a record arrived that was written after `floor` was known. If it is not after it, the partition was
    /// emptied under this run, and another begins.
    pub fn arrived(&self, shard: u16, channel: Channel, floor: i64, offset: i64) {
        if let Some(one) = self.all().get_mut(&shard) {
            one.arrived(channel, floor, offset);
        }
    }

    /// Notes where the first records of a run arrived.
    pub fn opened(&self, shard: u16, run: [u8; 16], base: [i64; 2]) {
        let mut all = self.all();
        if let Some(one) = all.get_mut(&shard).filter(|one| one.run.id == run) {
            one.run.base = Some(base);
            one.run.last = base;
        }
    }

    /// Shards of which nothing was told yet.
    pub fn to_open(&self, now: Instant) -> Vec<u16> {
        let all = self.all();
        let closed = all.iter().filter(|(_, one)| {
            one.is_checked && one.run.base.is_none() && !one.is_beating && one.leased_until > now
        });
        closed.map(|(n, _)| *n).collect()
    }

    /// Begins a heartbeat unless one is under way; gives what it says of its run.
    pub fn beat(&self, shard: u16) -> Option<Run> {
        let mut all = self.all();
        let one = all.get_mut(&shard)?;
        let is_first = !std::mem::replace(&mut one.is_beating, true);
        is_first.then_some(one.run)
    }

    /// The run that is under way.
    pub fn run(&self, shard: u16) -> Option<Run> {
        self.all().get(&shard).map(|one| one.run)
    }

    /// It arrived, or will not.
    pub fn beaten(&self, shard: u16) {
        if let Some(one) = self.all().get_mut(&shard) {
            one.is_beating = false;
        }
    }
}

impl Shard {
    fn new(epoch: i64, now: Instant) -> Self {
        Self {
            epoch,
            leased_until: now,
            is_checked: false,
            is_busy: false,
            is_outlived: false,
            is_beating: false,
            paused_until: now,
            failures: 0,
            cursor: 0,
            marks: VecDeque::new(),
            swept_at: None,
            too_large: BTreeSet::new(),
            most: ROWS_EACH_MAX,
            run: Run::new(None, None),
        }
    }

    fn is_ready(&self, now: Instant) -> bool {
        let may = self.is_checked && self.run.base.is_some() && self.leased_until > now;
        may && !self.is_busy && self.paused_until <= now
    }

    fn read(&mut self, n: u16, now: Instant) -> Read {
        self.is_busy = true;
        while let Some((_, id)) = self
            .marks
            .pop_front_if(|(at, _)| now.duration_since(*at) >= LATE)
        {
            self.cursor = self.cursor.max(id);
        }
        let swept_at = self.swept_at.replace(now);
        let is_sweep = swept_at.is_none_or(|at| now.duration_since(at) >= SWEEP);
        if !is_sweep {
            self.swept_at = swept_at;
        }
        let after = if is_sweep { 0 } else { self.cursor };
        Read {
            from: From { shard: n, after },
            is_sweep,
        }
    }

    fn told(&mut self, id: i64, now: Instant) {
        self.too_large.retain(|row| *row > id);
        if self.marks.len() < MARKS_MAX {
            self.marks.push_back((now, id));
        }
    }

    fn fail(&mut self, failure: Failure, now: Instant) {
        let is_told_otherwise = match failure {
            Failure::TooLarge {
                n_rows: 0 | 1,
                first,
            } => self.too_large.len() < TOO_LARGE_MAX && self.too_large.insert(first),
            Failure::TooLarge { n_rows, .. } => {
                self.most = n_rows.div_ceil(2);
                true
            }
            Failure::Other => false,
        };
        // What is told otherwise the next time need not wait.
        if !is_told_otherwise {
            let pause = PAUSE
                .saturating_mul(1 << self.failures.min(10))
                .min(PAUSE_MAX);
            self.paused_until = now + pause;
            self.failures = self.failures.saturating_add(1);
        }
        // What was given up has to be read again, whatever its id.
        self.cursor = 0;
        self.marks.clear();
    }

    /// A store that was taken back draws ids again that it had drawn before.
    fn forget_rows(&mut self) {
        self.cursor = 0;
        self.marks.clear();
        self.too_large.clear();
        self.is_outlived = self.is_busy;
    }

    fn arrived(&mut self, channel: Channel, floor: i64, offset: i64) {
        if offset <= floor {
            tracing::warn!(offset, floor, "a partition was emptied");
            self.run = Run::new(Some([0; 2]), self.run.incarnation);
        }
        let [commits, revocations] = &mut self.run.last;
        let last = match channel {
            Channel::Commits => commits,
            Channel::Revocations => revocations,
        };
        *last = offset.max(*last);
    }
}
