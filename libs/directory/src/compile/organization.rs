//! One organization: its tree, and the control policies on the way to each account.

use std::sync::Arc;

use trilby_account::organization::{Organization, UnitRef};
use trilby_account::{Attachment, PolicyRef, system_policies};
use trilby_engine as engine;
use trilby_engine::{CompiledPolicy, LayerKind, OrganizationBuilder};
use trilby_eventlog::Head;
use trilby_policy::Kind;

use super::policies::PolicyCache;
use super::{Broken, quarantined};
use crate::error::Error;

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
    let mut nodes: Vec<(String, Option<&UnitRef>, &[Attachment])> =
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
    let mut any_rcp = false;
    for (node, parent, attached) in nodes {
        if let Some(parent) = parent {
            builder.place(&node, &parent.to_string());
        }
        let controls = controls(attached, policies)?;
        any_rcp |= !controls.rcp.is_empty();
        builder.attach_scp(&node, controls.scp);
        builder.attach_rcp(&node, controls.rcp);
    }
    builder.rcp_on(any_rcp);
    Ok(builder.build())
}

fn controls(attached: &[Attachment], policies: &PolicyCache) -> Result<Controls, Broken> {
    let mut controls = Controls::default();
    for attachment in attached {
        let (name, version) = match &attachment.policy {
            PolicyRef::System { name, version } => (name, *version),
            // Organizations have no policies of their own yet.
            PolicyRef::Customer(id) => {
                return Err(Broken::Missing {
                    name: id.to_string(),
                });
            }
        };
        let policy = system_policies::by_name(name).ok_or_else(|| Broken::Missing {
            name: name.to_string(),
        })?;
        match policy.kind() {
            Kind::Scp => {
                controls
                    .scp
                    .push(policies.system(name, version, Kind::Scp, LayerKind::Scp)?)
            }
            Kind::Rcp => {
                controls
                    .rcp
                    .push(policies.system(name, version, Kind::Rcp, LayerKind::Rcp)?)
            }
            Kind::Identity | Kind::Boundary | Kind::Session | Kind::Resource | Kind::Trust => {
                return Err(Broken::Missing {
                    name: format!("control policy {name}"),
                });
            }
        }
    }
    Ok(controls)
}
