//! `GET /v1/accounts/{account}/applications/{application}/actions`

use trilby_access::{
    Access, Authorized, Empty, Input, Known, Method, NoBody, Operation, Place, Reply, Scope,
    Services, Target,
};
use trilby_model::Seq;
use trilby_service::problem::Problem;

use super::path::{ApplicationPath, find, target};
use super::view::CatalogueView;

/// Reads an application's catalogue.
pub struct GetActions;

impl Operation for GetActions {
    const ID: &'static str = "get_actions";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/v1/accounts/{account}/applications/{application}/actions";
    const TAG: &'static str = super::TAG;
    const SUMMARY: &'static str = "Get an application's catalogue of actions";
    const ACCESS: Access = Access::Action("registry:GetActions");
    const KNOWN: Known = Known::ByAction(super::READ);
    const SUCCESS_DESCRIPTION: &'static str = "The catalogue; empty if none was put";

    type Path = ApplicationPath;
    type Query = Empty;
    type Body = NoBody;
    type Reply = CatalogueView;

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
        let reply = Reply::new(CatalogueView::from(&application.catalogue));
        let changed: Option<Seq> = application.catalogue_stamp.map(|stamp| stamp.changed);
        Ok(match changed {
            Some(changed) => reply.etag(changed),
            None => reply,
        })
    }
}
