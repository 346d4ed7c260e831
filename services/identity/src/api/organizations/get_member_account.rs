//! `GET /v1/organizations/{organization}/accounts/{account}`

use trilby_access::{
    Access, Authorized, Empty, Input, Known, Method, NoBody, Operation, Place, Reply, Scope,
    Services, Target,
};
use trilby_model::Arn;
use trilby_service::problem::Problem;

use super::path::{MemberPath, management};
use super::view::MemberView;

/// Reads one member.
pub struct GetMemberAccount;

impl Operation for GetMemberAccount {
    const ID: &'static str = "get_member_account";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/v1/organizations/{organization}/accounts/{account}";
    const TAG: &'static str = super::TAG;
    const SUMMARY: &'static str = "Get a member account of an organization";
    const ACCESS: Access = Access::Action("organizations:GetAccount");
    const KNOWN: Known = Known::ByAction("organizations:GetAccount");
    const SUCCESS_DESCRIPTION: &'static str = "The membership";

    type Path = MemberPath;
    type Query = Empty;
    type Body = NoBody;
    type Reply = MemberView;

    fn place(path: &Self::Path) -> Place {
        Place::Organization(path.organization.clone())
    }

    fn target(input: &Input<Self>, scope: &Scope<'_>) -> Result<Target, Problem> {
        let management = management(scope)?;
        let arn = Arn::member(&management, &input.path.organization, &input.path.account);
        Ok(Target::new(management, arn))
    }

    async fn handle(
        grant: Authorized<Self>,
        input: Input<Self>,
        _: &Services,
    ) -> Result<Reply<Self>, Problem> {
        let organization = &grant.organization()?.state;
        let management = organization
            .management_account()
            .ok_or_else(Problem::not_found)?;
        let member = organization
            .member(input.path.account)
            .ok_or_else(Problem::not_found)?;
        let view = MemberView::of(management, organization.id(), member);
        Ok(Reply::new(view).etag(member.stamp.changed))
    }
}
