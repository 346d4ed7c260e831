//! Capping users and roles: permissions boundaries.
//!
//! A boundary gives nothing; it bounds what the policies of its user or role can give. Groups have none.

use trilby_model::Seq;

use crate::decide::{Desk, Verdict};
use crate::event::{
    Event, RoleBoundaryRemoved, RoleBoundarySet, UserBoundaryRemoved, UserBoundarySet,
};
use crate::id::{ManagedPolicyRef, PolicyRef, PrincipalId, PrincipalRef};
use crate::rejection::{Rejection, ThingKind};
use crate::state::Attachment;

/// Caps a user or role by a managed policy, in the place of any other. One of the system caps in its newest version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetBoundary {
    /// Whom it caps.
    pub principal: PrincipalRef,
    /// The policy.
    pub policy: ManagedPolicyRef,
}

/// Takes the cap from a user or role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoveBoundary {
    /// Whom it capped.
    pub principal: PrincipalRef,
}

impl SetBoundary {
    pub(super) fn decide(&self, desk: &mut Desk<'_>) -> Verdict {
        let principal = desk.principal(&self.principal)?;
        let old = desk.account.boundary(&principal);
        desk.require(since(old))?;
        let policy = desk.attachable(&self.policy)?;
        if old.is_some_and(|old| old.policy == policy) {
            return Ok(Vec::new());
        }
        Ok(vec![set(principal, policy)])
    }
}

impl RemoveBoundary {
    pub(super) fn decide(&self, desk: &mut Desk<'_>) -> Verdict {
        let principal = desk.principal(&self.principal)?;
        let old = desk.account.boundary(&principal);
        desk.require(since(old))?;
        if old.is_none() {
            return Err(Rejection::not_found(
                ThingKind::PermissionsBoundary,
                &principal,
            ));
        }
        let event = match principal {
            PrincipalId::User(user) => UserBoundaryRemoved { user }.into(),
            PrincipalId::Role(role) => RoleBoundaryRemoved { role }.into(),
        };
        Ok(vec![event])
    }
}

fn since(boundary: Option<&Attachment>) -> Option<Seq> {
    boundary.map(|boundary| boundary.since)
}

fn set(principal: PrincipalId, policy: PolicyRef) -> Event {
    match principal {
        PrincipalId::User(user) => UserBoundarySet { user, policy }.into(),
        PrincipalId::Role(role) => RoleBoundarySet { role, policy }.into(),
    }
}
