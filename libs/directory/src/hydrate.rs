//! From the log into memory: newest valid snapshot, then the tail, every hash checked.

use std::sync::Arc;

use trilby_eventlog::{RecordedCommit, chain};
use trilby_model::{Hash, LogId, Seq};

use crate::directory::Inner;
use crate::error::Error;
use crate::measure;
use crate::options::READ_BATCH;
use crate::slot::Slot;
use crate::view::AnyView;
use crate::work::Work;

impl Inner {
    /// Reads the log after the slot's view, folds, publishes. Only who holds the slot's gate calls this.
    ///
    /// A tail that does not continue what was folded means that the store was taken back: the state is dropped and
    /// the log folded from a snapshot or its start.
    pub(crate) async fn read_tail(&self, slot: &Slot) -> Result<Arc<AnyView>, Error> {
        if let Some(view) = slot.last() {
            match self.extend(slot, Work::of(&view)).await {
                Err(Error::Corrupt { reason, .. }) => {
                    tracing::error!(log.id = %slot.log(), reason, "fork: the log is not what was folded; reading it anew");
                    measure::fork();
                    slot.drop_state();
                }
                other => return other,
            }
        }
        let work = match self.restore(slot.log(), None).await? {
            Some(work) => {
                slot.set_snapshotted(work.seq());
                work
            }
            None => Work::start(slot.log(), self.genesis(slot.log()).await?),
        };
        self.extend(slot, work).await
    }

    async fn extend(&self, slot: &Slot, mut work: Work) -> Result<Arc<AnyView>, Error> {
        let from = work.seq();
        loop {
            let commits = self.log.read(slot.log(), work.seq(), READ_BATCH).await?;
            if commits.is_empty() {
                break;
            }
            for commit in &commits {
                work.apply(commit)?;
                self.hear_of_others(commit);
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
        let grown = work.seq().get().saturating_sub(from.get());
        let view = slot.publish(work.finish(&self.policies, slot.last().as_deref())?);
        tracing::debug!(log.id = %slot.log(), seq = view.seq().get(), events = grown, "folded");
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

    /// The other logs of a commit reach at least as far as it says: whoever reads them waits for their half.
    pub(crate) fn hear_of_others(&self, commit: &RecordedCommit) {
        for other in commit.with() {
            if let Some(slot) = self.slots.get(&other.log) {
                slot.hear_of(other.seq);
            }
        }
    }

    pub(crate) async fn genesis(&self, log: &LogId) -> Result<Hash, Error> {
        let store_id = match self.store_id.get() {
            Some(id) => *id,
            None => {
                let id = self.log.store_meta().await?.store_id;
                *self.store_id.get_or_init(|| id)
            }
        };
        Ok(chain::genesis(&store_id, log))
    }
}
