//! `PATCH /v1/accounts/{account}/groups/{group}`

use serde::Deserialize;
use trilby_access::{
    Access, Authorized, Empty, Input, Json, Known, Method, Operation, Place, Precondition, Reply,
    Scope, Services, Target,
};
use trilby_account::{GroupRef, command};
use trilby_service::body::Patch;
use trilby_service::problem::{Code, Problem};
use utoipa::ToSchema;

use super::path::{GroupPath, find, target};
use super::view::{GroupView, reply};
use crate::names::described;

/// What may be changed about a group, as a merge patch.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GroupPatch {
    /// Free text; `null` removes it.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    description: Patch<String>,
}

/// Changes a group's description.
pub struct UpdateGroup;

impl Operation for UpdateGroup {
    const ID: &'static str = "update_group";
    const METHOD: Method = Method::Patch;
    const PATH: &'static str = "/v1/accounts/{account}/groups/{group}";
    const TAG: &'static str = super::TAG;
    const SUMMARY: &'static str = "Change a group's description";
    const ACCESS: Access = Access::Action("iam:UpdateGroup");
    const KNOWN: Known = Known::ByAction(super::READ);
    const PRECONDITION: Precondition = Precondition::Optional;
    const SUCCESS_DESCRIPTION: &'static str = "The group as it is now";
    const PROBLEMS: &'static [Code] = &[Code::InvalidState];

    type Path = GroupPath;
    type Query = Empty;
    type Body = Json<GroupPatch>;
    type Reply = GroupView;

    fn place(path: &Self::Path) -> Place {
        Place::Account(path.account)
    }

    fn target(input: &Input<Self>, scope: &Scope<'_>) -> Result<Target, Problem> {
        target(input.path.account, &input.path.group, scope)
    }

    async fn handle(
        grant: Authorized<Self>,
        input: Input<Self>,
        services: &Services,
    ) -> Result<Reply<Self>, Problem> {
        let account = grant.account_id()?;
        let group = GroupRef::Id(find(&grant.account()?.state, &input.path.group)?.id.clone());
        let description = match &input.body.description {
            Patch::Keep => None,
            Patch::Clear => Some(None),
            Patch::Set(text) => Some(described(Some(text))?),
        };
        let command = command::UpdateGroup {
            group: group.clone(),
            description,
        };
        grant
            .command(services, &input, command.into(), move |after, _| {
                Ok(reply(account, find(after, &group)?))
            })
            .await
    }
}
