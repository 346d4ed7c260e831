//! Where control policies are attached. Every level keeps a service control policy: one without any
//! would allow nothing to everyone below it.

use trilby_policy::Kind;

use super::{Desk, Verdict};
use crate::id::PolicyRef;
use crate::organization::event::{ControlPolicyAttached, ControlPolicyDetached};
use crate::organization::policy::{
    ControlAttachment, ControlKind, ControlPolicyName, ControlPolicyRef,
};
use crate::organization::state::{Organization, TargetRef};
use crate::quota::{Quota, count};
use crate::rejection::{Rejection, ThingKind, within};
use crate::system_policies;

/// Attaches a control policy to a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttachControlPolicy {
    /// The node: root, unit or account.
    pub target: TargetRef,
    /// The policy.
    pub policy: ControlPolicyName,
}

/// Takes a control policy off a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DetachControlPolicy {
    /// The node: root, unit or account.
    pub target: TargetRef,
    /// The policy.
    pub policy: ControlPolicyName,
}

impl AttachControlPolicy {
    pub(super) fn decide(&self, desk: &mut Desk<'_>) -> Verdict {
        let (attached, changed) = desk.target(&self.target)?;
        let (policy, kind) = find(desk, &self.policy)?;
        let there = attached
            .iter()
            .any(|other| other.policy.same_policy(&policy));
        // `If-None-Match: *` asks whether this policy is attached, `If-Match` about the node.
        match desk.ctx.precondition {
            crate::Precondition::Absent => desk.require(there.then_some(changed))?,
            crate::Precondition::None | crate::Precondition::Unchanged(_) => {
                desk.require(Some(changed))?;
            }
        }
        if there {
            return Ok(Vec::new());
        }
        let alike = of_kind(desk.organization, attached, kind);
        within(Quota::AttachedControlPolicies, alike + 1)?;
        let fact = ControlPolicyAttached {
            target: self.target.clone(),
            policy,
        };
        Ok(vec![fact.into()])
    }
}

impl DetachControlPolicy {
    pub(super) fn decide(&self, desk: &mut Desk<'_>) -> Verdict {
        let (attached, changed) = desk.target(&self.target)?;
        desk.require(Some(changed))?;
        let (policy, kind) = find(desk, &self.policy)?;
        let there = attached
            .iter()
            .find(|other| other.policy.same_policy(&policy));
        let Some(there) = there else {
            return Err(Rejection::not_found(
                ThingKind::AttachedPolicy,
                &self.policy,
            ));
        };
        let last = of_kind(desk.organization, attached, kind) == 1;
        if kind == ControlKind::Scp && last {
            let why = "would be left without a service control policy; attach another one first";
            return Err(Rejection::state(ThingKind::Unit, &self.target, why));
        }
        let fact = ControlPolicyDetached {
            target: self.target.clone(),
            policy: there.policy.clone(),
        };
        Ok(vec![fact.into()])
    }
}

/// The policy as an attachment made now would keep it. The system's resource control policy is in
/// force everywhere and cannot be attached.
fn find(
    desk: &Desk<'_>,
    policy: &ControlPolicyName,
) -> Result<(ControlPolicyRef, ControlKind), Rejection> {
    match policy {
        ControlPolicyName::Own(own) => {
            let found = desk.policy(own)?;
            Ok((ControlPolicyRef::Own(found.id.clone()), found.kind))
        }
        ControlPolicyName::System(name) => {
            let newest = system_policies::find(name, Kind::Scp)
                .and_then(system_policies::SystemPolicy::newest);
            match newest {
                Some(PolicyRef::System { name, version }) => {
                    Ok((ControlPolicyRef::System { name, version }, ControlKind::Scp))
                }
                Some(PolicyRef::Customer(_)) | None => {
                    Err(Rejection::not_found(ThingKind::Policy, name))
                }
            }
        }
    }
}

fn of_kind(organization: &Organization, attached: &[ControlAttachment], kind: ControlKind) -> u64 {
    let alike = attached
        .iter()
        .filter(|attachment| organization.kind_of(&attachment.policy) == Some(kind));
    count(alike.count())
}
