//! News of what all processes write, this one too, by looking into the outbox. For installations without a feed between
//! processes.
//!
//! A row's number is drawn before its commit is visible, so rows with lower numbers can appear later: what was told is
//! remembered by its number, never by "up to here". The frequent look begins at rows that are a while old, which is only to
//! save work; a look at all rows follows each second. Rows stay [`KEPT`] long, so a follower that could not look for longer
//! tells its subscribers that they missed something.
//!
//! The same rows are removed by one process ([`expire`]): those that it has seen itself for that long.

use std::collections::BTreeMap;
use std::sync::Weak;
use std::time::{Duration, Instant};

use trilby_eventlog::{Error, EventLog, OutboxRow};
use trilby_model::Seq;

use crate::read;
use crate::rows;
use crate::store::{Inner, Postgres};

/// How long a row stays in the outbox.
const KEPT: Duration = Duration::from_secs(60);

/// How long a follower may have been blind and still miss nothing: well below [`KEPT`].
const BLIND_MAX: Duration = Duration::from_secs(30);

/// Rows that were seen longer ago are not looked at each time.
const RECENT: Duration = Duration::from_secs(3);

/// How often all rows are looked at.
const SWEEP: Duration = Duration::from_secs(1);

/// How often rows are removed.
const EXPIRE: Duration = Duration::from_secs(5);

/// Rows of one look; more are for the next.
const ROWS_MAX: usize = 20_000;

/// Which rows were seen, and when first.
struct Seen {
    rows: BTreeMap<i64, Instant>,
    /// The frequent look begins after this.
    low: i64,
    swept: Instant,
    looked: Instant,
}

/// Follows until the store is gone.
pub(crate) fn spawn(store: Weak<Inner>, interval: Duration) {
    tokio::spawn(async move {
        let mut ticks = tokio::time::interval(interval);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut seen: Option<Seen> = None;
        loop {
            ticks.tick().await;
            let Some(inner) = store.upgrade() else { return };
            let store = Postgres::of(inner);
            let looked = match &mut seen {
                Some(seen) => store.look_again(seen).await,
                None => store.look_first().await.map(|found| seen = Some(found)),
            };
            if let Err(error) = looked {
                tracing::warn!(%error, "what other processes wrote cannot be read");
            }
        }
    });
}

impl Postgres {
    /// What is there before anything is told. Subscribers read the log after they subscribe.
    async fn look_first(&self) -> Result<Seen, Error> {
        let now = Instant::now();
        let ids = self.outbox_ids().await?;
        Ok(Seen {
            low: 0,
            rows: ids.into_iter().map(|id| (id, now)).collect(),
            swept: now,
            looked: now,
        })
    }

    async fn look_again(&self, seen: &mut Seen) -> Result<(), Error> {
        let now = Instant::now();
        let is_blind = now.duration_since(seen.looked) > BLIND_MAX;
        let new = if is_blind || now.duration_since(seen.swept) >= SWEEP {
            let there = self.outbox_ids().await?;
            let is_kept = |id: &i64, first: &mut Instant| {
                there.contains(id) || now.duration_since(*first) < RECENT
            };
            seen.rows.retain(is_kept);
            seen.swept = now;
            let new = there.iter().filter(|id| !seen.rows.contains_key(id));
            let mut new: Vec<i64> = new.copied().collect();
            new.sort_unstable();
            new.truncate(ROWS_MAX);
            self.outbox_of(&new).await?
        } else {
            self.outbox_after(seen.low).await?
        };
        if is_blind {
            // Rows may have come and gone; whoever follows compares with the log.
            self.inner().sender().gap(1);
        }
        for row in new {
            if seen.rows.contains_key(&row.id) {
                continue;
            }
            self.tell(&row).await?;
            seen.rows.insert(row.id, now);
        }
        seen.looked = now;
        let is_old = |first: &Instant| now.duration_since(*first) >= RECENT;
        let old = seen.rows.iter().rev().find(|(_, first)| is_old(first));
        seen.low = old.map_or(seen.low, |(id, _)| seen.low.max(*id));
        Ok(())
    }

    /// Announces the commit of a row. One that cannot be read is tried again with the next look.
    async fn tell(&self, row: &OutboxRow) -> Result<(), Error> {
        let before = Seq::new(row.first.get().saturating_sub(1));
        let commits = self.read(&row.log, before, 1).await?;
        let commits = commits.into_iter().filter(|commit| commit.last == row.last);
        let revocations = read::revocations_of(self.source(), row).await?;
        self.inner().sender().announce(commits, revocations);
        Ok(())
    }

    /// Rows above a number, in order.
    async fn outbox_after(&self, low: i64) -> Result<Vec<OutboxRow>, Error> {
        let limit = rows::limit(ROWS_MAX);
        let sql = include_str!("queries/outbox_after.sql");
        let found = self.source().rows(None, sql, &[&low, &limit]).await?;
        found.iter().map(|row| rows::outbox(row, 0)).collect()
    }

    /// Rows of these numbers, in order.
    async fn outbox_of(&self, ids: &[i64]) -> Result<Vec<OutboxRow>, Error> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let sql = include_str!("queries/outbox_of.sql");
        let found = self.source().rows(None, sql, &[&ids]).await?;
        found.iter().map(|row| rows::outbox(row, 0)).collect()
    }

    async fn outbox_ids(&self) -> Result<std::collections::HashSet<i64>, Error> {
        let sql = include_str!("queries/outbox_ids.sql");
        let found = self.source().rows(None, sql, &[]).await?;
        found.iter().map(|row| rows::get(row, 0)).collect()
    }
}

/// Removes rows that were there long enough, until the store is gone.
pub(crate) fn expire(store: Weak<Inner>) {
    tokio::spawn(async move {
        let mut ticks = tokio::time::interval(EXPIRE);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut seen: BTreeMap<i64, Instant> = BTreeMap::new();
        loop {
            ticks.tick().await;
            let Some(inner) = store.upgrade() else { return };
            if let Err(error) = Postgres::of(inner).expire_seen(&mut seen, KEPT).await {
                tracing::warn!(%error, "the outbox cannot be emptied");
            }
        }
    });
}

impl Postgres {
    async fn expire_seen(
        &self,
        seen: &mut BTreeMap<i64, Instant>,
        kept: Duration,
    ) -> Result<(), Error> {
        let now = Instant::now();
        let there = self.outbox_ids().await?;
        seen.retain(|id, _| there.contains(id));
        for id in there {
            seen.entry(id).or_insert(now);
        }
        let over: Vec<i64> = seen
            .iter()
            .filter(|(_, first)| now.duration_since(**first) >= kept)
            .map(|(id, _)| *id)
            .collect();
        if !over.is_empty() {
            self.outbox_done(&over).await?;
        }
        Ok(())
    }
}
