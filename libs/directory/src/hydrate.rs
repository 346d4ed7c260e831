//! From the log into memory: newest valid snapshot, then the tail, every hash checked.

use std::sync::atomic::Ordering;
use std::sync::{Arc, MutexGuard, PoisonError};

use trilby_eventlog::{Delivery, RecordedCommit, RevocationMark, StoreMeta, chain};
use trilby_model::{Hash, LogId, Seq};

use crate::directory::Inner;
use crate::error::Error;
use crate::measure;
use crate::options::{CATCH_UP_ROUNDS, READ_BATCH};
use crate::slot::Slot;
use crate::view::AnyView;
use crate::weigh;
use crate::work::Work;

impl Inner {
    /// Reads the log after the slot's view, folds, publishes. Only who holds the slot's gate calls this. Reads to the
    /// log's end, or only until `until` is reached if that is enough for the caller.
    ///
    /// A tail that does not continue what was folded means that the store was taken back: the state is dropped and
    /// the log folded from a snapshot or its start. So it is if somebody drops the state while this reads.
    pub(crate) async fn read_tail(
        &self,
        slot: &Arc<Slot>,
        until: Option<Seq>,
    ) -> Result<Arc<AnyView>, Error> {
        for _ in 0..CATCH_UP_ROUNDS {
            // INVARIANT: taken before anything is read, the held view too: what was read before the state was dropped may be
            // of a timeline that is lost, and is not put back.
            let epoch = slot.epoch();
            if let Some(view) = self.read_tail_in(epoch, slot, until).await? {
                return Ok(view);
            }
        }
        let reason = format!("the state of `{}` is dropped again and again", slot.log());
        Err(trilby_eventlog::Error::Unavailable(reason).into())
    }

    /// The same, in one epoch of the slot; none if it is over.
    async fn read_tail_in(
        &self,
        epoch: u64,
        slot: &Arc<Slot>,
        until: Option<Seq>,
    ) -> Result<Option<Arc<AnyView>>, Error> {
        if let Some(view) = slot.last() {
            match self.extend(epoch, slot, Work::of(&view), until).await {
                Err(Error::Corrupt { reason, .. }) => {
                    tracing::error!(log.id = %slot.log(), reason, "fork: the log is not what was folded; reading it anew");
                    measure::fork();
                    slot.drop_state();
                    return Ok(None);
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
                        self.read_revocations().await?;
                    }
                }
                work
            }
            None => Work::start(slot.log(), self.genesis(slot.log()).await?),
        };
        let view = self.extend(epoch, slot, work, until).await?;
        if let Some(view) = &view
            && begun.elapsed() > self.options.snapshot_after
        {
            self.snapshots.offer_slow(slot, view);
        }
        drop(hydrating);
        Ok(view)
    }

    /// Reads on from there, folds, publishes; nothing if the epoch is over.
    async fn extend(
        &self,
        epoch: u64,
        slot: &Arc<Slot>,
        mut work: Work,
        until: Option<Seq>,
    ) -> Result<Option<Arc<AnyView>>, Error> {
        let mut grown = 0_u64;
        loop {
            let commits = self.log.read(slot.log(), work.seq(), READ_BATCH).await?;
            if commits.is_empty() {
                break;
            }
            grown = grown.saturating_add(self.fold_in(&mut work, &commits).await?);
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
            return Ok(Some(view).filter(|_| slot.epoch() == epoch));
        }
        self.publish(epoch, slot, work, grown)
    }

    /// Puts what was folded in place, in the epoch in which its reading began; nothing if that is over.
    pub(crate) fn publish(
        &self,
        epoch: u64,
        slot: &Arc<Slot>,
        work: Work,
        grown: u64,
    ) -> Result<Option<Arc<AnyView>>, Error> {
        let previous = slot.last();
        let view = Arc::new(work.finish(&self.policies, previous.as_deref())?);
        let Some(view) = slot.publish_in(epoch, &view) else {
            return Ok(None);
        };
        tracing::debug!(log.id = %slot.log(), seq = view.seq().get(), "folded");
        self.weigh_next(slot, &view, previous.is_none(), grown);
        self.snapshots
            .offer(slot, &view, self.options.snapshot_tail);
        measure::loaded(self.slots.entry_count());
        Ok(Some(view))
    }

    /// Folds commits that were read; gives what they weigh.
    pub(crate) async fn fold_in(
        &self,
        work: &mut Work,
        commits: &[RecordedCommit],
    ) -> Result<u64, Error> {
        let mut grown = 0_u64;
        for commit in commits {
            self.know_incarnation_of(commit).await?;
            self.apply(work, commit)?;
            self.hear_of_others(commit);
            grown = grown.saturating_add(weigh::of_commit(commit));
        }
        Ok(grown)
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
        let revocations = work.apply(commit)?;
        for revocation in revocations {
            // Also an old one: which are too old is not for this clock alone to say.
            self.sink.revoked(&revocation);
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
        self.read_meta().await
    }

    pub(crate) async fn read_meta(&self) -> Result<Arc<StoreMeta>, Error> {
        let meta = Arc::new(self.log.store_meta().await?);
        self.learn_incarnation(meta.incarnation);
        // Of two who read around a fence the one from before it may come last.
        if meta.incarnation >= self.incarnation.load(Ordering::SeqCst) {
            self.meta.store(Some(Arc::clone(&meta)));
        }
        Ok(meta)
    }

    /// A state may rest on a commit only if its incarnation is one that the store has come to: whoever is given the state knows
    /// then which sessions are over. What a log says of itself is not believed, or it would end the sessions of all others.
    async fn know_incarnation_of(&self, commit: &RecordedCommit) -> Result<(), Error> {
        let is_known = || commit.incarnation <= self.incarnation.load(Ordering::SeqCst);
        if is_known() {
            return Ok(());
        }
        let meta = self.read_meta().await?;
        if is_known() {
            return Ok(());
        }
        Err(Error::Quarantined {
            log: commit.log.clone(),
            seq: commit.first,
            reason: format!(
                "it is of incarnation {}, and the store of {}",
                commit.incarnation, meta.incarnation
            ),
        })
    }

    /// INVARIANT: never goes down. What is older than a fence stays so, whoever reads late what was before it.
    pub(crate) fn learn_incarnation(&self, met: u32) {
        // Nearly always it is known, and nobody waits for the lock.
        if met <= self.incarnation.load(Ordering::SeqCst) {
            return;
        }
        let mut mark = self.revocation_mark();
        let known = self.incarnation.load(Ordering::SeqCst);
        if met <= known {
            return;
        }
        // What was folded may be lost, and nobody tells of what was lost long before the fence. It goes before anybody can take
        // this process for one of the new incarnation.
        if known != 0 {
            for (_, slot) in &self.slots {
                slot.drop_state();
            }
        }
        self.incarnation.store(met, Ordering::SeqCst);
        // It was of what is lost, and may lie beyond what is written now: all is read again.
        *mark = None;
        drop(mark);
        if known == 0 {
            return;
        }
        tracing::warn!(
            was = known,
            incarnation = met,
            "the store was fenced: sessions from before it are ended"
        );
        self.telling.forget();
        match self.delivery {
            Delivery::Announced => {}
            Delivery::Relayed { .. } | Delivery::Polled => self.ask_for_news(),
        }
    }

    /// INVARIANT: it is of the incarnation that is known, which is changed and compared under this lock.
    pub(crate) fn revocation_mark(&self) -> MutexGuard<'_, Option<RevocationMark>> {
        let mark = self.revocation_mark.lock();
        mark.unwrap_or_else(PoisonError::into_inner)
    }
}
