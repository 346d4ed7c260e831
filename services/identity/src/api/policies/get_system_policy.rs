//! `GET /v1/accounts/{account}/system-policies/{name}`

use serde::Deserialize;
use trilby_access::{
    Access, Authorized, Empty, Input, Known, Method, NoBody, Operation, Place, Reply, Scope,
    Services, Target,
};
use trilby_account::system_policies;
use trilby_model::{AccountId, Arn, PolicyName};
use trilby_service::problem::Problem;
use utoipa::IntoParams;

use super::view::PolicyView;

/// A policy of the system.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct SystemPolicyPath {
    /// The account that asks.
    account: AccountId,
    /// Name of the policy.
    name: PolicyName,
}

/// Reads a policy of the system.
pub struct GetSystemPolicy;

impl Operation for GetSystemPolicy {
    const ID: &'static str = "get_system_policy";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/v1/accounts/{account}/system-policies/{name}";
    const TAG: &'static str = super::TAG;
    const SUMMARY: &'static str = "Get a policy that comes with Trilby";
    const ACCESS: Access = Access::Action(super::READ);
    const KNOWN: Known = Known::ByAction(super::READ);
    const SUCCESS_DESCRIPTION: &'static str = "The policy with its newest document";

    type Path = SystemPolicyPath;
    type Query = Empty;
    type Body = NoBody;
    type Reply = PolicyView;

    fn place(path: &Self::Path) -> Place {
        Place::Account(path.account)
    }

    fn target(input: &Input<Self>, _: &Scope<'_>) -> Result<Target, Problem> {
        // The system's things belong to no account: who may read policies here may read these.
        Ok(Target::new(
            input.path.account,
            Arn::system_policy(&input.path.name),
        ))
    }

    async fn handle(
        _: Authorized<Self>,
        input: Input<Self>,
        _: &Services,
    ) -> Result<Reply<Self>, Problem> {
        let policy = system_policies::by_name(&input.path.name).ok_or_else(Problem::not_found)?;
        PolicyView::whole_of_system(policy).map(Reply::new)
    }
}
