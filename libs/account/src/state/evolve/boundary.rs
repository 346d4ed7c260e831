//! Permissions boundaries of users and roles.

use super::Moment;
use crate::id::{PolicyRef, PrincipalId};
use crate::state::{Account, Attachment};

impl Account {
    // INVARIANT: a policy lists whom it caps exactly if they name it as their boundary; both are kept here.
    pub(super) fn boundary_set(&mut self, of: &PrincipalId, policy: &PolicyRef, moment: Moment) {
        self.forget_bounded(of);
        let boundary = Attachment {
            policy: policy.clone(),
            since: moment.seq,
        };
        self.put_boundary(of, Some(boundary), moment);
        if let PolicyRef::Customer(id) = policy
            && self.has_principal(of)
            && let Some(policy) = self.policies.get_mut(id)
        {
            policy.bounds.insert(of.clone());
        }
    }

    pub(super) fn boundary_removed(&mut self, of: &PrincipalId, moment: Moment) {
        self.forget_bounded(of);
        self.put_boundary(of, None, moment);
    }

    /// Takes a principal from the list of its boundary's policy.
    pub(super) fn forget_bounded(&mut self, of: &PrincipalId) {
        let Some(PolicyRef::Customer(id)) = self.boundary(of).map(|old| old.policy.clone()) else {
            return;
        };
        if let Some(policy) = self.policies.get_mut(&id) {
            policy.bounds.remove(of);
        }
    }

    fn put_boundary(&mut self, of: &PrincipalId, boundary: Option<Attachment>, moment: Moment) {
        match of {
            PrincipalId::User(id) => self.change_user(id, moment, |user| user.boundary = boundary),
            PrincipalId::Role(id) => self.change_role(id, moment, |role| role.boundary = boundary),
        }
    }

    fn has_principal(&self, of: &PrincipalId) -> bool {
        match of {
            PrincipalId::User(id) => self.users.contains_key(id),
            PrincipalId::Role(id) => self.roles.contains_key(id),
        }
    }
}
