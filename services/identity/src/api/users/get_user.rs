//! `GET /v1/accounts/{account}/users/{user}`

use trilby_access::{
    Access, Authorized, Empty, Input, Known, Method, NoBody, Operation, Place, Reply, Scope,
    Services, Target,
};
use trilby_service::problem::Problem;

use super::path::{UserPath, find, target};
use super::view::{UserView, reply};

/// Reads a user.
pub struct GetUser;

impl Operation for GetUser {
    const ID: &'static str = "get_user";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/v1/accounts/{account}/users/{user}";
    const TAG: &'static str = super::TAG;
    const SUMMARY: &'static str = "Get a user";
    const ACCESS: Access = Access::Action(super::READ);
    const KNOWN: Known = Known::ByAction(super::READ);
    const SUCCESS_DESCRIPTION: &'static str = "The user";

    type Path = UserPath;
    type Query = Empty;
    type Body = NoBody;
    type Reply = UserView;

    fn place(path: &Self::Path) -> Place {
        Place::Account(path.account)
    }

    fn target(input: &Input<Self>, scope: &Scope<'_>) -> Result<Target, Problem> {
        target(input.path.account, &input.path.user, scope)
    }

    async fn handle(
        grant: Authorized<Self>,
        input: Input<Self>,
        _: &Services,
    ) -> Result<Reply<Self>, Problem> {
        let account = grant.account()?;
        Ok(reply(
            &account.state,
            find(&account.state, &input.path.user)?,
        ))
    }
}
