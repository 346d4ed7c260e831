//! Following a store while nothing is announced: it is asked where the logs in memory end, and what was revoked.
//!
//! A polled store is always asked; one with a relayed feed while that is silent, or has lost something.
//!
//! A round reads the heads of all logs in memory, brings those up to date that moved, and reads the revocations of all
//! accounts. Between two rounds a node is as old as the last one: [`Inner::revocation_lag`] says how old.

use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::time::Duration;

use futures::{StreamExt, stream};
use tokio::sync::MutexGuard;
use tokio::time::{Instant, MissedTickBehavior, timeout};
use trilby_eventlog::{Delivery, Head, RecordedCommit, RevocationNews};
use trilby_model::{LogId, Seq, Timestamp};

use crate::directory::Inner;
use crate::error::Error;
use crate::measure;
use crate::slot::Slot;
use crate::view::AnyView;
use crate::work::Work;

/// Longest a round may take before it counts as failed; a store that hangs is a store that is gone.
const ROUND_MAX: Duration = Duration::from_secs(5);
/// Heads asked for at once.
const HEADS_BATCH: usize = 2_048;
/// Logs whose news are read by one question.
const READ_TOGETHER: usize = 64;
/// Events of each that such a question gives at most, or one commit: few, since it gives those of all. Nearly always a log has
/// moved by one or two.
const READ_TOGETHER_EVENTS: usize = 8;
/// How long such a question may take; then each log is read by itself, and one that is hard to read keeps no other waiting.
const READ_TOGETHER_MAX: Duration = Duration::from_secs(1);
/// Logs brought up to date at once, each by itself: those of which there is more to read than their last few events.
const CATCH_UP_AT_ONCE: usize = 8;

/// Pause between two rounds, however often rounds are asked for.
const ROUND_PAUSE: Duration = Duration::from_millis(100);

