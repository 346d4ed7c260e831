//! Giving users, groups and roles their policies, and taking them away.

use trilby_model::InlinePolicyName;
use trilby_policy::{Document, Kind};

use super::deletion::{detached, inline_deleted};
use crate::decide::{Desk, Verdict, checked};
use crate::event::{
    Event, GroupInlinePolicyPut, GroupPolicyAttached, RoleInlinePolicyPut, RolePolicyAttached,
    UserInlinePolicyPut, UserPolicyAttached,
};
use crate::id::{CustomerPolicyRef, Holder, HolderRef, ManagedPolicyRef, PolicyRef};
use crate::quota::{Quota, count};
use crate::rejection::{Rejection, ThingKind, within};
use crate::state::Attachment;
use crate::text::PolicyText;

/// Gives a user, group or role a managed policy. One of the system is attached in its newest
/// version, also where an older one is attached already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttachPolicy {
    /// Who gets it.
    pub holder: HolderRef,
    /// The policy.
    pub policy: ManagedPolicyRef,
}

/// Takes a managed policy from a user, group or role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DetachPolicy {
    /// Who loses it.
    pub holder: HolderRef,
    /// The policy.
    pub policy: ManagedPolicyRef,
}

/// Writes a policy into a user, group or role.
#[derive(Debug, Clone, PartialEq)]
pub struct PutInlinePolicy {
    /// Who gets it.
    pub holder: HolderRef,
    /// Its name.
    pub name: InlinePolicyName,
    /// Its text.
    pub document: Document,
}

/// Takes an inline policy out of a user, group or role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeleteInlinePolicy {
    /// Who loses it.
    pub holder: HolderRef,
    /// Its name.
    pub name: InlinePolicyName,
}

impl AttachPolicy {
    pub(super) fn decide(&self, desk: &mut Desk<'_>) -> Verdict {
        let (holder, grants) = desk.holder(&self.holder)?;
        let policy = desk.attachable(&self.policy)?;
        let old = grants.attachment(&policy);
        desk.require(old.map(|attachment| attachment.since))?;
        match old {
            Some(old) if old.policy == policy => return Ok(Vec::new()),
            Some(_) => {}
            None => within(Quota::AttachedPolicies, count(grants.attached.len()) + 1)?,
        }
        Ok(vec![attached(&holder, policy)])
    }
}

impl DetachPolicy {
    pub(super) fn decide(&self, desk: &mut Desk<'_>) -> Verdict {
        let (holder, grants) = desk.holder(&self.holder)?;
        let old = match &self.policy {
            ManagedPolicyRef::Customer(policy) => {
                let policy = self.wanted(desk, policy)?;
                grants.attachment(&policy)
            }
            ManagedPolicyRef::System(name) => {
                let (name, version) = (name.clone(), 0);
                grants.attachment(&PolicyRef::System { name, version })
            }
        };
        let Some(Attachment { policy, since }) = old else {
            return Err(self.not_attached());
        };
        desk.require(Some(*since))?;
        Ok(vec![detached(&holder, policy.clone())])
    }

    fn wanted(&self, desk: &Desk<'_>, policy: &CustomerPolicyRef) -> Result<PolicyRef, Rejection> {
        let policy = desk.account.policy(policy);
        let policy = policy.ok_or_else(|| self.not_attached())?;
        Ok(PolicyRef::Customer(policy.id.clone()))
    }

    fn not_attached(&self) -> Rejection {
        let name = match &self.policy {
            ManagedPolicyRef::Customer(policy) => policy.to_string(),
            ManagedPolicyRef::System(name) => name.to_string(),
        };
        Rejection::not_found(ThingKind::AttachedPolicy, &name)
    }
}

impl PutInlinePolicy {
    pub(super) fn decide(&self, desk: &mut Desk<'_>) -> Verdict {
        let (holder, grants) = desk.holder(&self.holder)?;
        let (_, text) = checked(&self.document, Kind::Identity)?;
        let old = grants.inline_policy(&self.name);
        desk.require(old.map(|policy| policy.stamp.changed))?;
        if old.is_some_and(|old| old.text == text && old.name == self.name) {
            return Ok(Vec::new());
        }
        let replaced = old.map_or(0, |old| old.text.document.len());
        let others = grants.inline_bytes().saturating_sub(replaced);
        within(inline_quota(&holder), count(others + text.document.len()))?;
        Ok(vec![inline_put(&holder, self.name.clone(), text)])
    }
}

impl DeleteInlinePolicy {
    pub(super) fn decide(&self, desk: &mut Desk<'_>) -> Verdict {
        let (holder, grants) = desk.holder(&self.holder)?;
        let Some(old) = grants.inline_policy(&self.name) else {
            return Err(Rejection::not_found(ThingKind::InlinePolicy, &self.name));
        };
        desk.require(Some(old.stamp.changed))?;
        Ok(vec![inline_deleted(&holder, old.name.clone())])
    }
}

const fn inline_quota(holder: &Holder) -> Quota {
    match holder {
        Holder::User(_) => Quota::UserInlineBytes,
        Holder::Group(_) => Quota::GroupInlineBytes,
        Holder::Role(_) => Quota::RoleInlineBytes,
    }
}

/// The event by which a holder gets a managed policy.
pub(crate) fn attached(holder: &Holder, policy: PolicyRef) -> Event {
    match holder.clone() {
        Holder::User(user) => UserPolicyAttached { user, policy }.into(),
        Holder::Group(group) => GroupPolicyAttached { group, policy }.into(),
        Holder::Role(role) => RolePolicyAttached { role, policy }.into(),
    }
}

fn inline_put(holder: &Holder, name: InlinePolicyName, policy: PolicyText) -> Event {
    match holder.clone() {
        Holder::User(user) => UserInlinePolicyPut { user, name, policy }.into(),
        Holder::Group(group) => GroupInlinePolicyPut {
            group,
            name,
            policy,
        }
        .into(),
        Holder::Role(role) => RoleInlinePolicyPut { role, name, policy }.into(),
    }
}
