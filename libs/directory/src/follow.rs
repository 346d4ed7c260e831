//! Following the feed.
//!
//! The feed is news, not truth: a commit that continues what is folded is applied, one that was seen is dropped, and
//! everything else only tells that there is something to read in the log, which others do. The follower never waits for
//! a log, unless a feed that has no heartbeats has lost something.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::time::Instant;
use trilby_eventlog::{Delivery, FeedMessage, FeedReceiver, Heartbeat, RecordedCommit};
use trilby_model::{Hash, LogId, Seq, Timestamp};

use crate::directory::Inner;
use crate::error::Error;
use crate::measure;
use crate::options::READ_BATCH;
use crate::slot::Slot;
use crate::weigh;
use crate::work::Work;

/// How long the follower waits before it reads again what could not be read after a gap.
const REPAIR_PAUSE: Duration = Duration::from_millis(500);

/// Hands every revocation that still matters to the sink.
pub(crate) async fn load_revocations(inner: &Inner) -> Result<(), Error> {
    let round = inner.news.begin_round();
    inner.read_revocations().await?;
    inner.news.has_revocations(round);
    // Nothing is in memory yet that could be behind.
    inner.news.end_round(round);
    inner.knows_revocations.store(true, Ordering::SeqCst);
    Ok(())
}

/// Follows the feed until it ends or the directory is gone.
pub(crate) fn spawn(inner: &Arc<Inner>, mut receiver: FeedReceiver) {
    let weak = Arc::downgrade(inner);
    tokio::spawn(async move {
        while let Some(message) = receiver.recv().await {
            let Some(inner) = Weak::upgrade(&weak) else {
                return;
            };
            inner.hear(message).await;
        }
        if let Some(inner) = Weak::upgrade(&weak) {
            inner.feed_ended();
        }
    });
}

impl Inner {
    pub(crate) async fn hear(self: &Arc<Self>, message: FeedMessage) {
        match message {
            FeedMessage::Commit(commit) => self.hear_commit(&commit),
            FeedMessage::Moved { log, last } => self.moved(&log, last),
            FeedMessage::Revocation(revocation) => {
                self.sink.revoked(&revocation);
                // INVARIANT: in force before anybody is told so.
                self.telling.told(&revocation.log, revocation.seq);
            }
            FeedMessage::Rewound { log, keep, hash } => self.rewound(&log, keep, hash),
            FeedMessage::Heartbeat(heartbeat) => self.beat(&heartbeat),
            FeedMessage::Gap(missed) => self.missed(missed).await,
        }
    }

    /// A heartbeat vouches for what was until it was sent, less what was still waiting then to be told.
    fn beat(self: &Arc<Self>, heartbeat: &Heartbeat) {
        let arrived = Instant::now();
        // 0: a relay that does not say. One of another incarnation vouches for what another store knows.
        if heartbeat.incarnation != 0 && self.is_of_another(heartbeat.incarnation) {
            return;
        }
        let under_way = self
            .present()
            .micros()
            .saturating_sub(heartbeat.at.micros());
        // The relay's clock may be ahead of this node's: nothing is known from the future.
        let under_way = Duration::from_micros(u64::try_from(under_way).unwrap_or(0));
        let late = under_way.saturating_add(heartbeat.waiting);
        // A moment before the clock's beginning vouches for nothing.
        if let Some(until) = arrived.checked_sub(late) {
            self.news
                .beat(heartbeat.channel, heartbeat.partition, until);
        }
    }

    /// There is something in a log that the feed does not carry.
    fn moved(self: &Arc<Self>, log: &LogId, last: Seq) {
        let Some(slot) = self.slots.get(log) else {
            return;
        };
        slot.hear_of(last);
        if slot.last().is_some_and(|view| view.seq() < last) {
            self.bring_up(&slot);
        }
    }

    /// What this log had after `keep` is of a timeline that is lost.
    fn rewound(self: &Arc<Self>, log: &LogId, keep: Seq, hash: Hash) {
        self.ask_for_meta();
        let Some(slot) = self.slots.get(log) else {
            return;
        };
        let is_other = slot.recent_hash(keep).is_some_and(|ours| ours != hash);
        if slot.hint() > keep || is_other {
            tracing::error!(log.id = %log, keep = keep.get(), "the store was taken back; dropping state");
            measure::fork();
            let was_held = slot.last().is_some();
            slot.drop_state();
            if was_held {
                self.bring_up(&slot);
            }
        }
    }

    /// Reads what the store says of itself, in one task however many ask, and at most twice a second.
    fn ask_for_meta(self: &Arc<Self>) {
        if self.asks_for_meta.fetch_add(1, Ordering::SeqCst) > 0 {
            return;
        }
        let weak = Arc::downgrade(self);
        tokio::spawn(async move {
            while let Some(inner) = Weak::upgrade(&weak) {
                // Who asks from now on may come too late for this reading.
                let asking = inner.asks_for_meta.load(Ordering::SeqCst);
                let read = inner.read_meta().await;
                if let Err(error) = &read {
                    tracing::warn!(%error, "the store cannot be asked for its incarnation; trying again");
                }
                drop(inner);
                tokio::time::sleep(REPAIR_PAUSE).await;
                let Some(inner) = Weak::upgrade(&weak) else {
                    return;
                };
                let is_last = || inner.asks_for_meta.fetch_sub(asking, Ordering::SeqCst) == asking;
                if read.is_ok() && is_last() {
                    return;
                }
            }
        });
    }

