//! One organization: its tree, and the control policies on the way to each account.

use std::sync::Arc;

use trilby_account::organization::{
    ControlAttachment, ControlKind, ControlPolicyRef, Organization, QuarantineTarget, UnitRef,
};
use trilby_engine as engine;
use trilby_engine::{CompiledPolicy, LayerKind, OrganizationBuilder};
use trilby_eventlog::Head;
use trilby_model::ControlPolicyId;
use trilby_policy::Kind;

use super::policies::PolicyCache;
use super::{Broken, quarantined};
use crate::error::Error;

/// The resource control policy that every level has, in the one version that old logs mean too.
const RESOURCE_FULL_ACCESS: &str = "ResourceFullAccess";
const RESOURCE_FULL_ACCESS_VERSION: u32 = 1;

/// The compiled form of an organization.
pub(crate) fn organization(
    state: &Organization,
    policies: &PolicyCache,
    head: &Head,
) -> Result<engine::Organization, Error> {
    whole(state, policies).map_err(|broken| quarantined(head, &broken))
}

/// Control policies of one node, by the layer they cap.
#[derive(Default)]
struct Controls {
    scp: Vec<Arc<CompiledPolicy>>,
    rcp: Vec<Arc<CompiledPolicy>>,
}

fn whole(state: &Organization, policies: &PolicyCache) -> Result<engine::Organization, Broken> {
    let missing = |what: &str| Broken::Missing {
        name: format!("{what} of {}", state.id()),
    };
    let management = state
        .management_account()
        .ok_or_else(|| missing("management account"))?;
    let root = state.root().ok_or_else(|| missing("root"))?;
    let mut builder = OrganizationBuilder::new(state.id().clone(), management);
    // A level without service control policies allows nothing: each node gets `FullAccess` when it is made.
    builder.scp_on(true);
    let mut nodes: Vec<(String, Option<&UnitRef>, &[ControlAttachment])> =
        vec![(root.id.to_string(), None, &root.control_policies)];
    for unit in state.units().values() {
        nodes.push((
            unit.id.to_string(),
            Some(&unit.parent),
            &unit.control_policies,
        ));
    }
    for member in state.members().values() {
        nodes.push((
            member.account.to_string(),
            Some(&member.parent),
            &member.control_policies,
        ));
    }
    let mut own_rcp = Vec::new();
    for (node, parent, attached) in nodes {
        if let Some(parent) = parent {
            builder.place(&node, &parent.to_string());
        }
        let controls = controls(state, attached, policies)?;
        builder.attach_scp(&node, controls.scp);
        own_rcp.push((node, controls.rcp));
    }
    // Without any resource control policy of its own, an organization caps no resources: nothing need be asked.
    if own_rcp.iter().any(|(_, own)| !own.is_empty()) {
        builder.rcp_on(true);
        let full = resource_full_access(policies)?;
        for (node, own) in own_rcp {
            let level = std::iter::once(Arc::clone(&full)).chain(own).collect();
            builder.attach_rcp(&node, level);
        }
    }
    for quarantine in state.quarantines().values() {
        match &quarantine.target {
            QuarantineTarget::Account(account) => builder.quarantine(*account),
            QuarantineTarget::Principal { principal, .. } => {
                builder.quarantine_principal(&principal.to_string())
            }
        };
    }
    Ok(builder.build())
}

fn controls(
    state: &Organization,
    attached: &[ControlAttachment],
    policies: &PolicyCache,
) -> Result<Controls, Broken> {
    let mut controls = Controls::default();
    for attachment in attached {
        let (kind, policy) = match &attachment.policy {
            ControlPolicyRef::System { name, version } => (
                ControlKind::Scp,
                policies.system(name, *version, Kind::Scp, LayerKind::Scp)?,
            ),
            ControlPolicyRef::Own(id) => own(state, id, policies)?,
        };
        match kind {
            ControlKind::Scp => controls.scp.push(policy),
            ControlKind::Rcp => controls.rcp.push(policy),
        }
    }
    Ok(controls)
}

/// A policy of the organization in the version that is in force.
fn own(
    state: &Organization,
    id: &ControlPolicyId,
    policies: &PolicyCache,
) -> Result<(ControlKind, Arc<CompiledPolicy>), Broken> {
    let missing = || Broken::Missing {
        name: format!("control policy {id}"),
    };
    let policy = state.control_policies().get(id).ok_or_else(missing)?;
    let version = policy.in_force().ok_or_else(missing)?;
    let compiled = policies.control(
        policy.name.as_ref(),
        policy.kind,
        policy.default_version,
        &version.text,
    )?;
    Ok((policy.kind, compiled))
}

/// What every level has that organizations cannot take away: without it, a level whose own resource control policies
/// only deny would allow nothing.
fn resource_full_access(policies: &PolicyCache) -> Result<Arc<CompiledPolicy>, Broken> {
    let name = RESOURCE_FULL_ACCESS.parse().map_err(|_| Broken::Missing {
        name: RESOURCE_FULL_ACCESS.to_owned(),
    })?;
    policies.system(
        &name,
        RESOURCE_FULL_ACCESS_VERSION,
        Kind::Rcp,
        LayerKind::Rcp,
    )
}
