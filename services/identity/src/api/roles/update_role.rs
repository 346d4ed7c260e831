//! `PATCH /v1/accounts/{account}/roles/{role}`

use std::collections::BTreeSet;

use serde::Deserialize;
use trilby_access::problem::of_rejection;
use trilby_access::{
    Access, Authorized, Change, Empty, Input, Json, Known, Method, Operation, Place, Precondition,
    Reply, Scope, Services, Target,
};
use trilby_account::{RoleRef, command};
use trilby_service::body::Patch;
use trilby_service::problem::{Code, Problem};
use utoipa::ToSchema;

use super::limits::LimitsPatch;
use super::path::{RolePath, find, target};
use super::view::RoleView;
use crate::names::described;

/// What may be changed about a role, as a merge patch. `null` sets a limit back to its default.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RolePatch {
    /// Free text; `null` removes it.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    description: Patch<String>,
    /// Longest session in seconds, 900 to 43200.
    #[serde(default)]
    #[schema(value_type = Option<u32>)]
    max_session_duration: Patch<u32>,
    /// Longest session in seconds that another role session starts, 900 to 43200.
    #[serde(default)]
    #[schema(value_type = Option<u32>)]
    chain_max: Patch<u32>,
    /// Audiences that a session's token may be made for besides our own, at most 10.
    #[serde(default)]
    #[schema(value_type = Option<BTreeSet<String>>)]
    allowed_audiences: Patch<BTreeSet<String>>,
    /// Whether it appears among the roles that may be assumed.
    #[serde(default)]
    #[schema(value_type = Option<bool>)]
    listed: Patch<bool>,
}

/// Changes a role's description and limits.
pub struct UpdateRole;

impl Operation for UpdateRole {
    const ID: &'static str = "update_role";
    const METHOD: Method = Method::Patch;
    const PATH: &'static str = "/v1/accounts/{account}/roles/{role}";
    const TAG: &'static str = super::TAG;
    const SUMMARY: &'static str = "Change a role";
    const DESCRIPTION: &'static str =
        "Other limits are for sessions to come; those that the role has stay as they are.";
    const ACCESS: Access = Access::Action("iam:UpdateRole");
    const KNOWN: Known = Known::ByAction(super::READ);
    const PRECONDITION: Precondition = Precondition::Optional;
    const SUCCESS_DESCRIPTION: &'static str = "The role as it is now";
    const PROBLEMS: &'static [Code] = &[Code::InvalidState];

    type Path = RolePath;
    type Query = Empty;
    type Body = Json<RolePatch>;
    type Reply = RoleView;

    fn place(path: &Self::Path) -> Place {
        Place::Account(path.account)
    }

    fn target(input: &Input<Self>, scope: &Scope<'_>) -> Result<Target, Problem> {
        target(input.path.account, &input.path.role, scope)
    }

    async fn handle(
        grant: Authorized<Self>,
        input: Input<Self>,
        services: &Services,
    ) -> Result<Reply<Self>, Problem> {
        let id = grant.account_id()?;
        let wanted = RoleRef::Id(find(&grant.account()?.state, &input.path.role)?.id.clone());
        let body = &input.body.value;
        let description = match &body.description {
            Patch::Keep => None,
            Patch::Clear => Some(None),
            Patch::Set(text) => Some(described(Some(text))?),
        };
        let limits = LimitsPatch {
            max_session_duration: &body.max_session_duration,
            chain_max: &body.chain_max,
            allowed_audiences: &body.allowed_audiences,
            listed: &body.listed,
        };
        grant
            .write(services, &input, &[], |states, ctx| {
                let account = &states.account(id).ok_or_else(Problem::not_found)?.state;
                let command = command::UpdateRole {
                    role: wanted.clone(),
                    description: description.clone(),
                    limits: Some(limits.on(&find(account, &wanted)?.limits)),
                };
                let events = account.decide(command.into(), ctx).map_err(of_rejection)?;
                let wanted = wanted.clone();
                Ok(Change::of_account(id, events, move |after| {
                    let role = find(after, &wanted)?;
                    Ok(Reply::new(RoleView::whole(after, role)?).etag(role.stamp.changed))
                }))
            })
            .await
    }
}
