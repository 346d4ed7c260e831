//! `PATCH /v1/organizations/{organization}/control-policies/{control_policy}`

use serde::Deserialize;
use trilby_access::{
    Access, Authorized, Empty, Input, Json, Known, Method, Operation, Place, Precondition, Reply,
    Scope, Services, Target,
};
use trilby_account::organization;
use trilby_service::body::Patch;
use trilby_service::problem::Problem;
use utoipa::ToSchema;

use super::path::{ControlPolicyPath, find, target};
use super::view::{ControlPolicyView, reply};
use crate::api::organizations::write;
use crate::names::described;

/// What may be changed about a control policy, as a merge patch.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ControlPolicyPatch {
    /// Free text; `null` removes it.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    description: Patch<String>,
}

/// Changes a control policy's description.
pub struct UpdateControlPolicy;

impl Operation for UpdateControlPolicy {
    const ID: &'static str = "update_control_policy";
    const METHOD: Method = Method::Patch;
    const PATH: &'static str = "/v1/organizations/{organization}/control-policies/{control_policy}";
    const TAG: &'static str = super::TAG;
    const SUMMARY: &'static str = "Change a control policy's description";
    const ACCESS: Access = Access::Action(super::UPDATE);
    const KNOWN: Known = Known::ByAction(super::READ);
    const PRECONDITION: Precondition = Precondition::Required;
    const SUCCESS_DESCRIPTION: &'static str = "The policy as it is now";
    type Path = ControlPolicyPath;
    type Query = Empty;
    type Body = Json<ControlPolicyPatch>;
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
        let description = match &input.body.description {
            Patch::Keep => None,
            Patch::Clear => Some(None),
            Patch::Set(text) => Some(described(Some(text))?),
        };
        let command = organization::UpdateControlPolicy {
            policy: wanted.clone(),
            description,
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
