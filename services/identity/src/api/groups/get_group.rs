//! `GET /v1/accounts/{account}/groups/{group}`

use trilby_access::{
    Access, Authorized, Empty, Input, Known, Method, NoBody, Operation, Place, Reply, Scope,
    Services, Target,
};
use trilby_service::problem::Problem;

use super::path::{GroupPath, find, target};
use super::view::{GroupView, reply};

/// Reads a group.
pub struct GetGroup;

impl Operation for GetGroup {
    const ID: &'static str = "get_group";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/v1/accounts/{account}/groups/{group}";
    const TAG: &'static str = super::TAG;
    const SUMMARY: &'static str = "Get a group";
    const ACCESS: Access = Access::Action(super::READ);
    const KNOWN: Known = Known::ByAction(super::READ);
    const SUCCESS_DESCRIPTION: &'static str = "The group";

    type Path = GroupPath;
    type Query = Empty;
    type Body = NoBody;
    type Reply = GroupView;

    fn place(path: &Self::Path) -> Place {
        Place::Account(path.account)
    }

    fn target(input: &Input<Self>, scope: &Scope<'_>) -> Result<Target, Problem> {
        target(input.path.account, &input.path.group, scope)
    }

    async fn handle(
        grant: Authorized<Self>,
        input: Input<Self>,
        _: &Services,
    ) -> Result<Reply<Self>, Problem> {
        let account = grant.account()?;
        Ok(reply(
            input.path.account,
            find(&account.state, &input.path.group)?,
        ))
    }
}
