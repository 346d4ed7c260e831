//! Policies of users, groups and roles.

use trilby_model::InlinePolicyName;

use super::Moment;
use crate::id::{Holder, PolicyRef};
use crate::state::{Account, Grants};
use crate::text::PolicyText;

impl Account {
    // INVARIANT: a policy lists a holder exactly if the holder lists the policy; both are kept here.
    pub(super) fn policy_attached(&mut self, holder: &Holder, policy: &PolicyRef, moment: Moment) {
        let known = match policy {
            PolicyRef::Customer(id) => self.policies.contains_key(id),
            PolicyRef::System { .. } => true,
        };
        let Some(grants) = self.grants_mut(holder).filter(|_| known) else {
            return;
        };
        grants.attach(policy, moment);
        if let PolicyRef::Customer(id) = policy
            && let Some(policy) = self.policies.get_mut(id)
        {
            policy.holders.insert(holder.clone());
        }
    }

    pub(super) fn policy_detached(&mut self, holder: &Holder, policy: &PolicyRef) {
        if let Some(grants) = self.grants_mut(holder) {
            grants.detach(policy);
        }
        if let PolicyRef::Customer(id) = policy
            && let Some(policy) = self.policies.get_mut(id)
        {
            policy.holders.remove(holder);
        }
    }

    pub(super) fn inline_put(
        &mut self,
        holder: &Holder,
        name: &InlinePolicyName,
        text: &PolicyText,
        moment: Moment,
    ) {
        if let Some(grants) = self.grants_mut(holder) {
            grants.put_inline(name, text, moment);
        }
    }

    pub(super) fn inline_deleted(&mut self, holder: &Holder, name: &InlinePolicyName) {
        if let Some(grants) = self.grants_mut(holder) {
            grants.delete_inline(name);
        }
    }

    pub(super) fn forget_holder(&mut self, holder: &Holder) {
        let attached = match self.grants(holder) {
            Some(grants) => grants.attached.clone(),
            None => Vec::new(),
        };
        for attachment in &attached {
            self.policy_detached(holder, &attachment.policy);
        }
    }

    fn grants_mut(&mut self, holder: &Holder) -> Option<&mut Grants> {
        match holder {
            Holder::User(id) => self.users.get_mut(id).map(|user| &mut user.grants),
            Holder::Group(id) => self.groups.get_mut(id).map(|group| &mut group.grants),
            Holder::Role(id) => self.roles.get_mut(id).map(|role| &mut role.grants),
        }
    }
}
