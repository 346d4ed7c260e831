//! `GET /v1/accounts/{account}/{oidc-providers|oidc-provider-links}/{x}/role-map`

use std::marker::PhantomData;

use trilby_access::{
    Access, Authorized, Empty, Input, Known, Method, NoBody, Operation, Place, Reply, Scope,
    Services, Target,
};
use trilby_service::problem::Problem;

use super::kind::{MapKind, find, target};
use super::path::MapPath;
use super::view::{RoleMapView, reply};

/// Reads a role map.
pub struct GetRoleMap<K>(PhantomData<K>);

impl<K: MapKind> Operation for GetRoleMap<K> {
    const ID: &'static str = K::IDS[0];
    const METHOD: Method = Method::Get;
    const PATH: &'static str = K::PATH;
    const TAG: &'static str = K::TAG;
    const SUMMARY: &'static str = "Get a role map";
    const ACCESS: Access = Access::Action("iam:GetRoleMap");
    const KNOWN: Known = Known::ByAction(K::READ);
    const SUCCESS_DESCRIPTION: &'static str = "The role map";

    type Path = MapPath<K>;
    type Query = Empty;
    type Body = NoBody;
    type Reply = RoleMapView;

    fn place(path: &Self::Path) -> Place {
        Place::Account(path.account)
    }

    fn target(input: &Input<Self>, scope: &Scope<'_>) -> Result<Target, Problem> {
        Ok(target(input.path.account, &input.path.seat, scope))
    }

    async fn handle(
        grant: Authorized<Self>,
        input: Input<Self>,
        _: &Services,
    ) -> Result<Reply<Self>, Problem> {
        let account = &grant.account()?.state;
        let mapped = find(account, &input.path.seat).ok_or_else(Problem::not_found)?;
        Ok(reply(mapped))
    }
}
