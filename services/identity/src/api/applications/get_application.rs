//! `GET /v1/accounts/{account}/applications/{application}`

use trilby_access::{
    Access, Authorized, Empty, Input, Known, Method, NoBody, Operation, Place, Reply, Scope,
    Services, Target,
};
use trilby_service::problem::Problem;

use super::path::{ApplicationPath, find, target};
use super::view::ApplicationView;

/// Reads an application.
pub struct GetApplication;

impl Operation for GetApplication {
    const ID: &'static str = "get_application";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/v1/accounts/{account}/applications/{application}";
    const TAG: &'static str = super::TAG;
    const SUMMARY: &'static str = "Get an application";
    const ACCESS: Access = Access::Action(super::READ);
    const KNOWN: Known = Known::ByAction(super::READ);
    const SUCCESS_DESCRIPTION: &'static str = "The application";

    type Path = ApplicationPath;
    type Query = Empty;
    type Body = NoBody;
    type Reply = ApplicationView;

    fn place(path: &Self::Path) -> Place {
        Place::Account(path.account)
    }

    fn target(input: &Input<Self>, scope: &Scope<'_>) -> Result<Target, Problem> {
        Ok(target(&input.path, scope))
    }

    async fn handle(
        grant: Authorized<Self>,
        input: Input<Self>,
        _: &Services,
    ) -> Result<Reply<Self>, Problem> {
        let application = find(&grant.account()?.state, &input.path.application)?;
        let view = ApplicationView::of(input.path.account, application);
        Ok(Reply::new(view).etag(application.stamp.changed))
    }
}
