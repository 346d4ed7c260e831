//! `GET /v1/accounts/{account}/policies/{policy}`

use trilby_access::{
    Access, Authorized, Empty, Input, Known, Method, NoBody, Operation, Place, Reply, Scope,
    Services, Target,
};
use trilby_service::problem::Problem;

use super::path::{PolicyPath, find, target};
use super::view::PolicyView;

/// Reads a policy.
pub struct GetPolicy;

impl Operation for GetPolicy {
    const ID: &'static str = "get_policy";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/v1/accounts/{account}/policies/{policy}";
    const TAG: &'static str = super::TAG;
    const SUMMARY: &'static str = "Get a managed policy of the account";
    const ACCESS: Access = Access::Action(super::READ);
    const KNOWN: Known = Known::ByAction(super::READ);
    const SUCCESS_DESCRIPTION: &'static str = "The policy with the document in force";

    type Path = PolicyPath;
    type Query = Empty;
    type Body = NoBody;
    type Reply = PolicyView;

    fn place(path: &Self::Path) -> Place {
        Place::Account(path.account)
    }

    fn target(input: &Input<Self>, scope: &Scope<'_>) -> Result<Target, Problem> {
        target(input.path.account, &input.path.policy, scope)
    }

    async fn handle(
        grant: Authorized<Self>,
        input: Input<Self>,
        _: &Services,
    ) -> Result<Reply<Self>, Problem> {
        let account = grant.account()?;
        let policy = find(&account.state, &input.path.policy)?;
        Ok(Reply::new(PolicyView::whole(input.path.account, policy)?).etag(policy.stamp.changed))
    }
}
