//! `GET /v1/accounts/{account}/roles/{role}`

use trilby_access::{
    Access, Authorized, Empty, Input, Known, Method, NoBody, Operation, Place, Reply, Scope,
    Services, Target,
};
use trilby_service::problem::Problem;

use super::path::{RolePath, find, target};
use super::view::RoleView;
use crate::api::resources::principals;

/// Reads a role.
pub struct GetRole;

impl Operation for GetRole {
    const ID: &'static str = "get_role";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/v1/accounts/{account}/roles/{role}";
    const TAG: &'static str = super::TAG;
    const SUMMARY: &'static str = "Get a role";
    const ACCESS: Access = Access::Action(super::READ);
    const KNOWN: Known = Known::ByAction(super::READ);
    const SUCCESS_DESCRIPTION: &'static str = "The role with its trust policy";

    type Path = RolePath;
    type Query = Empty;
    type Body = NoBody;
    type Reply = RoleView;

    fn place(path: &Self::Path) -> Place {
        Place::Account(path.account)
    }

    fn target(input: &Input<Self>, scope: &Scope<'_>) -> Result<Target, Problem> {
        target(input.path.account, &input.path.role, scope)
    }

    async fn handle(
        grant: Authorized<Self>,
        input: Input<Self>,
        services: &Services,
    ) -> Result<Reply<Self>, Problem> {
        let account = grant.account()?;
        let role = find(&account.state, &input.path.role)?;
        let trust = principals::shown(services, &account.state, &role.trust).await?;
        Ok(Reply::new(RoleView::read(&account.state, role, trust)).etag(role.stamp.changed))
    }
}
