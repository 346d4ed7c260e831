//! Members that administer the organization in the management account's stead.

use std::collections::BTreeSet;

use trilby_model::AccountId;

use super::{Desk, Verdict};
use crate::organization::delegation::DelegatedAction;
use crate::organization::event::{DelegatedAdminRemoved, DelegatedAdminSet};
use crate::quota::{Quota, count};
use crate::rejection::{Rejection, ThingKind, within};

/// Entrusts a member with actions on the organization's things, in place of those it had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetDelegatedAdmin {
    /// The member.
    pub account: AccountId,
    /// The actions, at least one.
    pub actions: BTreeSet<DelegatedAction>,
}

/// Takes all of it back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoveDelegatedAdmin {
    /// The member.
    pub account: AccountId,
}

impl SetDelegatedAdmin {
    pub(super) fn decide(&self, desk: &mut Desk<'_>) -> Verdict {
        let member = desk.member(self.account)?;
        if member.account == desk.management {
            let why = "manages the organization and needs no delegation";
            return Err(Rejection::state(ThingKind::Account, &self.account, why));
        }
        let admins = desk.organization.delegated_admins();
        let before = admins.get(&self.account);
        desk.require(before.map(|admin| admin.stamp.changed))?;
        if self.actions.is_empty() {
            let (pointer, why) = ("/actions", "must name at least one action");
            return Err(Rejection::InvalidParameter { pointer, why });
        }
        if before.is_some_and(|admin| admin.actions == self.actions) {
            return Ok(Vec::new());
        }
        let others = count(admins.len()) + u64::from(before.is_none());
        within(Quota::DelegatedAdmins, others)?;
        let fact = DelegatedAdminSet {
            account: self.account,
            actions: self.actions.clone(),
        };
        Ok(vec![fact.into()])
    }
}

impl RemoveDelegatedAdmin {
    pub(super) fn decide(&self, desk: &mut Desk<'_>) -> Verdict {
        let admin = desk.organization.delegated_admins().get(&self.account);
        let Some(admin) = admin else {
            let kind = ThingKind::DelegatedAdmin;
            return Err(Rejection::not_found(kind, &self.account));
        };
        desk.require(Some(admin.stamp.changed))?;
        let account = self.account;
        Ok(vec![DelegatedAdminRemoved { account }.into()])
    }
}
