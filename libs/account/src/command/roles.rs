//! Roles and who may assume them.

use trilby_model::{Path, RoleId, RoleName, Tags};
use trilby_policy::Document;

use super::deletion;
use crate::decide::{Desk, Verdict, is_no_id};
use crate::event::{RoleCreated, RoleDeleted, RoleLimits, RoleTrustPolicyReplaced, RoleUpdated};
use crate::guard;
use crate::id::{Ref, RoleRef};
use crate::quota::{Quota, count};
use crate::rejection::{Rejection, ThingKind, within};
use crate::text::KnownPrincipals;
use crate::value::{Description, Reason};

/// Makes a role.
#[derive(Debug, Clone, PartialEq)]
pub struct CreateRole {
    /// Its name.
    pub name: RoleName,
    /// Its path.
    pub path: Path,
    /// Free text.
    pub description: Option<Description>,
    /// Its tags.
    pub tags: Tags,
    /// Who may assume it.
    pub trust: Document,
    /// What is known of principals of other accounts that `trust` names.
    pub known: KnownPrincipals,
    /// What its sessions may be.
    pub limits: RoleLimits,
    /// Why it may trust accounts outside the organization without an external id.
    pub external_id_waiver: Option<Reason>,
}

/// Changes a role's description and limits; what is not given stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpdateRole {
    /// The role.
    pub role: RoleRef,
    /// Another description, or none.
    pub description: Option<Option<Description>>,
    /// Other limits.
    pub limits: Option<RoleLimits>,
}

/// Replaces who may assume a role.
#[derive(Debug, Clone, PartialEq)]
pub struct ReplaceTrustPolicy {
    /// The role.
    pub role: RoleRef,
    /// Who may assume it.
    pub trust: Document,
    /// What is known of principals of other accounts that `trust` names.
    pub known: KnownPrincipals,
    /// Whether the role's older sessions end.
    pub revoke_sessions: bool,
    /// Why it may trust accounts outside the organization without an external id.
    pub external_id_waiver: Option<Reason>,
}

/// Deletes a role for good; its sessions end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeleteRole {
    /// The role.
    pub role: RoleRef,
    /// Whether its policies go with it; otherwise it must be bare.
    pub cascade: bool,
}

impl CreateRole {
    pub(super) fn decide(&self, desk: &mut Desk<'_>) -> Verdict {
        is_no_id(self.name.as_str())?;
        check_limits(&self.limits)?;
        if let Some(role) = desk.account.role(&Ref::Name(self.name.clone())) {
            desk.require(Some(role.stamp.changed))?;
            return Err(Rejection::exists(ThingKind::Role, &self.name));
        }
        within(Quota::Roles, count(desk.account.roles().len()) + 1)?;
        let waiver = self.external_id_waiver.as_ref();
        let (trust, warnings) = guard::role_trust(desk.account, &self.trust, &self.known, waiver)?;
        let fact = RoleCreated {
            role: RoleId::generate(desk.entropy),
            name: self.name.clone(),
            path: self.path.clone(),
            description: self.description.clone(),
            tags: self.tags.clone(),
            trust,
            limits: self.limits.clone(),
            external_id_waiver: self.external_id_waiver.clone(),
            warnings,
        };
        Ok(vec![fact.into()])
    }
}

impl UpdateRole {
    pub(super) fn decide(&self, desk: &mut Desk<'_>) -> Verdict {
        let role = desk.role(&self.role)?;
        desk.require(Some(role.stamp.changed))?;
        let description = self.description.as_ref().unwrap_or(&role.description);
        let limits = self.limits.as_ref().unwrap_or(&role.limits);
        check_limits(limits)?;
        if (description, limits) == (&role.description, &role.limits) {
            return Ok(Vec::new());
        }
        let fact = RoleUpdated {
            role: role.id.clone(),
            description: description.clone(),
            limits: limits.clone(),
        };
        Ok(vec![fact.into()])
    }
}

impl ReplaceTrustPolicy {
    pub(super) fn decide(&self, desk: &mut Desk<'_>) -> Verdict {
        let role = desk.role(&self.role)?;
        desk.require(Some(role.trust_changed))?;
        let waiver = self.external_id_waiver.as_ref();
        let (trust, warnings) = guard::role_trust(desk.account, &self.trust, &self.known, waiver)?;
        let same = trust == role.trust && waiver == role.external_id_waiver.as_ref();
        if same && !self.revoke_sessions {
            return Ok(Vec::new());
        }
        let fact = RoleTrustPolicyReplaced {
            role: role.id.clone(),
            trust,
            revoke_sessions: self.revoke_sessions,
            external_id_waiver: self.external_id_waiver.clone(),
            warnings,
        };
        Ok(vec![fact.into()])
    }
}

impl DeleteRole {
    pub(super) fn decide(&self, desk: &mut Desk<'_>) -> Verdict {
        let role = desk.role(&self.role)?;
        desk.require(Some(role.stamp.changed))?;
        let parts = deletion::parts_of_role(desk.account, role);
        let last = RoleDeleted {
            role: role.id.clone(),
        };
        deletion::decide(
            ThingKind::Role,
            &role.name,
            parts,
            self.cascade,
            last.into(),
        )
    }
}

fn check_limits(limits: &RoleLimits) -> Result<(), Rejection> {
    let sane = 900..=43_200;
    let (pointer, why) = if !sane.contains(&limits.max_session_duration_s) {
        ("/max_session_duration", "must be 900 to 43200 seconds")
    } else if !sane.contains(&limits.chain_max_s) {
        ("/chain_max", "must be 900 to 43200 seconds")
    } else if limits.allowed_audiences.len() > 10 {
        ("/allowed_audiences", "has more than 10 audiences")
    } else if !limits
        .allowed_audiences
        .iter()
        .all(|text| is_audience(text))
    {
        (
            "/allowed_audiences",
            "must be texts of 1 to 255 visible characters",
        )
    } else {
        return Ok(());
    };
    Err(Rejection::InvalidParameter { pointer, why })
}

fn is_audience(text: &str) -> bool {
    (1..=255).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic())
}
