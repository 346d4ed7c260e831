//! Following a store that announces nothing: it is asked where the logs in memory end, and what was revoked.
//!
//! A round reads the heads of all logs in memory, brings those up to date that moved, and reads the revocations of all
//! accounts. Between two rounds a node is as old as the last one: [`Inner::revocation_lag`] says how old.

use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::time::Duration;

use futures::{StreamExt, stream};
use tokio::time::{Instant, MissedTickBehavior, timeout};
use trilby_eventlog::Head;
use trilby_model::LogId;

use crate::directory::Inner;
use crate::error::Error;
use crate::measure;
use crate::slot::Slot;
use crate::view::AnyView;

/// How far before the last good round revocations are read: longer than any append that was under way then.
const OVERLAP_S: i64 = 10;
/// The same in every [`WIDE_EVERY`]th round: writers date revocations by their own clocks, which may be wrong by minutes.
const OVERLAP_WIDE_S: i64 = 15 * 60;
const WIDE_EVERY: u64 = 4;

/// Longest a round may take before it counts as failed; a store that hangs is a store that is gone.
const ROUND_MAX: Duration = Duration::from_secs(5);
/// Heads asked for at once.
const HEADS_BATCH: usize = 2_048;
/// Logs brought up to date at once.
const CATCH_UP_AT_ONCE: usize = 8;

/// Asks again and again, until the directory is gone.
pub(crate) fn spawn(inner: &Arc<Inner>) {
    let weak = Arc::downgrade(inner);
    let every = inner.options.poll_every;
    let mut ticks = tokio::time::interval_at(Instant::now() + every, every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    tokio::spawn(async move {
        let mut failing = false;
        loop {
            ticks.tick().await;
            let Some(inner) = Weak::upgrade(&weak) else {
                return;
            };
            let round = timeout(ROUND_MAX, inner.poll()).await;
            let failed = match round {
                Ok(Ok(())) => None,
                Ok(Err(error)) => Some(error.to_string()),
                Err(_) => Some(format!("no answer within {ROUND_MAX:?}")),
            };
            match failed {
                // Said once, not once a second.
                Some(reason) if !failing => {
                    tracing::warn!(reason, "the store cannot be asked for news; trying again");
                    failing = true;
                }
                None if failing => {
                    tracing::info!("the store answers again");
                    failing = false;
                }
                Some(_) | None => {}
            }
            measure::lag(inner.revocation_lag());
        }
    });
}

impl Inner {
    /// One round. What it found counts from the moment it began.
    pub(crate) async fn poll(&self) -> Result<(), Error> {
        let begun = Instant::now();
        let round = self.polls.fetch_add(1, Ordering::Relaxed);
        self.poll_revocations(round.is_multiple_of(WIDE_EVERY))
            .await?;
        self.heard_all_at(begun);
        self.poll_heads().await
    }

    /// Hands the revocations that may be new to the sink.
    pub(crate) async fn poll_revocations(&self, wide: bool) -> Result<(), Error> {
        let overlap_s = if wide { OVERLAP_WIDE_S } else { OVERLAP_S };
        let since = self.time_of(self.last_heard()).plus_seconds(-overlap_s);
        for revocation in self.log.revocations_since(since).await? {
            self.sink.revoked(&revocation);
        }
        Ok(())
    }

    async fn poll_heads(&self) -> Result<(), Error> {
        let held: Vec<(Arc<Slot>, Arc<AnyView>)> = self
            .slots
            .iter()
            .filter_map(|(_, slot)| slot.last().map(|view| (slot, view)))
            .collect();
        let mut moved = Vec::new();
        for chunk in held.chunks(HEADS_BATCH) {
            let logs: Vec<LogId> = chunk.iter().map(|(slot, _)| slot.log().clone()).collect();
            let heads = self.log.heads(&logs).await?;
            let heads: HashMap<&LogId, &Head> =
                heads.iter().map(|head| (&head.log, head)).collect();
            for (slot, view) in chunk {
                if slot.compare(view, heads.get(slot.log()).copied()) {
                    moved.push(Arc::clone(slot));
                }
            }
        }
        stream::iter(moved)
            .for_each_concurrent(CATCH_UP_AT_ONCE, |slot| async move {
                if let Err(error) = self.catch_up(&slot).await {
                    tracing::debug!(log.id = %slot.log(), %error, "not brought up to date");
                }
            })
            .await;
        Ok(())
    }
}

impl Slot {
    /// Holds the store's head against a view that was taken before it was read. Whether there is something to read.
    pub(crate) fn compare(&self, view: &AnyView, head: Option<&Head>) -> bool {
        let ours = view.head();
        match head {
            Some(head) if head.seq > ours.seq => {
                self.hear_of(head.seq);
                true
            }
            Some(head) if head.seq == ours.seq && head.hash == ours.hash => false,
            Some(_) | None => {
                // The store was taken back to before what was folded: another timeline.
                tracing::error!(log.id = %ours.log, seq = ours.seq.get(), "fork: the store's head is not what was folded; dropping state");
                measure::fork();
                self.drop_state();
                true
            }
        }
    }
}
