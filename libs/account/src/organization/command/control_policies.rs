//! Control policies of an organization and their versions.

use trilby_model::{ControlPolicyId, PolicyName};
use trilby_policy::Document;

use super::{Desk, Verdict};
use crate::decide::checked_within;
use crate::id::Ref;
use crate::organization::event::{
    ControlPolicyCreated, ControlPolicyDefaultVersionSet, ControlPolicyDeleted,
    ControlPolicyUpdated, ControlPolicyVersionCreated, ControlPolicyVersionDeleted,
};
use crate::organization::policy::{ControlKind, ControlPolicyRef, OwnPolicyRef};
use crate::organization::state::{Organization, TargetRef, UnitRef};
use crate::quota::{Quota, count};
use crate::rejection::{BLOCKERS_MAX, Blocker, Rejection, ThingKind, within};
use crate::value::Description;
use crate::versions::{Versions, another};

/// Makes a control policy with its version 1. It caps nothing before it is attached.
#[derive(Debug, Clone, PartialEq)]
pub struct CreateControlPolicy {
    /// What it caps.
    pub kind: ControlKind,
    /// Its name.
    pub name: PolicyName,
    /// Free text.
    pub description: Option<Description>,
    /// The text of version 1.
    pub document: Document,
}

/// Changes a control policy's description; what is not given stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpdateControlPolicy {
    /// The policy.
    pub policy: OwnPolicyRef,
    /// Another description, or none.
    pub description: Option<Option<Description>>,
}

/// Adds a version to a control policy.
#[derive(Debug, Clone, PartialEq)]
pub struct CreateControlPolicyVersion {
    /// The policy.
    pub policy: OwnPolicyRef,
    /// The version's text.
    pub document: Document,
    /// Whether it comes into force at once.
    pub set_as_default: bool,
}

/// Puts another version of a control policy in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetDefaultControlPolicyVersion {
    /// The policy.
    pub policy: OwnPolicyRef,
    /// The version.
    pub version: u32,
}

/// Drops a version of a control policy that is not in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeleteControlPolicyVersion {
    /// The policy.
    pub policy: OwnPolicyRef,
    /// The version.
    pub version: u32,
}

/// Deletes a control policy that is attached nowhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeleteControlPolicy {
    /// The policy.
    pub policy: OwnPolicyRef,
}

impl CreateControlPolicy {
    pub(super) fn decide(&self, desk: &mut Desk<'_>) -> Verdict {
        if self.name.as_str().parse::<ControlPolicyId>().is_ok() {
            let name = self.name.to_string();
            return Err(Rejection::InvalidName { name });
        }
        let policies = desk.organization.control_policies();
        let named = Ref::Name(self.name.clone());
        if let Some(policy) = desk.organization.control_policy(&named) {
            desk.require(Some(policy.stamp.changed))?;
            return Err(Rejection::exists(ThingKind::Policy, &self.name));
        }
        let alike = policies.values().filter(|other| other.kind == self.kind);
        within(Quota::ControlPolicies, count(alike.count()) + 1)?;
        let grammar = self.kind.grammar();
        let document = checked_within(&self.document, grammar, Quota::ControlPolicyBytes)?;
        let fact = ControlPolicyCreated {
            policy: ControlPolicyId::generate(&mut desk.entropy),
            kind: self.kind,
            name: self.name.clone(),
            description: self.description.clone(),
            document,
        };
        Ok(vec![fact.into()])
    }
}

impl UpdateControlPolicy {
    pub(super) fn decide(&self, desk: &mut Desk<'_>) -> Verdict {
        let policy = desk.policy(&self.policy)?;
        desk.require(Some(policy.stamp.changed))?;
        let another = another(self.description.as_ref(), &policy.description);
        let policy = policy.id.clone();
        let fact = another.map(|description| ControlPolicyUpdated {
            policy,
            description,
        });
        Ok(fact.into_iter().map(Into::into).collect())
    }
}

impl CreateControlPolicyVersion {
    pub(super) fn decide(&self, desk: &mut Desk<'_>) -> Verdict {
        let policy = desk.policy(&self.policy)?;
        desk.require(Some(policy.stamp.changed))?;
        let grammar = policy.kind.grammar();
        let document = checked_within(&self.document, grammar, Quota::ControlPolicyBytes)?;
        let version = Versions::from(policy).next()?;
        let created = ControlPolicyVersionCreated {
            policy: policy.id.clone(),
            version,
            document,
        };
        let mut events = vec![created.into()];
        if self.set_as_default {
            let in_force = ControlPolicyDefaultVersionSet {
                policy: policy.id.clone(),
                version,
            };
            events.push(in_force.into());
        }
        Ok(events)
    }
}

impl SetDefaultControlPolicyVersion {
    pub(super) fn decide(&self, desk: &mut Desk<'_>) -> Verdict {
        let policy = desk.policy(&self.policy)?;
        desk.require(Some(policy.stamp.changed))?;
        if !Versions::from(policy).would_change(self.version)? {
            return Ok(Vec::new());
        }
        let fact = ControlPolicyDefaultVersionSet {
            policy: policy.id.clone(),
            version: self.version,
        };
        Ok(vec![fact.into()])
    }
}

impl DeleteControlPolicyVersion {
    pub(super) fn decide(&self, desk: &mut Desk<'_>) -> Verdict {
        let policy = desk.policy(&self.policy)?;
        desk.require(Some(policy.stamp.changed))?;
        Versions::from(policy).droppable(self.version)?;
        let fact = ControlPolicyVersionDeleted {
            policy: policy.id.clone(),
            version: self.version,
        };
        Ok(vec![fact.into()])
    }
}

impl DeleteControlPolicy {
    pub(super) fn decide(&self, desk: &mut Desk<'_>) -> Verdict {
        let policy = desk.policy(&self.policy)?;
        desk.require(Some(policy.stamp.changed))?;
        let blockers = holders(desk.organization, &policy.id);
        if !blockers.is_empty() {
            return Err(Rejection::DeleteConflict {
                kind: ThingKind::Policy,
                name: policy.name.to_string(),
                blockers,
            });
        }
        let policy = policy.id.clone();
        Ok(vec![ControlPolicyDeleted { policy }.into()])
    }
}

/// The nodes a policy is attached to.
fn holders(organization: &Organization, policy: &ControlPolicyId) -> Vec<Blocker> {
    let wanted = ControlPolicyRef::Own(policy.clone());
    let holders = organization.targets_of(&wanted).into_iter();
    let blockers = holders.map(|target| {
        let kind = match &target {
            TargetRef::Node(UnitRef::Root(_) | UnitRef::Unit(_)) => ThingKind::Unit,
            TargetRef::Account(_) => ThingKind::Account,
        };
        Blocker {
            kind,
            id: target.to_string(),
            name: None,
        }
    });
    blockers.take(BLOCKERS_MAX).collect()
}
