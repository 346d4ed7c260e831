//! Control policies and where they are attached.

use std::collections::BTreeMap;

use trilby_model::ControlPolicyId;

use super::super::event::{
    ControlPolicyCreated, ControlPolicyDefaultVersionSet, ControlPolicyUpdated,
    ControlPolicyVersionCreated, ControlPolicyVersionDeleted,
};
use super::super::policy::{ControlAttachment, ControlPolicy, ControlPolicyRef};
use super::super::state::{Organization, TargetRef, UnitRef};
use crate::stamp::{Moment, Stamp};
use crate::state::PolicyVersion;

impl Organization {
    pub(super) fn policy_created(&mut self, fact: &ControlPolicyCreated, moment: Moment) {
        let first = PolicyVersion {
            text: fact.document.clone(),
            stamp: Stamp::new(moment),
        };
        let policy = ControlPolicy {
            id: fact.policy.clone(),
            kind: fact.kind,
            name: fact.name.clone(),
            description: fact.description.clone(),
            versions: BTreeMap::from([(1, first)]),
            last_version: 1,
            default_version: 1,
            stamp: Stamp::new(moment),
        };
        self.control_policies.insert(fact.policy.clone(), policy);
    }

    pub(super) fn policy_updated(&mut self, fact: &ControlPolicyUpdated, moment: Moment) {
        self.change_policy(&fact.policy, moment, |policy| {
            policy.description.clone_from(&fact.description);
        });
    }

    pub(super) fn policy_version_created(
        &mut self,
        fact: &ControlPolicyVersionCreated,
        moment: Moment,
    ) {
        self.change_policy(&fact.policy, moment, |policy| {
            let version = PolicyVersion {
                text: fact.document.clone(),
                stamp: Stamp::new(moment),
            };
            policy.versions.insert(fact.version, version);
            policy.last_version = policy.last_version.max(fact.version);
        });
    }

    pub(super) fn policy_default_set(
        &mut self,
        fact: &ControlPolicyDefaultVersionSet,
        moment: Moment,
    ) {
        self.change_policy(&fact.policy, moment, |policy| {
            policy.default_version = fact.version;
        });
    }

    pub(super) fn policy_version_deleted(
        &mut self,
        fact: &ControlPolicyVersionDeleted,
        moment: Moment,
    ) {
        self.change_policy(&fact.policy, moment, |policy| {
            policy.versions.remove(&fact.version);
        });
    }

    pub(super) fn policy_attached(
        &mut self,
        target: &TargetRef,
        policy: &ControlPolicyRef,
        moment: Moment,
    ) {
        self.change_attached(target, moment, |attached| {
            attached.retain(|other| !other.policy.same_policy(policy));
            attached.push(ControlAttachment {
                policy: policy.clone(),
                since: moment.seq,
            });
        });
    }

    pub(super) fn policy_detached(
        &mut self,
        target: &TargetRef,
        policy: &ControlPolicyRef,
        moment: Moment,
    ) {
        self.change_attached(target, moment, |attached| {
            attached.retain(|other| !other.policy.same_policy(policy));
        });
    }

    fn change_attached(
        &mut self,
        target: &TargetRef,
        moment: Moment,
        change: impl FnOnce(&mut Vec<ControlAttachment>),
    ) {
        let node = match target {
            TargetRef::Node(UnitRef::Root(_)) => self
                .root
                .as_mut()
                .map(|root| (&mut root.control_policies, &mut root.stamp)),
            TargetRef::Node(UnitRef::Unit(id)) => self
                .units
                .get_mut(id)
                .map(|unit| (&mut unit.control_policies, &mut unit.stamp)),
            TargetRef::Account(account) => self
                .members
                .get_mut(account)
                .map(|member| (&mut member.control_policies, &mut member.stamp)),
        };
        if let Some((attached, stamp)) = node {
            change(attached);
            stamp.touch(moment);
        }
    }

    fn change_policy(
        &mut self,
        id: &ControlPolicyId,
        moment: Moment,
        change: impl FnOnce(&mut ControlPolicy),
    ) {
        if let Some(policy) = self.control_policies.get_mut(id) {
            change(policy);
            policy.stamp.touch(moment);
        }
    }
}
