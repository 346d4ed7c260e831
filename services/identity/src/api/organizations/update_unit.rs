//! `PATCH /v1/organizations/{organization}/units/{unit}`

use serde::Deserialize;
use trilby_access::{
    Access, Authorized, Empty, Input, Json, Known, Method, Operation, Place, Precondition, Reply,
    Scope, Services, Target,
};
use trilby_account::organization;
use trilby_model::AccountName;
use trilby_service::body::Patch;
use trilby_service::problem::{Code, Problem};
use utoipa::ToSchema;

use super::path::{UnitPath, unit_id, unit_target};
use super::view::{UnitView, unit_reply};
use super::write;
use crate::names::named;

const ACTION: &str = "organizations:UpdateUnit";

/// What may be changed about a unit, as a merge patch.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UnitPatch {
    /// Name, unique below its parent without case.
    #[serde(default)]
    #[schema(value_type = Option<AccountName>)]
    name: Patch<String>,
}

/// Renames a unit.
pub struct UpdateUnit;

impl Operation for UpdateUnit {
    const ID: &'static str = "update_unit";
    const METHOD: Method = Method::Patch;
    const PATH: &'static str = "/v1/organizations/{organization}/units/{unit}";
    const TAG: &'static str = super::TAG;
    const SUMMARY: &'static str = "Rename an organizational unit";
    const ACCESS: Access = Access::Action(ACTION);
    const KNOWN: Known = Known::ByAction(super::READ_UNIT);
    const PRECONDITION: Precondition = Precondition::Optional;
    const SUCCESS_DESCRIPTION: &'static str = "The unit as it is now";
    const PROBLEMS: &'static [Code] = &[Code::InvalidName, Code::AlreadyExists, Code::InvalidState];
    type Path = UnitPath;
    type Query = Empty;
    type Body = Json<UnitPatch>;
    type Reply = UnitView;

    fn place(path: &Self::Path) -> Place {
        Place::Organization(path.organization.clone())
    }

    fn target(input: &Input<Self>, scope: &Scope<'_>) -> Result<Target, Problem> {
        unit_target(&input.path.organization, &input.path.unit, ACTION, scope)
    }

    async fn handle(
        grant: Authorized<Self>,
        input: Input<Self>,
        services: &Services,
    ) -> Result<Reply<Self>, Problem> {
        let node = input.path.unit.0.clone();
        let unit = unit_id(&node)?;
        let units = grant.organization()?.state.units();
        let name = match &input.body.name {
            Patch::Keep => units
                .get(&unit)
                .ok_or_else(Problem::not_found)?
                .name
                .clone(),
            Patch::Clear => return Err(Problem::invalid("/name", "cannot be removed")),
            Patch::Set(name) => named(name, "/name")?,
        };
        let id = input.path.organization.clone();
        let command = organization::RenameUnit { unit, name };
        write::command(
            &grant,
            services,
            &input,
            &id,
            command.into(),
            move |after| unit_reply(after, &node),
        )
        .await
    }
}
