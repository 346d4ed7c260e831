//! `GET /v1/accounts/{account}/applications/{application}/resources/{type}/{id}`

use trilby_access::{
    Access, Authorized, Empty, Input, Known, Method, NoBody, Operation, Place, Reply, Scope,
    Services, Target,
};
use trilby_service::problem::Problem;

use super::path::{ResourcePath, find, target};
use super::view::ResourceView;

/// Reads a resource.
pub struct GetResource;

impl Operation for GetResource {
    const ID: &'static str = "get_resource";
    const METHOD: Method = Method::Get;
    const PATH: &'static str =
        "/v1/accounts/{account}/applications/{application}/resources/{type}/{id}";
    const TAG: &'static str = super::TAG;
    const SUMMARY: &'static str = "Get a registered resource";
    const ACCESS: Access = Access::Action(super::READ);
    const KNOWN: Known = Known::ByAction(super::READ);
    const SUCCESS_DESCRIPTION: &'static str = "The resource";

    type Path = ResourcePath;
    type Query = Empty;
    type Body = NoBody;
    type Reply = ResourceView;

    fn place(path: &Self::Path) -> Place {
        Place::Account(path.account)
    }

    fn target(input: &Input<Self>, scope: &Scope<'_>) -> Result<Target, Problem> {
        target(&input.path, scope)
    }

    async fn handle(
        grant: Authorized<Self>,
        input: Input<Self>,
        _: &Services,
    ) -> Result<Reply<Self>, Problem> {
        let resource = find(&grant.account()?.state, &input.path)?;
        let view = ResourceView::of(input.path.account, &input.path.application, resource);
        Ok(Reply::new(view).etag(resource.stamp.changed))
    }
}
