//! `PUT /v1/accounts/{account}/applications/{application}/actions`

use trilby_access::{
    Access, Authorized, Empty, Input, Json, Known, Method, Operation, Place, Precondition, Reply,
    Scope, Services, Target,
};
use trilby_account::{ThingKind, command};
use trilby_service::problem::{Code, Problem};

use super::path::{ApplicationPath, find, target};
use super::view::CatalogueView;
use crate::written::lost;

/// Replaces an application's catalogue.
pub struct PutActions;

impl Operation for PutActions {
    const ID: &'static str = "put_actions";
    const METHOD: Method = Method::Put;
    const PATH: &'static str = "/v1/accounts/{account}/applications/{application}/actions";
    const TAG: &'static str = super::TAG;
    const SUMMARY: &'static str = "Replace an application's catalogue of actions";
    const ACCESS: Access = Access::Action("registry:PutActions");
    const KNOWN: Known = Known::ByAction(super::READ);
    const PRECONDITION: Precondition = Precondition::Optional;
    const SUCCESS_DESCRIPTION: &'static str = "The catalogue as it is now";
    const PROBLEMS: &'static [Code] = &[Code::LimitExceeded];

    type Path = ApplicationPath;
    type Query = Empty;
    type Body = Json<CatalogueView>;
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
        services: &Services,
    ) -> Result<Reply<Self>, Problem> {
        let name = input.path.application.clone();
        let command = command::PutActions {
            application: name.clone(),
            catalogue: input.body.to_catalogue()?,
        };
        grant
            .command(services, &input, command.into(), move |after, _| {
                let application = find(after, &name)?;
                let stamp = application
                    .catalogue_stamp
                    .ok_or_else(|| lost(ThingKind::Application))?;
                Ok(Reply::new(CatalogueView::from(&application.catalogue)).etag(stamp.changed))
            })
            .await
    }
}
