//! Telling what was read, and the heartbeats after it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use rdkafka::producer::future_producer::Delivery;
use tokio::time::{Instant, timeout_at};
use trilby_eventlog::Channel;
use trilby_eventlog::relay::{RowId, Waiting};
use trilby_model::Timestamp;

use super::shards::{Failure, Run};
use super::{Place, RETRY, Shared};
use crate::producer::{Batch, Lost, Sent};
use crate::record::{self, Beat};

/// How often rows that were told are tried to be forgotten; told again they are dropped by whoever hears them.
const FORGET_TRIES: u32 = 3;
/// How long a batch is together: shards whose records arrived by then do not wait for the others any longer. Much more than
/// acknowledgements take, since each time costs the store something.
const LATE: Duration = Duration::from_millis(250);
/// The base of a run that is not known yet: such a heartbeat vouches for nothing.
pub(crate) const UNKNOWN: i64 = -1;

/// What is to be told of one shard.
pub(crate) struct Part {
    pub shard: u16,
    pub rows: Vec<Waiting>,
    /// There is more where these are from.
    pub is_cut: bool,
    pub vouch: Option<Vouch>,
}

/// That a shard was looked at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Vouch {
    pub shard: u16,
    pub at: Timestamp,
    pub waiting: Duration,
}

/// A record of a batch under way.
struct Flight {
    part: usize,
    row: usize,
    channel: Channel,
}

/// What became of a part: how many rows from its beginning on are safe, and why the next is not.
#[derive(Default)]
struct Outcome {
    /// The first row that did not arrive.
    failed: Option<usize>,
    is_too_large: bool,
    /// The lowest place at which one arrived, of each channel.
    lowest: BTreeMap<usize, i64>,
}

/// A part under way.
struct Flying {
    part: Part,
    run: Option<Run>,
    /// Records that are not answered yet.
    n_left: usize,
    outcome: Outcome,
}

/// Tells rows of several shards and forgets them. The first record that does not arrive takes all others with it; what is
/// late holds up no shard but its own.
pub(crate) async fn tell(shared: Arc<Shared>, parts: Vec<Part>, place: Place) {
    let Place { room, under_way } = place;
    let mut room = Some(room);
    let mut flying = flying(&shared, still_valid(&shared, parts));
    if flying.is_empty() {
        return;
    }
    let batch = shared.producer.batch();
    let sending = shared.state.sending();
    let sent = send(&shared, &batch, &mut flying);
    let answer = |(flight, sent): (Flight, Sent)| async { (flight, sent.arrived().await) };
    let mut sent: FuturesUnordered<_> = sent.into_iter().map(answer).collect();
    let mut n_lost = 0_u64;
    let mut look_at = Instant::now() + LATE;
    loop {
        match timeout_at(look_at, sent.next()).await {
            Ok(Some((flight, arrived))) => {
                if let Err(lost) = &arrived {
                    if n_lost == 0 {
                        shared.producer.replace(batch.generation);
                        shared.state.lost(lost);
                    }
                    n_lost = n_lost.saturating_add(1);
                }
                if let Some(Some(one)) = flying.get_mut(flight.part) {
                    one.answered(&flight, &arrived);
                }
            }
            Ok(None) => break,
            Err(_) => {
                // Each shard has one batch under way: there are no more of these than shards.
                room = None;
                let through = flying
                    .iter_mut()
                    .filter_map(|one| one.take_if(|one| one.n_left == 0));
                conclude(&shared, through.collect()).await;
                shared.done.notify_one();
                look_at = Instant::now() + LATE;
            }
        }
    }
    drop(sending);
    if n_lost == 0 {
        shared.state.brokers_answer();
    }
    conclude(&shared, flying.into_iter().flatten().collect()).await;
    drop((room, under_way));
    shared.done.notify_one();
}

