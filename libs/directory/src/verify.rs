//! What `trilby log verify` needs to know of events: the folds, and what events mean for the tables beside the log.

#[cfg(test)]
mod tests;

use trilby_account::Event;
use trilby_eventlog::verify::{Effects as Expected, Fold, Folds, SnapshotVerdict};
use trilby_eventlog::{RecordedCommit, Snapshot};
use trilby_model::LogId;

use crate::effects::Effects;
use crate::snapshots;
use crate::work::{Folded, Work};

/// The folds of all kinds of log, for verification.
#[derive(Clone)]
pub struct VerifyingFolds {
    claim_key: [u8; 32],
    store_id: [u8; 16],
}

impl VerifyingFolds {
    /// For a store with this id, whose claims were made under this key (HKDF of the store key under `trilby.claim.v1`).
    #[must_use]
    pub fn new(claim_key: [u8; 32], store_id: [u8; 16]) -> Self {
        Self {
            claim_key,
            store_id,
        }
    }
}

impl Folds for VerifyingFolds {
    fn begin(&self, log: &LogId) -> Box<dyn Fold> {
        let genesis = trilby_eventlog::chain::genesis(&self.store_id, log);
        Box::new(VerifyingFold {
            claim_key: self.claim_key,
            work: Work::start(log, genesis),
        })
    }
}

struct VerifyingFold {
    claim_key: [u8; 32],
    work: Work,
}

impl Fold for VerifyingFold {
    fn apply(&mut self, commit: &RecordedCommit) -> Result<Expected, String> {
        let before = self.work.folded().clone();
        self.work.apply(commit).map_err(|error| error.to_string())?;
        let mut effects = Effects::default();
        if let Folded::Account(mut roles) = before {
            for (index, event) in commit.events.iter().enumerate() {
                let data = event.data().map_err(|error| error.to_string())?;
                let event = Event::from_stored(&event.etype, event.ever, &data)
                    .map_err(|error| error.to_string())?;
                effects
                    .add(&self.claim_key, &commit.log, index, &event, &mut roles)
                    .map_err(|error| error.to_string())?;
            }
        }
        Ok(Expected {
            claims_taken: effects.taken,
            claims_released: effects.released,
            revocations: effects.revocations,
            trusting: effects.trusting,
        })
    }

    fn compare(&mut self, snapshot: &Snapshot) -> SnapshotVerdict {
        snapshots::compare(snapshot, &self.work)
    }
}
