//! Roles.

use trilby_model::RoleId;

use super::Moment;
use crate::event::{RoleCreated, RoleTagsChanged, RoleTrustPolicyReplaced, RoleUpdated};
use crate::id::{Holder, PrincipalId};
use crate::stamp::Stamp;
use crate::state::{Account, Grants, Role};

impl Account {
    pub(super) fn role_created(&mut self, fact: &RoleCreated, moment: Moment) {
        let role = Role {
            id: fact.role.clone(),
            name: fact.name.clone(),
            path: fact.path.clone(),
            description: fact.description.clone(),
            tags: fact.tags.clone(),
            trust: fact.trust.clone(),
            trust_changed: moment.seq,
            external_id_waiver: fact.external_id_waiver.clone(),
            trust_warnings: fact.warnings.clone(),
            limits: fact.limits.clone(),
            grants: Grants::default(),
            boundary: None,
            aliases: Default::default(),
            stamp: Stamp::new(moment),
        };
        self.role_names.insert(fact.name.key(), fact.role.clone());
        self.roles.insert(fact.role.clone(), role);
    }

    pub(super) fn role_updated(&mut self, fact: &RoleUpdated, moment: Moment) {
        self.change_role(&fact.role, moment, |role| {
            role.description.clone_from(&fact.description);
            role.limits = fact.limits.clone();
        });
    }

    pub(super) fn role_trust_replaced(&mut self, fact: &RoleTrustPolicyReplaced, moment: Moment) {
        self.change_role(&fact.role, moment, |role| {
            role.trust = fact.trust.clone();
            role.trust_changed = moment.seq;
            role.external_id_waiver.clone_from(&fact.external_id_waiver);
            role.trust_warnings.clone_from(&fact.warnings);
        });
    }

    pub(super) fn role_tags_changed(&mut self, fact: &RoleTagsChanged, moment: Moment) {
        self.change_role(&fact.role, moment, |role| role.tags = fact.tags.clone());
    }

    pub(super) fn role_deleted(&mut self, id: &RoleId) {
        let Some(role) = self.roles.get(id).cloned() else {
            return;
        };
        for alias in &role.aliases {
            self.subject_alias_deleted(alias);
        }
        self.forget_holder(&Holder::Role(id.clone()));
        self.forget_bounded(&PrincipalId::Role(id.clone()));
        self.role_names.remove(&role.name.key());
        self.roles.remove(id);
    }

    pub(super) fn change_role(
        &mut self,
        id: &RoleId,
        moment: Moment,
        change: impl FnOnce(&mut Role),
    ) {
        if let Some(role) = self.roles.get_mut(id) {
            change(role);
            role.stamp.touch(moment);
        }
    }
}
