//! `POST /v1/organizations/{organization}/units/{unit}/move`

use trilby_access::{
    Access, Authorized, Empty, Input, Json, Known, Method, Operation, Place, Precondition, Reply,
    Scope, Services, Target,
};
use trilby_account::organization::{self, UnitRef};
use trilby_service::problem::{Code, Problem};

use super::path::{NewParent, UnitPath, between, unit_id, unit_target};
use super::view::{UnitView, unit_reply};
use super::write;

const ACTION: &str = "organizations:MoveUnit";

/// Hangs a unit elsewhere.
pub struct MoveUnit;

impl Operation for MoveUnit {
    const ID: &'static str = "move_unit";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/organizations/{organization}/units/{unit}/move";
    const TAG: &'static str = super::TAG;
    const SUMMARY: &'static str = "Move an organizational unit";
    const DESCRIPTION: &'static str = "With everything below it. The right is needed on the unit and on both parents; the control policies of the new way to the root are in force at once.";
    const ACCESS: Access = Access::Action(ACTION);
    const KNOWN: Known = Known::ByAction(super::READ_UNIT);
    const PRECONDITION: Precondition = Precondition::Optional;
    const SUCCESS_DESCRIPTION: &'static str = "The unit as it is now";
    const PROBLEMS: &'static [Code] =
        &[Code::AlreadyExists, Code::LimitExceeded, Code::InvalidState];
    type Path = UnitPath;
    type Query = Empty;
    type Body = Json<NewParent>;
    type Reply = UnitView;

    fn place(path: &Self::Path) -> Place {
        Place::Organization(path.organization.clone())
    }

    fn target(input: &Input<Self>, scope: &Scope<'_>) -> Result<Target, Problem> {
        let path = &input.path;
        let target = unit_target(&path.organization, &path.unit, ACTION, scope)?;
        let from = match &*path.unit {
            UnitRef::Unit(id) => scope
                .organization
                .and_then(|view| view.state.units().get(id))
                .map(|unit| unit.parent.clone()),
            UnitRef::Root(_) => None,
        };
        between(target, &path.organization, from, &input.body, ACTION, scope)
    }

    async fn handle(
        grant: Authorized<Self>,
        input: Input<Self>,
        services: &Services,
    ) -> Result<Reply<Self>, Problem> {
        let id = input.path.organization.clone();
        let node = input.path.unit.0.clone();
        let command = organization::MoveUnit {
            unit: unit_id(&node)?,
            parent: input.body.parent_id.clone(),
        };
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
