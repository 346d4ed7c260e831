//! `PUT /v1/accounts/{account}/policies/{policy}/default-version`

use serde::Deserialize;
use trilby_access::{
    Access, Authorized, Input, Json, Known, Method, Operation, Place, Precondition, Reply, Scope,
    Services, Target,
};
use trilby_account::command;
use trilby_service::problem::{Code, Problem};
use utoipa::ToSchema;

use super::path::{NotAVersion, PolicyPath, VersionNumber, find, target};
use super::view::PolicyView;
use crate::api::KnowingQuery;

/// The version that comes into force.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DefaultPolicyVersion {
    /// `v1`, `v2`, …
    #[schema(example = "v2")]
    version: String,
}

/// Puts another version of a policy in force.
pub struct SetDefaultPolicyVersion;

impl Operation for SetDefaultPolicyVersion {
    const ID: &'static str = "set_default_policy_version";
    const METHOD: Method = Method::Put;
    const PATH: &'static str = "/v1/accounts/{account}/policies/{policy}/default-version";
    const TAG: &'static str = super::TAG;
    const SUMMARY: &'static str = "Put a version of a managed policy in force";
    const ACCESS: Access = Access::Action("iam:SetDefaultPolicyVersion");
    const KNOWN: Known = Known::ByAction(super::READ);
    const PRECONDITION: Precondition = Precondition::Required;
    const SUCCESS_DESCRIPTION: &'static str = "The policy as it is now";

    type Path = PolicyPath;
    type Query = KnowingQuery;
    type Body = Json<DefaultPolicyVersion>;
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
        services: &Services,
    ) -> Result<Reply<Self>, Problem> {
        let account = grant.account_id()?;
        let wanted = input.path.policy.0.clone();
        let version: VersionNumber = input
            .body
            .version
            .parse()
            .map_err(|error: NotAVersion| Problem::invalid("/version", error.to_string()))?;
        let policy = find(&grant.account()?.state, &wanted)?;
        if !policy.versions.contains_key(&version.0) {
            return Err(Problem::new(
                Code::InvalidParameter,
                format!("the policy has no version `{version}`"),
            )
            .error(trilby_service::problem::FieldError::at(
                "/version",
                Code::InvalidParameter,
                "there is no such version",
            )));
        }
        let command = command::SetDefaultPolicyVersion {
            policy: wanted.clone(),
            version: version.0,
        };
        grant
            .command(services, &input, command.into(), move |after, _| {
                let policy = find(after, &wanted)?;
                Ok(Reply::new(PolicyView::whole(account, policy)?).etag(policy.stamp.changed))
            })
            .await
    }
}
