//! `GET /v1/organizations/{organization}`

use trilby_access::{
    Access, Authorized, Empty, Input, Known, Method, NoBody, Operation, Place, Reply, Scope,
    Services, Target,
};
use trilby_service::problem::Problem;

use super::path::{OrganizationPath, target};
use super::view::OrganizationView;

/// Reads an organization.
pub struct GetOrganization;

impl Operation for GetOrganization {
    const ID: &'static str = "get_organization";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/v1/organizations/{organization}";
    const TAG: &'static str = super::TAG;
    const SUMMARY: &'static str = "Get an organization";
    const ACCESS: Access = Access::Action(super::READ);
    const KNOWN: Known = Known::ByAction(super::READ);
    const SUCCESS_DESCRIPTION: &'static str = "The organization";

    type Path = OrganizationPath;
    type Query = Empty;
    type Body = NoBody;
    type Reply = OrganizationView;

    fn place(path: &Self::Path) -> Place {
        Place::Organization(path.organization.clone())
    }

    fn target(input: &Input<Self>, scope: &Scope<'_>) -> Result<Target, Problem> {
        target(&input.path.organization, super::READ, scope)
    }

    async fn handle(
        grant: Authorized<Self>,
        _: Input<Self>,
        _: &Services,
    ) -> Result<Reply<Self>, Problem> {
        let organization = &grant.organization()?.state;
        let stamp = organization.stamp().ok_or_else(Problem::not_found)?;
        Ok(Reply::new(OrganizationView::of(organization)?).etag(stamp.changed))
    }
}
