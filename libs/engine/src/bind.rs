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

    /// Every policy that binds, in the order of evaluation, with the index of its level.
    pub(crate) fn policies(
        &self,
    ) -> impl Iterator<Item = (LayerKind, Option<usize>, &'a Arc<CompiledPolicy>)> {
        let flat = |kind: LayerKind, policies: &'a [Arc<CompiledPolicy>]| {
            policies.iter().map(move |policy| (kind, None, policy))
        };
        levels(LayerKind::Rcp, self.rcp)
            .chain(levels(LayerKind::Scp, self.scp))
            .chain(flat(LayerKind::Identity, self.identity))
            .chain(
                self.resource
                    .map(|policy| (LayerKind::Resource, None, policy)),
            )
            .chain(flat(LayerKind::Boundary, self.boundary.unwrap_or_default()))
            .chain(flat(LayerKind::Session, self.session.unwrap_or_default()))
    }
}

fn levels(
    kind: LayerKind,
    levels: Option<&[Level]>,
) -> impl Iterator<Item = (LayerKind, Option<usize>, &Arc<CompiledPolicy>)> {
    levels
        .unwrap_or_default()
        .iter()
        .enumerate()
        .flat_map(move |(index, level)| {
            level
                .policies
                .iter()
                .map(move |policy| (kind, Some(index), policy))
        })
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