/// Asks again and again, until the directory is gone.
pub(crate) fn spawn(inner: &Arc<Inner>) {
    let weak = Arc::downgrade(inner);
    let every = inner.options.poll_every;
    let poll_now = Arc::clone(&inner.poll_now);
    let mut ticks = tokio::time::interval_at(Instant::now() + every, every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    tokio::spawn(async move {
        let mut told = Told::default();
        loop {
            tokio::select! {
                _ = ticks.tick() => {}
                () = poll_now.notified() => {}
            }
            let Some(inner) = Weak::upgrade(&weak) else {
                return;
            };
            let asks = inner.has_to_ask();
            told.asks(asks, inner.delivery);
            if asks {
                told.round(timeout(ROUND_MAX, inner.poll()).await);
            }
            measure::lag(inner.revocation_lag());
            drop(inner);
            tokio::time::sleep(ROUND_PAUSE.min(every)).await;
        }
    });
}

/// What was said of how it goes: said once, not once a second.
#[derive(Default)]
struct Told {
    is_silent: bool,
    is_failing: bool,
}

impl Told {
    fn asks(&mut self, asks: bool, delivery: Delivery) {
        if delivery == Delivery::Polled || asks == self.is_silent {
            return;
        }
        self.is_silent = asks;
        if asks {
            tracing::warn!("the feed is silent or has lost something; asking the store for news");
        } else {
            tracing::info!("the feed tells the news");
        }
    }

    fn round(&mut self, round: Result<Result<(), Error>, tokio::time::error::Elapsed>) {
        let failed = match round {
            Ok(Ok(())) => None,
            Ok(Err(error)) => Some(error.to_string()),
            Err(_) => Some(format!("no answer within {ROUND_MAX:?}")),
        };
        let was_failing = std::mem::replace(&mut self.is_failing, failed.is_some());
        match failed {
            Some(reason) if !was_failing => {
                tracing::warn!(reason, "the store cannot be asked for news; trying again");
            }
            None if was_failing => tracing::info!("the store answers again"),
            Some(_) | None => {}
        }
    }
}

impl Inner {
    fn has_to_ask(&self) -> bool {
        match self.delivery {
            Delivery::Announced => false,
            Delivery::Relayed { .. } => self.news.is_silent(),
            Delivery::Polled => true,
        }
    }

    /// One round. What it found counts from the moment it began.
    pub(crate) async fn poll(&self) -> Result<(), Error> {
        let round = self.news.begin_round();
        // First: what is read after it is of no earlier incarnation.
        self.read_meta().await?;
        self.read_revocations().await?;
        self.news.has_revocations(round);
        let moved = self.compare_heads().await?;
        // Whoever asks for one that moved waits until it is read.
        self.news.end_round(round);
        self.telling.news.notify_one();
        self.catch_up_all(moved).await;
        Ok(())
    }

    /// Hands every revocation to the sink that can be seen when this begins and was not handed to it: at first all that the store
    /// still has, then those after the mark, whatever anybody's clock shows.
    pub(crate) async fn read_revocations(&self) -> Result<(), Error> {
        let (after, begun_in) = {
            let mark = self.revocation_mark();
            (*mark, self.incarnation.load(Ordering::SeqCst))
        };
        let news = match after {
            Some(after) => self.log.revocations_after(after).await?,
            None => RevocationNews {
                mark: self.log.revocation_mark().await?,
                revocations: self
                    .log
                    .revocations_since(Timestamp::from_micros(0))
                    .await?,
            },
        };
        for revocation in &news.revocations {
            self.sink.revoked(revocation);
        }
        // INVARIANT: the sink has all before the mark. Of two who read at once either's mark will do, unless the store was fenced
        // meanwhile: then all is read again.
        let mut mark = self.revocation_mark();
        if self.incarnation.load(Ordering::SeqCst) == begun_in {
            *mark = Some(news.mark);
        }
        Ok(())
    }

    /// Holds the logs in memory against the store's heads. Gives those that moved.
    async fn compare_heads(&self) -> Result<Vec<Arc<Slot>>, Error> {
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
        Ok(moved)
    }

    async fn catch_up_all(&self, moved: Vec<Arc<Slot>>) {
        let mut rest = Vec::new();
        for chunk in moved.chunks(READ_TOGETHER) {
            rest.extend(self.extend_together(chunk).await);
        }
        stream::iter(rest)
            .for_each_concurrent(CATCH_UP_AT_ONCE, |slot| async move {
                if let Err(error) = self.catch_up(slot).await {
                    tracing::debug!(log.id = %slot.log(), %error, "not brought up to date");
                }
            })
            .await;
    }

    /// Reads what several logs have after what is folded of them by one question, and folds it. Gives the logs that are not
    /// up to date with that, whatever the reason: each is read by itself, which tells what is wrong with it.
    async fn extend_together<'a>(&self, slots: &'a [Arc<Slot>]) -> Vec<&'a Arc<Slot>> {
        let held: Vec<Held<'_>> = slots.iter().filter_map(Held::of).collect();
        let of: Vec<(LogId, Seq)> = held
            .iter()
            .map(|held| (held.slot.log().clone(), held.view.seq()))
            .collect();
        let reading = self.log.read_many(&of, READ_TOGETHER_EVENTS);
        match timeout(READ_TOGETHER_MAX, reading).await {
            Ok(Ok(found)) => {
                for (held, commits) in held.iter().zip(&found) {
                    if let Err(error) = self.extend_held(held, commits).await {
                        tracing::debug!(log.id = %held.slot.log(), %error, "not folded with others");
                    }
                }
            }
            Ok(Err(error)) => tracing::debug!(%error, "news are read one by one"),
            Err(_) => tracing::debug!("news are read one by one: it takes too long"),
        }
        drop(held);
        slots
            .iter()
            .filter(|slot| slot.newest().is_none())
            .collect()
    }

    async fn extend_held(&self, held: &Held<'_>, commits: &[RecordedCommit]) -> Result<(), Error> {
        if commits.is_empty() {
            return Ok(());
        }
        let mut work = Work::of(&held.view);
        let grown = self.fold_in(&mut work, commits).await?;
        self.publish(held.epoch, held.slot, work, grown).map(drop)
    }
}

/// A log that only this task moves, and what is folded of it.
struct Held<'a> {
    slot: &'a Arc<Slot>,
    epoch: u64,
    view: Arc<AnyView>,
    _gate: MutexGuard<'a, ()>,
}

impl<'a> Held<'a> {
    /// None if it is being moved, nothing is folded, or it cannot be.
    fn of(slot: &'a Arc<Slot>) -> Option<Self> {
        if slot.fault().is_some() {
            return None;
        }
        // Nobody is waited for, so holding many at once keeps nobody waiting in a circle.
        let gate = slot.gate.try_lock().ok()?;
        // INVARIANT: taken before the view: what is read after a state that is dropped is not put back.
        let epoch = slot.epoch();
        Some(Self {
            slot,
            epoch,
            view: slot.last()?,
            _gate: gate,
        })
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
