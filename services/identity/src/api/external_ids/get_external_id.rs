//! `GET /v1/accounts/{account}/external-ids/{external_id}`

use trilby_access::{
    Access, Authorized, Empty, Input, Known, Method, NoBody, Operation, Place, Reply, Scope,
    Services, Target,
};
use trilby_service::problem::Problem;

use super::path::{ExternalIdPath, find, target};
use super::view::ExternalIdView;

/// Reads an external id.
pub struct GetExternalId;

impl Operation for GetExternalId {
    const ID: &'static str = "get_external_id";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/v1/accounts/{account}/external-ids/{external_id}";
    const TAG: &'static str = super::TAG;
    const SUMMARY: &'static str = "Get an external id";
    const ACCESS: Access = Access::Action(super::READ);
    const KNOWN: Known = Known::ByAction(super::READ);
    const SUCCESS_DESCRIPTION: &'static str = "The external id";

    type Path = ExternalIdPath;
    type Query = Empty;
    type Body = NoBody;
    type Reply = ExternalIdView;

    fn place(path: &Self::Path) -> Place {
        Place::Account(path.account)
    }

    fn target(input: &Input<Self>, _: &Scope<'_>) -> Result<Target, Problem> {
        Ok(target(input.path.account))
    }

    async fn handle(
        grant: Authorized<Self>,
        input: Input<Self>,
        _: &Services,
    ) -> Result<Reply<Self>, Problem> {
        let account = grant.account()?;
        let issued = find(&account.state, &input.path.external_id)?;
        Ok(Reply::new(ExternalIdView::of(issued)).etag(issued.stamp.changed))
    }
}
