//! Which of the layers bind this caller.

use std::sync::Arc;

use crate::compiled::CompiledPolicy;
use crate::layer::{LayerKind, Layers, Level};
use crate::principal::Principal;
use crate::request::Request;

/// The layers of one request, without those that do not bind its caller.
pub(crate) struct Bound<'a> {
    pub(crate) identity: &'a [Arc<CompiledPolicy>],
    pub(crate) boundary: Option<&'a [Arc<CompiledPolicy>]>,
    pub(crate) session: Option<&'a [Arc<CompiledPolicy>]>,
    pub(crate) resource: Option<&'a Arc<CompiledPolicy>>,
    pub(crate) scp: Option<&'a [Level]>,
    pub(crate) rcp: Option<&'a [Level]>,
}

impl<'a> Bound<'a> {
    pub(crate) fn new(request: &Request, layers: &'a Layers) -> Self {
        let principal = &request.principal;
        let of_identity = principal.has_identity();
        let of_account = is_of_an_account(principal);
        Self {
            identity: if of_identity { &layers.identity } else { &[] },
            boundary: layers.boundary.as_deref().filter(|_| of_identity),
            session: layers.session.as_deref().filter(|_| of_account),
            resource: layers.resource.as_ref(),
            scp: layers.scp.as_deref().filter(|_| of_account),
            rcp: layers.rcp.as_deref(),
        }
    }

    /// Every policy that binds, in the order of evaluation.
    pub(crate) fn policies(&self) -> impl Iterator<Item = (Seat, &'a Arc<CompiledPolicy>)> {
        let flat =
            |layer: LayerKind, policies: &'a [Arc<CompiledPolicy>]| seats(layer, None, policies);
        levels(LayerKind::Rcp, self.rcp)
            .chain(levels(LayerKind::Scp, self.scp))
            .chain(flat(LayerKind::Identity, self.identity))
            .chain(flat(
                LayerKind::Resource,
                self.resource.map(std::slice::from_ref).unwrap_or_default(),
            ))
            .chain(flat(LayerKind::Boundary, self.boundary.unwrap_or_default()))
            .chain(flat(LayerKind::Session, self.session.unwrap_or_default()))
    }
}

/// Where a policy sits in a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Seat {
    pub(crate) layer: LayerKind,
    /// Index of the level in a chain.
    pub(crate) level: Option<usize>,
    /// Index of the policy in its layer or level.
    pub(crate) policy: usize,
}

impl Seat {
    /// Of the policy on the resource.
    pub(crate) const ON_RESOURCE: Self = Self {
        layer: LayerKind::Resource,
        level: None,
        policy: 0,
    };
}

fn seats(
    layer: LayerKind,
    level: Option<usize>,
    policies: &[Arc<CompiledPolicy>],
) -> impl Iterator<Item = (Seat, &Arc<CompiledPolicy>)> {
    policies.iter().enumerate().map(move |(policy, found)| {
        let seat = Seat {
            layer,
            level,
            policy,
        };
        (seat, found)
    })
}

fn levels(
    layer: LayerKind,
    levels: Option<&[Level]>,
) -> impl Iterator<Item = (Seat, &Arc<CompiledPolicy>)> {
    levels
        .unwrap_or_default()
        .iter()
        .enumerate()
        .flat_map(move |(index, level)| seats(layer, Some(index), &level.policies))
}

/// Services, outsiders and nobody have neither sessions nor an organization.
fn is_of_an_account(principal: &Principal) -> bool {
    match principal {
        Principal::Root(_)
        | Principal::User(_)
        | Principal::RoleSession(_)
        | Principal::FederatedUserSession(_) => true,
        Principal::Service { .. } | Principal::WebIdentity { .. } | Principal::Anonymous => false,
    }
}
