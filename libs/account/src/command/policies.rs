//! Managed policies of the account and their versions.

use trilby_model::{Path, PolicyId, PolicyName, Tags};
use trilby_policy::{Document, Kind};

use super::deletion;
use crate::decide::{Desk, Verdict, checked_within, is_no_id};
use crate::event::{
    PolicyCreated, PolicyDefaultVersionSet, PolicyDeleted, PolicyUpdated, PolicyVersionCreated,
    PolicyVersionDeleted,
};
use crate::id::{CustomerPolicyRef, Ref};
use crate::quota::{Quota, count};
use crate::rejection::{Rejection, ThingKind, within};
use crate::value::Description;
use crate::versions::{Versions, another};

/// Makes a policy with its version 1.
#[derive(Debug, Clone, PartialEq)]
pub struct CreatePolicy {
    /// Its name.
    pub name: PolicyName,
    /// Its path.
    pub path: Path,
    /// Free text.
    pub description: Option<Description>,
    /// Its tags.
    pub tags: Tags,
    /// The text of version 1.
    pub document: Document,
}

/// Changes a policy's description; what is not given stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpdatePolicy {
    /// The policy.
    pub policy: CustomerPolicyRef,
    /// Another description, or none.
    pub description: Option<Option<Description>>,
}

/// Adds a version to a policy.
#[derive(Debug, Clone, PartialEq)]
pub struct CreatePolicyVersion {
    /// The policy.
    pub policy: CustomerPolicyRef,
    /// The version's text.
    pub document: Document,
    /// Whether it comes into force at once.
    pub set_as_default: bool,
}

/// Puts another version of a policy in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetDefaultPolicyVersion {
    /// The policy.
    pub policy: CustomerPolicyRef,
    /// The version.
    pub version: u32,
}

/// Drops a version of a policy that is not in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeletePolicyVersion {
    /// The policy.
    pub policy: CustomerPolicyRef,
    /// The version.
    pub version: u32,
}

/// Deletes a policy for good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeletePolicy {
    /// The policy.
    pub policy: CustomerPolicyRef,
    /// Whether its holders lose it; otherwise it must have none.
    pub cascade: bool,
}

impl CreatePolicy {
    pub(super) fn decide(&self, desk: &mut Desk<'_>) -> Verdict {
        is_no_id(self.name.as_str())?;
        if let Some(policy) = desk.account.policy(&Ref::Name(self.name.clone())) {
            desk.require(Some(policy.stamp.changed))?;
            return Err(Rejection::exists(ThingKind::Policy, &self.name));
        }
        within(Quota::Policies, count(desk.account.policies().len()) + 1)?;
        let fact = PolicyCreated {
            policy: PolicyId::generate(desk.entropy),
            name: self.name.clone(),
            path: self.path.clone(),
            description: self.description.clone(),
            tags: self.tags.clone(),
            document: checked_within(&self.document, Kind::Identity, Quota::PolicyBytes)?,
        };
        Ok(vec![fact.into()])
    }
}

impl UpdatePolicy {
    pub(super) fn decide(&self, desk: &mut Desk<'_>) -> Verdict {
        let policy = desk.policy(&self.policy)?;
        desk.require(Some(policy.stamp.changed))?;
        let another = another(self.description.as_ref(), &policy.description);
        let policy = policy.id.clone();
        let fact = another.map(|description| PolicyUpdated {
            policy,
            description,
        });
        Ok(fact.into_iter().map(Into::into).collect())
    }
}

impl CreatePolicyVersion {
    pub(super) fn decide(&self, desk: &mut Desk<'_>) -> Verdict {
        let policy = desk.policy(&self.policy)?;
        desk.require(Some(policy.stamp.changed))?;
        let document = checked_within(&self.document, Kind::Identity, Quota::PolicyBytes)?;
        let version = Versions::from(policy).next()?;
        let created = PolicyVersionCreated {
            policy: policy.id.clone(),
            version,
            document,
        };
        let mut events = vec![created.into()];
        if self.set_as_default {
            let in_force = PolicyDefaultVersionSet {
                policy: policy.id.clone(),
                version,
            };
            events.push(in_force.into());
        }
        Ok(events)
    }
}

impl SetDefaultPolicyVersion {
    pub(super) fn decide(&self, desk: &mut Desk<'_>) -> Verdict {
        let policy = desk.policy(&self.policy)?;
        desk.require(Some(policy.stamp.changed))?;
        if !Versions::from(policy).would_change(self.version)? {
            return Ok(Vec::new());
        }
        let fact = PolicyDefaultVersionSet {
            policy: policy.id.clone(),
            version: self.version,
        };
        Ok(vec![fact.into()])
    }
}

impl DeletePolicyVersion {
    pub(super) fn decide(&self, desk: &mut Desk<'_>) -> Verdict {
        let policy = desk.policy(&self.policy)?;
        desk.require(Some(policy.stamp.changed))?;
        Versions::from(policy).droppable(self.version)?;
        let fact = PolicyVersionDeleted {
            policy: policy.id.clone(),
            version: self.version,
        };
        Ok(vec![fact.into()])
    }
}

impl DeletePolicy {
    pub(super) fn decide(&self, desk: &mut Desk<'_>) -> Verdict {
        let policy = desk.policy(&self.policy)?;
        desk.require(Some(policy.stamp.changed))?;
        deletion::caps_nobody(desk.account, policy)?;
        let parts = deletion::parts_of_policy(desk.account, policy);
        let last = PolicyDeleted {
            policy: policy.id.clone(),
        };
        deletion::decide(
            ThingKind::Policy,
            &policy.name,
            parts,
            self.cascade,
            last.into(),
        )
    }
}
