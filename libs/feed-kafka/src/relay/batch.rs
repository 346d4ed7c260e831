//! Telling what was read, and the heartbeats after it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use tokio::sync::OwnedSemaphorePermit;
use trilby_eventlog::Channel;
use trilby_eventlog::relay::{RowId, Waiting};
use trilby_model::Timestamp;

use super::shards::{Failure, Run};
use super::{RETRY, Shared};
use crate::producer::{Batch, Lost, Sent};
use crate::record::{self, Beat};

/// How often rows that were told are tried to be forgotten; told again they are dropped by whoever hears them.
const FORGET_TRIES: u32 = 3;
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

/// Tells rows of several shards and forgets them.
pub(crate) async fn tell(shared: Arc<Shared>, parts: Vec<Part>, permit: OwnedSemaphorePermit) {
    let runs: Vec<Option<Run>> = parts
        .iter()
        .map(|part| shared.shards.run(part.shard))
        .collect();
    let outcomes = arrive(&shared, &parts).await;
    let mut told: Vec<RowId> = Vec::new();
    for ((part, outcome), run) in parts.iter().zip(&outcomes).zip(&runs) {
        let n_safe = outcome.failed.unwrap_or(part.rows.len());
        // Rows of these ids may be others by now.
        if !shared.shards.is_outlived(part.shard) {
            told.extend(part.rows.iter().take(n_safe).map(|row| row.row));
        }
        for channel in [Channel::Commits, Channel::Revocations] {
            let lowest = outcome.lowest.get(&index(channel));
            if let (Some(offset), Some(run)) = (lowest, run) {
                shared
                    .shards
                    .arrived(part.shard, channel, run.floor(channel), *offset);
            }
        }
    }
    let is_forgotten = forget(&shared, &told).await;
    for (part, outcome) in parts.into_iter().zip(outcomes) {
        finish(&shared, &part, &outcome, is_forgotten);
        if let (Some(vouch), None, true) = (part.vouch, outcome.failed, is_forgotten) {
            tokio::spawn(beat(Arc::clone(&shared), vouch));
        }
    }
    drop(permit);
    shared.done.notify_one();
}

/// Sends all, then waits for all. The first that does not arrive takes the others with it.
async fn arrive(shared: &Shared, parts: &[Part]) -> Vec<Outcome> {
    let batch = shared.producer.batch();
    let sending = shared.state.sending();
    let mut under_way: FuturesUnordered<_> = send(shared, &batch, parts)
        .into_iter()
        .map(|(flight, sent)| async { (flight, sent.arrived().await) })
        .collect();
    let mut outcomes: Vec<Outcome> = parts.iter().map(|_| Outcome::default()).collect();
    let mut n_lost = 0_u64;
    while let Some((flight, arrived)) = under_way.next().await {
        let Some(outcome) = outcomes.get_mut(flight.part) else {
            continue;
        };
        match arrived {
            Ok(delivery) => outcome.arrived(&flight, delivery.offset),
            Err(lost) => {
                if n_lost == 0 {
                    shared.producer.replace(batch.generation);
                    shared.state.lost(&lost);
                }
                n_lost = n_lost.saturating_add(1);
                outcome.lost(&flight, &lost);
            }
        }
    }
    drop(sending);
    if n_lost == 0 {
        shared.state.brokers_answer();
    }
    outcomes
}

fn send(shared: &Shared, batch: &Batch<'_>, parts: &[Part]) -> Vec<(Flight, Sent)> {
    let mut sent = Vec::new();
    for (n_part, part) in parts.iter().enumerate() {
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
