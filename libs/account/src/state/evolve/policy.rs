//! Managed policies.

use std::collections::{BTreeMap, BTreeSet};

use trilby_model::PolicyId;

use super::Moment;
use crate::event::{
    PolicyCreated, PolicyDefaultVersionSet, PolicyTagsChanged, PolicyUpdated, PolicyVersionCreated,
    PolicyVersionDeleted,
};
use crate::id::PolicyRef;
use crate::stamp::Stamp;
use crate::state::{Account, Policy, PolicyVersion};

impl Account {
    pub(super) fn policy_created(&mut self, fact: &PolicyCreated, moment: Moment) {
        let first = PolicyVersion {
            text: fact.document.clone(),
            stamp: Stamp::new(moment),
        };
        let policy = Policy {
            id: fact.policy.clone(),
            name: fact.name.clone(),
            path: fact.path.clone(),
            description: fact.description.clone(),
            tags: fact.tags.clone(),
            versions: BTreeMap::from([(1, first)]),
            last_version: 1,
            default_version: 1,
            holders: BTreeSet::new(),
            bounds: BTreeSet::new(),
            stamp: Stamp::new(moment),
        };
        self.policy_names
            .insert(fact.name.key(), fact.policy.clone());
        self.policies.insert(fact.policy.clone(), policy);
    }

    pub(super) fn policy_updated(&mut self, fact: &PolicyUpdated, moment: Moment) {
        self.change_policy(&fact.policy, moment, |policy| {
            policy.description.clone_from(&fact.description);
        });
    }

    pub(super) fn policy_version_created(&mut self, fact: &PolicyVersionCreated, moment: Moment) {
        self.change_policy(&fact.policy, moment, |policy| {
            let version = PolicyVersion {
                text: fact.document.clone(),
                stamp: Stamp::new(moment),
            };
            policy.versions.insert(fact.version, version);
            policy.last_version = policy.last_version.max(fact.version);
        });
    }

    pub(super) fn policy_default_set(&mut self, fact: &PolicyDefaultVersionSet, moment: Moment) {
        self.change_policy(&fact.policy, moment, |policy| {
            policy.default_version = fact.version;
        });
    }

    pub(super) fn policy_version_deleted(&mut self, fact: &PolicyVersionDeleted, moment: Moment) {
        self.change_policy(&fact.policy, moment, |policy| {
            policy.versions.remove(&fact.version);
        });
    }

    pub(super) fn policy_tags_changed(&mut self, fact: &PolicyTagsChanged, moment: Moment) {
        self.change_policy(&fact.policy, moment, |policy| {
            policy.tags = fact.tags.clone();
        });
    }

    pub(super) fn policy_deleted(&mut self, id: &PolicyId) {
        let Some(policy) = self.policies.get(id).cloned() else {
            return;
        };
        for holder in &policy.holders {
            self.policy_detached(holder, &PolicyRef::Customer(id.clone()));
        }
        self.policy_names.remove(&policy.name.key());
        self.policies.remove(id);
    }

    fn change_policy(&mut self, id: &PolicyId, moment: Moment, change: impl FnOnce(&mut Policy)) {
        if let Some(policy) = self.policies.get_mut(id) {
            change(policy);
            policy.stamp.touch(moment);
        }
    }
}
