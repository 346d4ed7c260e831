//! `POST /v1/organizations/{organization}/units`

use serde::Deserialize;
use trilby_access::{
    Access, Authorized, Empty, Input, Json, Known, Method, Operation, Place, Reply, Scope,
    Services, Target,
};
use trilby_account::ThingKind;
use trilby_account::organization::{self, UnitRef};
use trilby_model::AccountName;
use trilby_service::problem::{Code, Problem};
use utoipa::ToSchema;

use super::path::{OrganizationPath, root_of, unit_target};
use super::view::UnitView;
use super::write;
use crate::names::named;
use crate::written::lost;

const ACTION: &str = "organizations:CreateUnit";

/// A unit to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewUnit {
    /// Its name, unique below its parent without case.
    #[schema(value_type = AccountName)]
    name: String,
    /// The unit or root it hangs on; the root if none is given.
    #[schema(value_type = Option<String>, example = "ou-7dk20aqz")]
    parent_id: Option<UnitRef>,
}

/// Makes a unit.
pub struct CreateUnit;

impl Operation for CreateUnit {
    const ID: &'static str = "create_unit";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/organizations/{organization}/units";
    const TAG: &'static str = super::TAG;
    const SUMMARY: &'static str = "Create an organizational unit";
    const DESCRIPTION: &'static str =
        "Units nest five deep. Every unit begins with the control policy `system:FullAccess`.";
    const ACCESS: Access = Access::Action(ACTION);
    const KNOWN: Known = Known::ByAction(super::READ_UNIT);
    const SUCCESS: u16 = 201;
    const SUCCESS_DESCRIPTION: &'static str = "The unit";
    const PROBLEMS: &'static [Code] =
        &[Code::InvalidName, Code::AlreadyExists, Code::LimitExceeded];
    type Path = OrganizationPath;
    type Query = Empty;
    type Body = Json<NewUnit>;
    type Reply = UnitView;

    fn place(path: &Self::Path) -> Place {
        Place::Organization(path.organization.clone())
    }

    fn target(input: &Input<Self>, scope: &Scope<'_>) -> Result<Target, Problem> {
        let parent = match &input.body.parent_id {
            Some(parent) => parent.clone(),
            None => root_of(scope)?,
        };
        unit_target(&input.path.organization, &parent, ACTION, scope)
    }

    async fn handle(
        grant: Authorized<Self>,
        input: Input<Self>,
        services: &Services,
    ) -> Result<Reply<Self>, Problem> {
        let id = input.path.organization.clone();
        let root = grant
            .organization()?
            .state
            .root()
            .ok_or_else(Problem::not_found)?;
        let parent = match &input.body.parent_id {
            Some(parent) => parent.clone(),
            None => UnitRef::Root(root.id.clone()),
        };
        let name: AccountName = named(&input.body.name, "/name")?;
        let command = organization::CreateUnit {
            name: name.clone(),
            parent: parent.clone(),
        };
        write::command(
            &grant,
            services,
            &input,
            &id,
            command.into(),
            move |after| {
                let mut units = after.units().values();
                let made = units.find(|unit| unit.parent == parent && unit.name == name);
                let made = made.ok_or_else(|| lost(ThingKind::Unit))?;
                let view = UnitView::of(after, &UnitRef::Unit(made.id.clone()))?;
                let location = format!("/v1/organizations/{}/units/{}", after.id(), made.id);
                Ok(Reply::new(view).etag(made.stamp.changed).location(location))
            },
        )
        .await
    }
}