/// Those that were not read before the store was taken back. Of the others nothing is told: they are of a past that is over.
fn still_valid(shared: &Shared, parts: Vec<Part>) -> Vec<Part> {
    let is_over = |part: &Part| shared.shards.is_outlived(part.shard);
    let (over, valid): (Vec<Part>, Vec<Part>) = parts.into_iter().partition(is_over);
    for part in over {
        shared.shards.done(part.shard, None, None);
    }
    valid
}

/// With what is known of their shards before anything is sent.
fn flying(shared: &Shared, parts: Vec<Part>) -> Vec<Option<Flying>> {
    let fly = |part: Part| {
        Some(Flying {
            run: shared.shards.run(part.shard),
            n_left: 0,
            outcome: Outcome::default(),
            part,
        })
    };
    parts.into_iter().map(fly).collect()
}

impl Flying {
    fn answered(&mut self, flight: &Flight, arrived: &Result<Delivery, Lost>) {
        self.n_left = self.n_left.saturating_sub(1);
        match arrived {
            Ok(delivery) => self.outcome.arrived(flight, delivery.offset),
            Err(lost) => self.outcome.lost(flight, lost),
        }
    }
}

/// Of these everything is answered: what arrived is forgotten.
async fn conclude(shared: &Arc<Shared>, flown: Vec<Flying>) {
    let mut told: Vec<RowId> = Vec::new();
    for Flying {
        part, run, outcome, ..
    } in &flown
    {
        let n_safe = outcome.failed.unwrap_or(part.rows.len());
        // Rows of these ids may be others by now.
        if !shared.shards.is_outlived(part.shard) {
            told.extend(part.rows.iter().take(n_safe).map(|row| row.row));
        }
        for channel in [Channel::Commits, Channel::Revocations] {
            let lowest = outcome.lowest.get(&index(channel));
            if let (Some(offset), Some(run)) = (lowest, run) {
                let floor = run.floor(channel);
                shared.shards.arrived(part.shard, channel, floor, *offset);
            }
        }
    }
    let is_forgotten = forget(shared, &told).await;
    for Flying { part, outcome, .. } in flown {
        finish(shared, &part, &outcome, is_forgotten);
        if let (Some(vouch), None, true) = (part.vouch, outcome.failed, is_forgotten) {
            tokio::spawn(beat(Arc::clone(shared), vouch));
        }
    }
}

fn send(shared: &Shared, batch: &Batch<'_>, flying: &mut [Option<Flying>]) -> Vec<(Flight, Sent)> {
    let mut sent = Vec::new();
    for (n_part, one) in flying.iter_mut().enumerate() {
        let Some(Flying { part, n_left, .. }) = one else {
            continue;
        };
        let n_before = sent.len();
        for (n_row, row) in part.rows.iter().enumerate() {
            let flight = |channel| Flight {
                part: n_part,
                row: n_row,
                channel,
            };
            let is_pointer = shared.shards.is_too_large(part.shard, row.row.id);
            let trace = row.trace.as_deref();
            let record = record::commit(&shared.store_id, &row.commit, trace, is_pointer);
            sent.push((
                flight(Channel::Commits),
                batch.send(Channel::Commits, part.shard, &record),
            ));
            for revocation in &row.revocations {
                let record = record::revocation(&shared.store_id, revocation, trace);
                sent.push((
                    flight(Channel::Revocations),
                    batch.send(Channel::Revocations, part.shard, &record),
                ));
            }
        }
        *n_left = sent.len().saturating_sub(n_before);
    }
    sent
}

const fn index(channel: Channel) -> usize {
    match channel {
        Channel::Commits => 0,
        Channel::Revocations => 1,
    }
}

impl Outcome {
    fn arrived(&mut self, flight: &Flight, offset: i64) {
        let lowest = self.lowest.entry(index(flight.channel)).or_insert(offset);
        *lowest = offset.min(*lowest);
    }

