//! `GET /v1/accounts/{account}/applications/{application}/resources/{type}/{id}/policy`

use trilby_access::{
    Access, Authorized, Empty, Input, Known, Method, NoBody, Operation, Place, Reply, Scope,
    Services, Target,
};
use trilby_service::problem::Problem;

use super::path::{ResourcePath, find, target};
use super::principals;
use super::view::ResourcePolicyView;

/// Reads a resource's policy.
pub struct GetResourcePolicy;

impl Operation for GetResourcePolicy {
    const ID: &'static str = "get_resource_policy";
    const METHOD: Method = Method::Get;
    const PATH: &'static str =
        "/v1/accounts/{account}/applications/{application}/resources/{type}/{id}/policy";
    const TAG: &'static str = super::TAG;
    const SUMMARY: &'static str = "Get the policy on a resource";
    const ACCESS: Access = Access::Action("registry:GetResourcePolicy");
    const ROOT_REPAIRS: bool = true;
    const KNOWN: Known = Known::ByAction(super::READ);
    const SUCCESS_DESCRIPTION: &'static str = "The policy";

    type Path = ResourcePath;
    type Query = Empty;
    type Body = NoBody;
    type Reply = ResourcePolicyView;

    fn place(path: &Self::Path) -> Place {
        Place::Account(path.account)
    }

    fn target(input: &Input<Self>, scope: &Scope<'_>) -> Result<Target, Problem> {
        target(&input.path, scope)
    }

    async fn handle(
        grant: Authorized<Self>,
        input: Input<Self>,
        services: &Services,
    ) -> Result<Reply<Self>, Problem> {
        let account = &grant.account()?.state;
        let policy = find(account, &input.path)?
            .policy
            .as_ref()
            .ok_or_else(Problem::not_found)?;
        let document = principals::shown(services, account, &policy.text).await?;
        let view = ResourcePolicyView::of(input.path.arn()?, policy, document);
        Ok(Reply::new(view).etag(policy.stamp.changed))
    }
}
