//! What events mean for the tables beside the log: names taken and given up, sessions ended, who is trusted.
//!
//! The writer derives it when it appends; verification derives it again and compares.

use trilby_account::event::{ClaimAct, ClaimChange, ClaimScope as Scope, Event, Revocation};
use trilby_account::{Account, TrustChange};
use trilby_eventlog::claim::mac;
use trilby_eventlog::revocation::id_hash;
use trilby_eventlog::{Claim, ClaimKey, ClaimScope, NewRevocation, RevocationKind, TrustingChange};
use trilby_model::{LogId, Seq, Timestamp};

use crate::trusting::key;

/// An event means something that no row can say. A mistake of the program, or a store that is not sound.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unsayable {
    /// It ends sessions by something that has no letter.
    #[error("no revocation kind `{0}`")]
    Kind(char),
    /// It changes a trust policy, and one of the two cannot be read.
    #[error(transparent)]
    Trust(#[from] trilby_account::UnreadableTrust),
}

/// What is derived from events besides themselves.
///
/// Neither an organization's nor the installation's events take names or end sessions: what they mean for an account is
/// said in that account's log, in the same commit.
#[derive(Debug, Default)]
pub(crate) struct Effects {
    pub(crate) taken: Vec<Claim>,
    pub(crate) released: Vec<Claim>,
    pub(crate) revocations: Vec<NewRevocation>,
    pub(crate) trusting: Vec<TrustingChange>,
}

impl Effects {
    /// Adds what one event of an account means; `index` is its place among the events of its log in the commit.
    /// `roles` is the account before the commit, and takes in what this commit's events before this one did to roles.
    pub(crate) fn add(
        &mut self,
        claim_key: &[u8; 32],
        log: &LogId,
        index: usize,
        event: &Event,
        roles: &mut Account,
    ) -> Result<(), Unsayable> {
        for change in event.claims() {
            self.claim(claim_key, log, index, change);
        }
        for revocation in event.revocations() {
            self.revocation(log, index, &revocation)?;
        }
        if let Some(change) = roles.trust_change(event)? {
            self.trusting(log, index, &change);
            // Only roles are read of it, so it need not know of other events, nor where it stands.
            roles.evolve(event, Seq::ZERO, Timestamp::from_micros(0));
        }
        Ok(())
    }

    fn trusting(&mut self, log: &LogId, event: usize, change: &TrustChange) {
        let role = change.role.to_string();
        for gone in &change.removed {
            self.trusting.push(TrustingChange::Remove {
                key: key(gone),
                log: log.clone(),
                role: role.clone(),
            });
        }
        for named in &change.added {
            self.trusting.push(TrustingChange::Put {
                key: key(named),
                log: log.clone(),
                role: role.clone(),
                event,
            });
        }
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
    ) -> Result<(), Unsayable> {
        let kind =
            RevocationKind::from_letter(revocation.kind).ok_or(Unsayable::Kind(revocation.kind))?;
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
