//! `PUT /v1/organizations/{organization}/control-policies/{control_policy}/default-version`

use serde::Deserialize;
use trilby_access::{
    Access, Authorized, Empty, Input, Json, Known, Method, Operation, Place, Precondition, Reply,
    Scope, Services, Target,
};
use trilby_account::organization;
use trilby_service::problem::Problem;
use utoipa::ToSchema;

use super::path::{ControlPolicyPath, find, target};
use super::view::{ControlPolicyView, reply};
use crate::api::organizations::write;
use crate::api::policies::path::{NotAVersion, VersionNumber};

/// The version that comes into force.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DefaultControlPolicyVersion {
    /// `v1`, `v2`, …
    #[schema(example = "v2")]
    version: String,
}

/// Puts another version of a control policy in force.
pub struct SetDefaultControlPolicyVersion;

impl Operation for SetDefaultControlPolicyVersion {
    const ID: &'static str = "set_default_control_policy_version";
    const METHOD: Method = Method::Put;
    const PATH: &'static str =
        "/v1/organizations/{organization}/control-policies/{control_policy}/default-version";
    const TAG: &'static str = super::TAG;
    const SUMMARY: &'static str = "Put a version of a control policy in force";
    const DESCRIPTION: &'static str = "It is in force at once, wherever the policy is attached.";
    const ACCESS: Access = Access::Action(super::UPDATE);
    const KNOWN: Known = Known::ByAction(super::READ);
    const PRECONDITION: Precondition = Precondition::Required;
    const SUCCESS_DESCRIPTION: &'static str = "The policy as it is now";
    type Path = ControlPolicyPath;
    type Query = Empty;
    type Body = Json<DefaultControlPolicyVersion>;
    type Reply = ControlPolicyView;

    fn place(path: &Self::Path) -> Place {
        Place::Organization(path.organization.clone())
    }

    fn target(input: &Input<Self>, scope: &Scope<'_>) -> Result<Target, Problem> {
        target(
            &input.path.organization,
            &input.path.control_policy,
            super::UPDATE,
            scope,
        )
    }

    async fn handle(
        grant: Authorized<Self>,
        input: Input<Self>,
        services: &Services,
    ) -> Result<Reply<Self>, Problem> {
        let id = input.path.organization.clone();
        let wanted = input.path.control_policy.0.clone();
        let version: VersionNumber = input
            .body
            .version
            .parse()
            .map_err(|error: NotAVersion| Problem::invalid("/version", error.to_string()))?;
        let policy = find(&grant.organization()?.state, &wanted)?;
        if !policy.versions.contains_key(&version.0) {
            return Err(Problem::invalid("/version", "there is no such version"));
        }
        let command = organization::SetDefaultControlPolicyVersion {
            policy: wanted.clone(),
            version: version.0,
        };
        write::command(
            &grant,
            services,
            &input,
            &id,
            command.into(),
            move |after| reply(after, find(after, &wanted)?),
        )
        .await
    }
}
