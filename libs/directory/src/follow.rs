//! Following the feed.
//!
//! The feed is news, not truth: a commit that continues what is folded is applied, one that was seen is dropped, and
//! everything else only tells that there is something to read in the log. The follower never waits for a log.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::time::Instant;
use trilby_eventlog::{FeedMessage, FeedReceiver, RecordedCommit};
use trilby_model::{LogId, Timestamp};

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
    let begun = Instant::now();
    let since = inner.revocations_from();
    for revocation in inner.log.revocations_since(since).await? {
        inner.sink.revoked(&revocation);
    }
    inner.heard_all_at(begun);
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
            tracing::error!("the feed has ended; nothing is decided until it is back");
            inner.knows_revocations.store(false, Ordering::SeqCst);
        }
    });
}

impl Inner {
    pub(crate) async fn hear(&self, message: FeedMessage) {
        match message {
            FeedMessage::Commit(commit) => self.hear_commit(&commit),
            FeedMessage::Moved { log, last } => {
                if let Some(slot) = self.slots.get(&log) {
                    slot.hear_of(last);
                }
            }
            FeedMessage::Revocation(revocation, _) => self.sink.revoked(&revocation),
            FeedMessage::Rewound { log, keep, .. } => {
                let slot = self.slots.get(&log);
                if let Some(slot) = slot.filter(|slot| slot.hint() > keep) {
                    slot.drop_state();
                }
            }
            FeedMessage::Heartbeat(_) => {}
            FeedMessage::Gap(missed) => self.repair(missed).await,
        }
    }

    fn hear_commit(&self, commit: &RecordedCommit) {
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
                fork(&slot, commit, "another hash at a folded seq");
            }
            return;
        }
        slot.hear_of(commit.last);
        // Busy: somebody is reading or writing this log and looks at the hint when done.
        let Ok(_gate) = slot.gate.try_lock() else {
            return;
        };
        // Not hydrated: nobody has asked yet.
        let Some(view) = slot.last() else { return };
        if commit.last <= view.seq() || commit.first != view.seq().next() {
            // Seen long ago, or a gap: the next reader catches up from the log.
            return;
        }
        if commit.prev_hash != view.head().hash {
            fork(&slot, commit, "it does not continue what was folded");
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
                measure::quarantine();
            }
        }
    }

    /// Messages were lost. Until what they said is read from the store, no session is judged and no head is trusted.
    async fn repair(&self, missed: u64) {
        tracing::warn!(
            missed,
            "the feed was faster than its reader; repairing from the log"
        );
        measure::gap();
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
}

fn fork(slot: &Slot, commit: &RecordedCommit, reason: &str) {
    tracing::error!(log.id = %commit.log, seq = commit.last.get(), reason, "fork: dropping state");
    measure::fork();
    slot.drop_state();
}
