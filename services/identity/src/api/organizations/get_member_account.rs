//! `GET /v1/organizations/{organization}/accounts/{account}`

use trilby_access::{
    Access, Authorized, Empty, Input, Known, Method, NoBody, Operation, Place, Reply, Scope,
    Services, Target,
};
use trilby_service::problem::Problem;

use super::path::{MemberPath, member_target};
use super::view::{MemberView, member_reply};

/// Reads one member.
pub struct GetMemberAccount;

impl Operation for GetMemberAccount {
    const ID: &'static str = "get_member_account";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/v1/organizations/{organization}/accounts/{account}";
    const TAG: &'static str = super::TAG;
    const SUMMARY: &'static str = "Get a member account of an organization";
    const ACCESS: Access = Access::Action(super::READ_ACCOUNT);
    const KNOWN: Known = Known::ByAction(super::READ_ACCOUNT);
    const SUCCESS_DESCRIPTION: &'static str = "The membership";

    type Path = MemberPath;
    type Query = Empty;
    type Body = NoBody;
    type Reply = MemberView;

    fn place(path: &Self::Path) -> Place {
        Place::Organization(path.organization.clone())
    }

    fn target(input: &Input<Self>, scope: &Scope<'_>) -> Result<Target, Problem> {
        member_target(&input.path, super::READ_ACCOUNT, scope)
    }

    async fn handle(
        grant: Authorized<Self>,
        input: Input<Self>,
        _: &Services,
    ) -> Result<Reply<Self>, Problem> {
        let organization = &grant.organization()?.state;
        member_reply(organization, input.path.account)
    }
}
