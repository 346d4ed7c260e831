//! What `trilby log verify` needs to know of events: the folds, and what events mean for the tables beside the log.

#[cfg(test)]
mod tests;

use trilby_account::{Event, PersonalRef};
use trilby_eventlog::verify::{Effects as Expected, Fold, Folds, NamedPersonal, SnapshotVerdict};
use trilby_eventlog::{RecordedCommit, Snapshot};
use trilby_model::{AccountId, LogId};

use crate::directory::StoreSecrets;
use crate::effects::Effects;
use crate::snapshots;
use crate::work::{Folded, Work};

/// The folds of all kinds of log, for verification.
#[derive(Clone)]
pub struct VerifyingFolds {
    secrets: StoreSecrets,
    store_id: [u8; 16],
}

impl VerifyingFolds {
    /// For a store with this id, whose claims and snapshots were made under these keys.
    #[must_use]
    pub fn new(secrets: StoreSecrets, store_id: [u8; 16]) -> Self {
        Self { secrets, store_id }
    }
}

impl Folds for VerifyingFolds {
    fn begin(&self, log: &LogId) -> Box<dyn Fold> {
        let genesis = trilby_eventlog::chain::genesis(&self.store_id, log);
        Box::new(VerifyingFold {
            secrets: self.secrets.clone(),
            work: Work::start(log, genesis),
        })
    }
}

struct VerifyingFold {
    secrets: StoreSecrets,
    work: Work,
}

impl Fold for VerifyingFold {
    fn apply(&mut self, commit: &RecordedCommit) -> Result<Expected, String> {
        let before = self.work.folded().clone();
        self.work.apply(commit).map_err(|error| error.to_string())?;
        let mut effects = Effects::default();
        let mut personal: Vec<NamedPersonal> = origin(commit)?.into_iter().collect();
        if let Folded::Account(mut roles) = before {
            for (index, event) in commit.events.iter().enumerate() {
                let data = event.data_onwards().map_err(|error| error.to_string())?;
                let data = &mut serde_json::Deserializer::from_slice(data);
                let event = Event::from_stored(&event.etype, event.ever, data)
                    .map_err(|error| error.to_string())?;
                personal.extend(event.personal().map(named));
                effects
                    .add(
                        &self.secrets.claim_key,
                        &commit.log,
                        index,
                        &event,
                        &mut roles,
                    )
                    .map_err(|error| error.to_string())?;
            }
        }
        Ok(Expected {
            claims_taken: effects.taken,
            claims_released: effects.released,
            revocations: effects.revocations,
            trusting: effects.trusting,
            personal,
        })
    }

    fn compare(&mut self, snapshot: &Snapshot) -> SnapshotVerdict {
        snapshots::compare(snapshot, &self.secrets.snapshot_key, &self.work)
    }
}

/// Where a request came from, as the circumstances of a commit name it.
fn origin(commit: &RecordedCommit) -> Result<Option<NamedPersonal>, String> {
    let Some(event) = commit.events.first() else {
        return Ok(None);
    };
    let meta = event.meta().map_err(|error| error.to_string())?;
    let Some(origin) = meta.get("origin") else {
        return Ok(None);
    };
    let number = |name: &str| origin.get(name)?.as_u64();
    let row = || {
        Some(NamedPersonal {
            subject: origin.get("subject")?.as_str()?.to_owned(),
            field: u16::try_from(number("field")?).ok()?,
            generation: u32::try_from(number("generation")?).ok()?,
            digest: origin.get("sha256")?.as_str()?.parse().ok()?,
        })
    };
    match row() {
        Some(row) => Ok(Some(row)),
        None => Err("its origin names no row".to_owned()),
    }
}

fn named((account, row): (AccountId, PersonalRef)) -> NamedPersonal {
    NamedPersonal {
        subject: account.to_string(),
        field: row.field.number(),
        generation: row.generation,
        digest: row.digest,
    }
}