    fn lost(&mut self, flight: &Flight, lost: &Lost) {
        let first = self.failed.map_or(flight.row, |row| row.min(flight.row));
        self.failed = Some(first);
        self.is_too_large |= *lost == Lost::TooLarge;
    }
}

async fn forget(shared: &Shared, told: &[RowId]) -> bool {
    if told.is_empty() {
        return true;
    }
    for _ in 0..FORGET_TRIES {
        match shared.store.told(told).await {
            Ok(()) => {
                shared.state.told(told.len());
                return true;
            }
            Err(error) => {
                shared.state.store_fails(&error.to_string());
                tokio::time::sleep(RETRY).await;
            }
        }
    }
    false
}

fn finish(shared: &Shared, part: &Part, outcome: &Outcome, is_forgotten: bool) {
    let id = |n: usize| part.rows.get(n).map(|row| row.row.id);
    let n_safe = outcome.failed.unwrap_or(part.rows.len());
    let told = n_safe.checked_sub(1).and_then(id).filter(|_| is_forgotten);
    let failed = match (outcome.failed, is_forgotten) {
        (None, true) => None,
        (Some(row), _) if outcome.is_too_large => Some(Failure::TooLarge {
            n_rows: part.rows.len().saturating_sub(row),
            first: id(row).unwrap_or_default(),
        }),
        (Some(_), _) | (None, false) => Some(Failure::Other),
    };
    if failed.is_none() && !part.is_cut {
        shared.state.waits(part.shard, None);
    }
    shared.shards.done(part.shard, told, failed);
}

/// Says that a shard was looked at, in both channels.
pub(crate) async fn beat(shared: Arc<Shared>, vouch: Vouch) {
    let Some(run) = shared.shards.beat(vouch.shard) else {
        // One is under way: it is late, and the next will say more.
        return;
    };
    if let Some(base) = run.base {
        write_beat(&shared, vouch, run, base).await;
    }
    shared.shards.beaten(vouch.shard);
}

/// Finds out where the partitions of a shard end, by the first record of this run. It vouches for nothing.
pub(crate) async fn open(shared: Arc<Shared>, shard: u16) {
    let Some(run) = shared.shards.beat(shard) else {
        return;
    };
    if run.base.is_none() {
        let vouch = Vouch {
            shard,
            at: super::state::wall_clock(),
            waiting: Duration::ZERO,
        };
        if let Some(base) = write_beat(&shared, vouch, run, [UNKNOWN; 2]).await {
            shared.shards.opened(shard, run.id, base);
        }
    }
    shared.shards.beaten(shard);
    shared.done.notify_one();
}

async fn write_beat(shared: &Shared, vouch: Vouch, run: Run, base: [i64; 2]) -> Option<[i64; 2]> {
    let batch = shared.producer.batch();
    let send = |channel, base| {
        let beat = Beat {
            at: vouch.at,
            waiting: vouch.waiting,
            run: run.id,
            base,
            incarnation: run.incarnation,
        };
        let record = record::beat(&shared.store_id, vouch.shard, &beat);
        batch.send(channel, vouch.shard, &record).arrived()
    };
    let [of_commits, of_revocations] = base;
    let sending = shared.state.sending();
    let (commits, revocations) = futures::join!(
        send(Channel::Commits, of_commits),
        send(Channel::Revocations, of_revocations)
    );
    drop(sending);
    match (commits, revocations) {
        (Ok(commits), Ok(revocations)) => {
            shared.state.brokers_answer();
            let places = [commits.offset, revocations.offset];
            for (channel, offset) in [Channel::Commits, Channel::Revocations]
                .into_iter()
                .zip(places)
            {
                shared
                    .shards
                    .arrived(vouch.shard, channel, run.floor(channel), offset);
            }
            Some(places)
        }
        (Err(lost), _) | (_, Err(lost)) => {
            shared.producer.replace(batch.generation);
            shared.state.lost(&lost);
            tokio::time::sleep(RETRY).await;
            None
        }
    }
}
