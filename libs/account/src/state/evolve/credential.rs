//! Access keys and signing keys.

use trilby_model::AccessKeyId;

use super::Moment;
use crate::event::{AccessKeyCreated, SigningKeyActivated, SigningKeyPublished};
use crate::stamp::Stamp;
use crate::state::{AccessKey, AccessKeyStatus, Account, SigningKey, SigningKeyState};

/// The longest session and ten minutes: nothing that a retired key signed lives longer.
const SIGNATURE_LIFE_S_MAX: i64 = 43_200 + 600;

impl Account {
    // INVARIANT: a user lists a key exactly if the key is the user's; kept here and in `deleted`.
    pub(super) fn access_key_created(&mut self, fact: &AccessKeyCreated, moment: Moment) {
        let Some(user) = self.users.get_mut(&fact.user) else {
            return;
        };
        user.access_keys.insert(fact.access_key.clone());
        let key = AccessKey {
            id: fact.access_key.clone(),
            user: fact.user.clone(),
            status: AccessKeyStatus::Active,
            expires_at: fact.expires_at,
            allowed_cidrs: fact.allowed_cidrs.clone(),
            stamp: Stamp::new(moment),
        };
        self.access_keys.insert(fact.access_key.clone(), key);
    }

    pub(super) fn access_key_activated(&mut self, id: &AccessKeyId, moment: Moment) {
        self.access_key_stands(id, AccessKeyStatus::Active, moment);
    }

    pub(super) fn access_key_deactivated(&mut self, id: &AccessKeyId, moment: Moment) {
        self.access_key_stands(id, AccessKeyStatus::Inactive, moment);
    }

    pub(super) fn access_key_deleted(&mut self, id: &AccessKeyId) {
        let Some(owner) = self.access_keys.get(id).map(|key| key.user.clone()) else {
            return;
        };
        if let Some(user) = self.users.get_mut(&owner) {
            user.access_keys.remove(id);
        }
        self.access_keys.remove(id);
    }

    fn access_key_stands(&mut self, id: &AccessKeyId, status: AccessKeyStatus, moment: Moment) {
        if let Some(key) = self.access_keys.get_mut(id) {
            key.status = status;
            key.stamp.touch(moment);
        }
    }

    pub(super) fn signing_key_published(&mut self, fact: &SigningKeyPublished, moment: Moment) {
        let key = SigningKey {
            kid: fact.kid.clone(),
            alg: fact.alg.clone(),
            jwk: fact.jwk.clone(),
            state: SigningKeyState::Pending,
            metadata: None,
            stamp: Stamp::new(moment),
        };
        self.forget_spent_keys(moment);
        self.signing_keys.insert(fact.kid.clone(), key);
    }

    pub(super) fn signing_key_activated(&mut self, fact: &SigningKeyActivated, moment: Moment) {
        let state = SigningKeyState::Active { since: moment.seq };
        self.signing_key_becomes(&fact.kid, state, moment);
        if let Some(key) = self.signing_keys.get_mut(&fact.kid) {
            key.metadata.clone_from(&fact.metadata);
        }
    }

    pub(super) fn signing_key_retired(&mut self, kid: &str, moment: Moment) {
        let state = SigningKeyState::Retiring { since: moment.at };
        self.signing_key_becomes(kid, state, moment);
    }

    pub(super) fn signing_key_revoked(&mut self, kid: &str, moment: Moment) {
        self.signing_key_becomes(kid, SigningKeyState::Revoked, moment);
    }

    /// Drops keys whose last token has expired, so that a thousand rotations leave no thousand keys.
    /// Revoked ones stay: their number is small, and their ids must never be believed again.
    fn forget_spent_keys(&mut self, moment: Moment) {
        self.signing_keys.retain(|_, key| match key.state {
            SigningKeyState::Retiring { since } => {
                moment.at.seconds_since(since) < SIGNATURE_LIFE_S_MAX
            }
            SigningKeyState::Pending
            | SigningKeyState::Active { .. }
            | SigningKeyState::Revoked => true,
        });
    }

    fn signing_key_becomes(&mut self, kid: &str, state: SigningKeyState, moment: Moment) {
        if let Some(key) = self.signing_keys.get_mut(kid) {
            key.state = state;
            key.stamp.touch(moment);
        }
    }
}
