//! From the log into memory: newest valid snapshot, then the tail, every hash checked.

use std::sync::Arc;

use trilby_eventlog::{Delivery, RecordedCommit, StoreMeta, chain};
use trilby_model::{Hash, LogId, Seq};

use crate::directory::Inner;
use crate::error::Error;
use crate::measure;
use crate::options::READ_BATCH;
use crate::slot::Slot;
use crate::view::AnyView;
use crate::weigh;
use crate::work::Work;

impl Inner {
    /// Reads the log after the slot's view, folds, publishes. Only who holds the slot's gate calls this. Reads to the
    /// log's end, or only until `until` is reached if that is enough for the caller.
    ///
    /// A tail that does not continue what was folded means that the store was taken back: the state is dropped and
    /// the log folded from a snapshot or its start.
    pub(crate) async fn read_tail(
        &self,
        slot: &Arc<Slot>,
        until: Option<Seq>,
    ) -> Result<Arc<AnyView>, Error> {
        if let Some(view) = slot.last() {
            match self.extend(slot, Work::of(&view), until).await {
                Err(Error::Corrupt { reason, .. }) => {
                    tracing::error!(log.id = %slot.log(), reason, "fork: the log is not what was folded; reading it anew");
                    measure::fork();
                    slot.drop_state();
                }
                other => return other,
            }
        }
        let begun = std::time::Instant::now();
        let hydrating = self.snapshots.hydrating();
        let work = match self.restore(slot.log(), None).await? {
            Some(work) => {
                slot.set_snapshotted(work.seq());
                // Whoever wrote it may have folded a revocation that we were not told of yet.
                match self.delivery {
                    Delivery::Announced => {}
                    Delivery::Relayed { .. } | Delivery::Polled => {
                        self.read_revocations(self.news.heard(), false).await?;
                    }
                }
                work
            }
            None => Work::start(slot.log(), self.genesis(slot.log()).await?),
        };
        let view = self.extend(slot, work, until).await?;
        if begun.elapsed() > self.options.snapshot_after {
            self.snapshots.offer_slow(slot, &view);
        }
        drop(hydrating);
        Ok(view)
    }

    async fn extend(
        &self,
        slot: &Arc<Slot>,
        mut work: Work,
        until: Option<Seq>,
    ) -> Result<Arc<AnyView>, Error> {
        let from = work.seq();
        let mut grown = 0_u64;
        loop {
            let commits = self.log.read(slot.log(), work.seq(), READ_BATCH).await?;
            if commits.is_empty() {
                break;
            }
            for commit in &commits {
                self.apply(&mut work, commit)?;
                self.hear_of_others(commit);
                grown = grown.saturating_add(weigh::of_commit(commit));
            }
            if until.is_some_and(|until| work.seq() >= until) {
                break;
            }
        }
        if work.seq() == Seq::ZERO {
            return Err(Error::UnknownLog {
                log: slot.log().clone(),
            });
        }
        if let Some(view) = slot.last().filter(|view| view.seq() == work.seq()) {
            // The head could still have been replaced by one of the same seq.
            self.check_head(&view).await?;
            return Ok(view);
        }
        let n_events = work.seq().get().saturating_sub(from.get());
        let previous = slot.last();
        let view = Arc::new(work.finish(&self.policies, previous.as_deref())?);
        let view = slot.publish(view);
        tracing::debug!(log.id = %slot.log(), seq = view.seq().get(), events = n_events, "folded");
        self.weigh_next(slot, &view, previous.is_none(), grown);
        self.snapshots
            .offer(slot, &view, self.options.snapshot_tail);
        measure::loaded(self.slots.entry_count());
        Ok(view)
    }

    async fn check_head(&self, view: &AnyView) -> Result<(), Error> {
        let ours = view.head();
        match self.log.commit_at(&ours.log, ours.seq).await? {
            Some(commit) if commit.last == ours.seq && commit.hash == ours.hash => Ok(()),
            _ => Err(Error::Corrupt {
                log: ours.log.clone(),
                reason: format!("seq {} has another hash than was folded", ours.seq),
            }),
        }
    }

    /// Folds a commit of the log. The sessions that it ends are dead before anybody sees its state.
    pub(crate) fn apply(&self, work: &mut Work, commit: &RecordedCommit) -> Result<(), Error> {
        for revocation in work.apply(commit)? {
            // What is older than the longest session ends none that lives.
            if revocation.at >= self.revocations_from() {
                self.sink.revoked(&revocation);
            }
        }
        Ok(())
    }

    /// The other logs of a commit reach at least as far as it says: whoever reads them waits for their half.
    pub(crate) fn hear_of_others(&self, commit: &RecordedCommit) {
        for other in commit.with() {
            if let Some(slot) = self.slots.get(&other.log) {
                slot.hear_of(other.seq);
            }
        }
    }

    pub(crate) async fn genesis(&self, log: &LogId) -> Result<Hash, Error> {
        let store_id = self.meta().await?.store_id;
        Ok(chain::genesis(&store_id, log))
    }

    /// What the store says about itself, as it was last read.
    pub(crate) async fn meta(&self) -> Result<Arc<StoreMeta>, Error> {
        if let Some(meta) = self.meta.load_full() {
            return Ok(meta);
        }
        let meta = Arc::new(self.log.store_meta().await?);
        self.meta.store(Some(Arc::clone(&meta)));
        Ok(meta)
    }
}
