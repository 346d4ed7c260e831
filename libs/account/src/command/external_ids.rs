//! External ids: what roles ask of principals of other organizations, so that whoever acts for many customers
//! can be told for which one it acts. We make the values; nobody chooses one.

use trilby_model::IssuedExternalId;

use super::deletion;
use crate::decide::{Desk, Verdict};
use crate::event::{ExternalIdDeleted, ExternalIdIssued};
use crate::quota::{Quota, count};
use crate::rejection::{Blocker, Rejection, ThingKind, within};
use crate::value::Description;

/// Issues a new external id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssueExternalId {
    /// What it is for.
    pub description: Option<Description>,
}

/// Takes an external id back. Roles of the account must not ask for it any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeleteExternalId {
    /// The value.
    pub external_id: IssuedExternalId,
}

impl IssueExternalId {
    pub(super) fn decide(&self, desk: &mut Desk<'_>) -> Verdict {
        let issued = desk.account.external_ids().len();
        within(Quota::ExternalIds, count(issued) + 1)?;
        let fact = ExternalIdIssued {
            external_id: IssuedExternalId::generate(desk.entropy),
            description: self.description.clone(),
        };
        Ok(vec![fact.into()])
    }
}

impl DeleteExternalId {
    pub(super) fn decide(&self, desk: &mut Desk<'_>) -> Verdict {
        let issued = desk.account.external_ids().get(&self.external_id);
        let issued =
            issued.ok_or_else(|| Rejection::not_found(ThingKind::ExternalId, &self.external_id))?;
        desk.require(Some(issued.stamp.changed))?;
        let value = self.external_id.to_string();
        // The value is random and longer than any word: a policy that holds it asks for it.
        let asking = desk.account.roles().values();
        let asking = asking.filter(|role| role.trust.policy.document.contains(&value));
        let blockers: Vec<Blocker> = asking
            .take(crate::rejection::BLOCKERS_MAX)
            .map(|role| Blocker {
                kind: ThingKind::Role,
                id: role.id.to_string(),
                name: Some(role.name.to_string()),
            })
            .collect();
        deletion::unless_blocked(ThingKind::ExternalId, &value, blockers)?;
        let fact = ExternalIdDeleted {
            external_id: self.external_id.clone(),
        };
        Ok(vec![fact.into()])
    }
}
