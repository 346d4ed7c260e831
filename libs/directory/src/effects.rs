//! What events mean for the tables beside the log: names taken and given up, sessions ended.
//!
//! The writer derives it when it appends; verification derives it again and compares.

use trilby_account::event::{ClaimAct, ClaimChange, ClaimScope as Scope, Event, Revocation};
use trilby_eventlog::claim::mac;
use trilby_eventlog::revocation::id_hash;
use trilby_eventlog::{Claim, ClaimKey, ClaimScope, NewRevocation, RevocationKind};
use trilby_model::LogId;

/// An event ends sessions in a way that no row can say. A mistake of the program.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no revocation kind `{0}`")]
pub(crate) struct UnknownKind(char);

/// What is derived from events besides themselves.
///
/// Neither an organization's nor the installation's events take names or end sessions: what they mean for an account is
/// said in that account's log, in the same commit.
#[derive(Debug, Default)]
pub(crate) struct Effects {
    pub(crate) taken: Vec<Claim>,
    pub(crate) released: Vec<Claim>,
    pub(crate) revocations: Vec<NewRevocation>,
}

impl Effects {
    /// Adds what one event of an account means; `index` is its place among the events of its log in the commit.
    pub(crate) fn add(
        &mut self,
        claim_key: &[u8; 32],
        log: &LogId,
        index: usize,
        event: &Event,
    ) -> Result<(), UnknownKind> {
        for change in event.claims() {
            self.claim(claim_key, log, index, change);
        }
        for revocation in event.revocations() {
            self.revocation(log, index, &revocation)?;
        }
        Ok(())
    }

    fn claim(&mut self, claim_key: &[u8; 32], log: &LogId, event: usize, change: ClaimChange) {
        let scope = match change.scope {
            Scope::Store => ClaimScope::Store,
            Scope::Log => ClaimScope::Log(log.clone()),
        };
        let key = ClaimKey {
            scope,
            kind: change.kind.number(),
            mac: mac(claim_key, &change.value),
        };
        let claim = Claim {
            key,
            log: log.clone(),
            event,
        };
        match change.act {
            ClaimAct::Take => self.taken.push(claim),
            ClaimAct::Release => self.released.push(claim),
        }
    }

    fn revocation(
        &mut self,
        log: &LogId,
        event: usize,
        revocation: &Revocation,
    ) -> Result<(), UnknownKind> {
        let kind =
            RevocationKind::from_letter(revocation.kind).ok_or(UnknownKind(revocation.kind))?;
        self.revocations.push(NewRevocation {
            log: log.clone(),
            event,
            kind,
            id_hash: id_hash(kind, &revocation.parts),
            before: revocation.before_seq,
        });
        Ok(())
    }
}
