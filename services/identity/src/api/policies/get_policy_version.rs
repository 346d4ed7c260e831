//! `GET /v1/accounts/{account}/policies/{policy}/versions/{version}`

use trilby_access::{
    Access, Authorized, Empty, Input, Known, Method, NoBody, Operation, Place, Reply, Scope,
    Services, Target,
};
use trilby_service::problem::Problem;

use super::path::{VersionPath, find, target};
use super::view::PolicyVersionView;

/// Reads one version of a policy.
pub struct GetPolicyVersion;

impl Operation for GetPolicyVersion {
    const ID: &'static str = "get_policy_version";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/v1/accounts/{account}/policies/{policy}/versions/{version}";
    const TAG: &'static str = super::TAG;
    const SUMMARY: &'static str = "Get one version of a managed policy";
    const ACCESS: Access = Access::Action("iam:GetPolicyVersion");
    const KNOWN: Known = Known::ByAction(super::READ);
    const SUCCESS_DESCRIPTION: &'static str = "The version with its document";

    type Path = VersionPath;
    type Query = Empty;
    type Body = NoBody;
    type Reply = PolicyVersionView;

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
        let number = input.path.version.0.0;
        let version = policy
            .versions
            .get(&number)
            .ok_or_else(Problem::not_found)?;
        Ok(
            Reply::new(PolicyVersionView::whole(policy, number, version)?)
                .etag(version.stamp.changed),
        )
    }
}
