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

/// Revocations older than the longest session and its leeway end nothing that still lives.
pub(crate) const REVOCATIONS_KEPT_S: i64 = 12 * 3600 + 600;

/// How long the follower waits before it reads again what could not be read after a gap.
const REPAIR_PAUSE: Duration = Duration::from_millis(500);

/// Hands every revocation that still matters to the sink.
pub(crate) async fn load_revocations(inner: &Inner) -> Result<(), Error> {
    let round = inner.news.begin_round();
    let since = inner.revocations_from();
    for revocation in inner.log.revocations_since(since).await? {
        inner.sink.revoked(&revocation);
    }
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
    fn beat(&self, heartbeat: &Heartbeat) {
        let arrived = Instant::now();
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

    fn hear_commit(self: &Arc<Self>, commit: &RecordedCommit) {
        self.hear_of_others(commit);
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
        // Busy: somebody is reading or writing this log and looks at the hint when done.
        let Ok(_gate) = slot.gate.try_lock() else {
            self.bring_up(&slot);
            return;
        };
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
                let next = slot.publish(Arc::new(next));
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
            Delivery::Relayed { .. } | Delivery::Polled => {
                self.news.gap();
                self.poll_now.notify_one();
            }
        }
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
                self.news.gap();
                self.poll_now.notify_one();
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
