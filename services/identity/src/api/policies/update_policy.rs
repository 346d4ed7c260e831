//! `PATCH /v1/accounts/{account}/policies/{policy}`

use serde::Deserialize;
use trilby_access::{
    Access, Authorized, Empty, Input, Json, Known, Method, Operation, Place, Precondition, Reply,
    Scope, Services, Target,
};
use trilby_account::command;
use trilby_service::body::Patch;
use trilby_service::problem::{Code, Problem};
use utoipa::ToSchema;

use super::path::{PolicyPath, find, target};
use super::view::PolicyView;
use crate::names::described;

/// What may be changed about a policy, as a merge patch.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PolicyPatch {
    /// Free text; `null` removes it.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    description: Patch<String>,
}

/// Changes a policy's description.
pub struct UpdatePolicy;

impl Operation for UpdatePolicy {
    const ID: &'static str = "update_policy";
    const METHOD: Method = Method::Patch;
    const PATH: &'static str = "/v1/accounts/{account}/policies/{policy}";
    const TAG: &'static str = super::TAG;
    const SUMMARY: &'static str = "Change a managed policy's description";
    const ACCESS: Access = Access::Action("iam:UpdatePolicy");
    const KNOWN: Known = Known::ByAction(super::READ);
    const PRECONDITION: Precondition = Precondition::Optional;
    const SUCCESS_DESCRIPTION: &'static str = "The policy as it is now";
    const PROBLEMS: &'static [Code] = &[Code::InvalidState];

    type Path = PolicyPath;
    type Query = Empty;
    type Body = Json<PolicyPatch>;
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
        let description = match &input.body.description {
            Patch::Keep => None,
            Patch::Clear => Some(None),
            Patch::Set(text) => Some(described(Some(text))?),
        };
        let command = command::UpdatePolicy {
            policy: wanted.clone(),
            description,
        };
        grant
            .command(services, &input, command.into(), move |after, _| {
                let policy = find(after, &wanted)?;
                Ok(Reply::new(PolicyView::whole(account, policy)?).etag(policy.stamp.changed))
            })
            .await
    }
}