    /// Whether the feed tells of another incarnation than the store's, as far as that is known: of a fence, or of what went on
    /// in a past that is over. It is news, not truth: only the store is believed.
    fn is_of_another(self: &Arc<Self>, told: u32) -> bool {
        let known = self.incarnation.load(Ordering::SeqCst);
        if told > known {
            self.ask_for_meta();
        }
        told != known
    }

    fn hear_commit(self: &Arc<Self>, commit: &RecordedCommit) {
        self.hear_of_others(commit);
        let is_of_another = self.is_of_another(commit.incarnation);
        // A log that is not in memory is read from the store when somebody asks for it.
        let Some(slot) = self.slots.get(&commit.log) else {
            return;
        };
        // This process's own: who sent it publishes it in a moment, and nobody else can know of it yet.
        if slot.pending.holds(commit.last, commit.hash) {
            return;
        }
        if let Some(hash) = slot.recent_hash(commit.last) {
            if hash != commit.hash {
                self.fork(&slot, commit, "another hash at a folded seq");
            }
            return;
        }
        slot.hear_of(commit.last);
        if is_of_another {
            // Read where it is true, not folded as it was heard.
            if slot.last().is_some() {
                self.bring_up(&slot);
            }
            return;
        }
        // Busy: somebody is reading or writing this log and looks at the hint when done.
        let Ok(_gate) = slot.gate.try_lock() else {
            self.bring_up(&slot);
            return;
        };
        // Taken before the view: a state that is dropped meanwhile is not put back.
        let epoch = slot.epoch();
        // Not hydrated: nobody has asked yet.
        let Some(view) = slot.last() else { return };
        if commit.last <= view.seq() {
            // Seen long ago.
            return;
        }
        if commit.first != view.seq().next() {
            measure::gap();
            self.bring_up(&slot);
            return;
        }
        if commit.prev_hash != view.head().hash {
            self.fork(&slot, commit, "it does not continue what was folded");
            return;
        }
        let mut work = Work::of(&view);
        let next = self
            .apply(&mut work, commit)
            .and_then(|()| work.finish(&self.policies, Some(&view)));
        match next {
            Ok(next) => {
                let Some(next) = slot.publish_in(epoch, &Arc::new(next)) else {
                    return;
                };
                self.weigh_next(&slot, &next, false, weigh::of_commit(commit));
                self.snapshots
                    .offer(&slot, &next, self.options.snapshot_tail);
            }
            Err(error) => {
                // INVARIANT: the hint is above the view now, so nobody is given the old state: readers fold from the
                // log, meet the same error and fail.
                tracing::error!(log.id = %commit.log, seq = commit.last.get(), %error, "cannot fold a commit");
                slot.count_poison(&error);
            }
        }
    }

    /// Messages were lost.
    async fn missed(&self, missed: u64) {
        tracing::warn!(missed, "the feed lost messages; repairing from the log");
        measure::gap();
        match self.delivery {
            Delivery::Announced => self.repair().await,
            Delivery::Relayed { .. } | Delivery::Polled => self.ask_for_news(),
        }
    }

    /// What was told so far is vouched for no more: the store is asked, at once.
    pub(crate) fn ask_for_news(&self) {
        self.news.gap();
        self.poll_now.notify_one();
    }

    /// A relayed feed that ends is as one that is silent for good: the store tells.
    fn feed_ended(&self) {
        match self.delivery {
            Delivery::Announced => {
                tracing::error!("the feed has ended; nothing is decided until it is back");
                self.knows_revocations.store(false, Ordering::SeqCst);
            }
            Delivery::Relayed { .. } | Delivery::Polled => {
                tracing::error!("the feed has ended; asking the store for news");
                self.ask_for_news();
            }
        }
    }

    /// A feed without heartbeats lost messages. Until what they said is read from the store, no session is judged and no
    /// head is trusted.
    async fn repair(&self) {
        self.knows_revocations.store(false, Ordering::SeqCst);
        loop {
            match self.read_what_was_missed().await {
                Ok(()) => break,
                Err(error) => {
                    tracing::error!(%error, "what the feed lost cannot be read; trying again");
                    tokio::time::sleep(REPAIR_PAUSE).await;
                }
            }
        }
        self.knows_revocations.store(true, Ordering::SeqCst);
    }

    async fn read_what_was_missed(&self) -> Result<(), Error> {
        // Bounded by the longest session, so all of the table is read rather than guessing a time.
        for revocation in self
            .log
            .revocations_since(Timestamp::from_micros(0))
            .await?
        {
            self.sink.revoked(&revocation);
        }
        let held: Vec<LogId> = self
            .slots
            .iter()
            .map(|(log, _)| LogId::clone(&log))
            .collect();
        for chunk in held.chunks(READ_BATCH) {
            for head in self.log.heads(chunk).await? {
                if let Some(slot) = self.slots.get(&head.log) {
                    slot.hear_of(head.seq);
                }
            }
        }
        Ok(())
    }

    /// The log is not what the feed says: what was folded is thrown away, and the store asked which is true.
    fn fork(self: &Arc<Self>, slot: &Arc<Slot>, commit: &RecordedCommit, reason: &str) {
        tracing::error!(log.id = %commit.log, seq = commit.last.get(), reason, "fork: dropping state");
        measure::fork();
        slot.drop_state();
        self.bring_up(slot);
    }
}
