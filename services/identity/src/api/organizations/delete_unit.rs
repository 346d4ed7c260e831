//! `DELETE /v1/organizations/{organization}/units/{unit}`

use trilby_access::{
    Access, Authorized, Empty, Input, Known, Method, NoBody, NoContent, Operation, Place,
    Precondition, Reply, Scope, Services, Target,
};
use trilby_account::organization;
use trilby_service::problem::{Code, Problem};

use super::path::{UnitPath, unit_id, unit_target};
use super::write;

const ACTION: &str = "organizations:DeleteUnit";

/// Deletes an empty unit.
pub struct DeleteUnit;

impl Operation for DeleteUnit {
    const ID: &'static str = "delete_unit";
    const METHOD: Method = Method::Delete;
    const PATH: &'static str = "/v1/organizations/{organization}/units/{unit}";
    const TAG: &'static str = super::TAG;
    const SUMMARY: &'static str = "Delete an organizational unit";
    const DESCRIPTION: &'static str = "Refused while units or accounts hang on it.";
    const ACCESS: Access = Access::Action(ACTION);
    const KNOWN: Known = Known::ByAction(super::READ_UNIT);
    const PRECONDITION: Precondition = Precondition::Optional;
    const SUCCESS: u16 = 204;
    const SUCCESS_DESCRIPTION: &'static str = "It is gone";
    const PROBLEMS: &'static [Code] = &[Code::DeleteConflict, Code::InvalidState];
    type Path = UnitPath;
    type Query = Empty;
    type Body = NoBody;
    type Reply = NoContent;

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
        let id = input.path.organization.clone();
        let command = organization::DeleteUnit {
            unit: unit_id(&input.path.unit)?,
        };
        write::command(&grant, services, &input, &id, command.into(), |_| {
            Ok(Reply::new(NoContent))
        })
        .await
    }
}
