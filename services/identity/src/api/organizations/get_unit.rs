//! `GET /v1/organizations/{organization}/units/{unit}`

use trilby_access::{
    Access, Authorized, Empty, Input, Known, Method, NoBody, Operation, Place, Reply, Scope,
    Services, Target,
};
use trilby_service::problem::Problem;

use super::path::{UnitPath, unit_target};
use super::view::{UnitView, unit_reply};

/// Reads a node of the tree.
pub struct GetUnit;

impl Operation for GetUnit {
    const ID: &'static str = "get_unit";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/v1/organizations/{organization}/units/{unit}";
    const TAG: &'static str = super::TAG;
    const SUMMARY: &'static str = "Get a unit or the root of an organization";
    const ACCESS: Access = Access::Action(super::READ_UNIT);
    const KNOWN: Known = Known::ByAction(super::READ_UNIT);
    const SUCCESS_DESCRIPTION: &'static str = "The node";
    type Path = UnitPath;
    type Query = Empty;
    type Body = NoBody;
    type Reply = UnitView;

    fn place(path: &Self::Path) -> Place {
        Place::Organization(path.organization.clone())
    }

    fn target(input: &Input<Self>, scope: &Scope<'_>) -> Result<Target, Problem> {
        unit_target(
            &input.path.organization,
            &input.path.unit,
            super::READ_UNIT,
            scope,
        )
    }

    async fn handle(
        grant: Authorized<Self>,
        input: Input<Self>,
        services: &Services,
    ) -> Result<Reply<Self>, Problem> {
        let _ = services;
        unit_reply(&grant.organization()?.state, &input.path.unit)
    }
}
