//! `PATCH /v1/accounts/{account}/applications/{application}`

use serde::Deserialize;
use trilby_access::{
    Access, Authorized, Empty, Input, Json, Known, Method, Operation, Place, Precondition, Reply,
    Scope, Services, Target,
};
use trilby_account::command;
use trilby_service::body::Patch;
use trilby_service::problem::Problem;
use utoipa::ToSchema;

use super::path::{ApplicationPath, find, target};
use super::view::ApplicationView;
use crate::names::described;

/// What may be changed about an application, as a merge patch.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ApplicationPatch {
    /// Free text; `null` removes it.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    description: Patch<String>,
}

/// Changes an application's description.
pub struct UpdateApplication;

impl Operation for UpdateApplication {
    const ID: &'static str = "update_application";
    const METHOD: Method = Method::Patch;
    const PATH: &'static str = "/v1/accounts/{account}/applications/{application}";
    const TAG: &'static str = super::TAG;
    const SUMMARY: &'static str = "Change an application's description";
    const ACCESS: Access = Access::Action("registry:UpdateApplication");
    const KNOWN: Known = Known::ByAction(super::READ);
    const PRECONDITION: Precondition = Precondition::Optional;
    const SUCCESS_DESCRIPTION: &'static str = "The application as it is now";

    type Path = ApplicationPath;
    type Query = Empty;
    type Body = Json<ApplicationPatch>;
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
        services: &Services,
    ) -> Result<Reply<Self>, Problem> {
        let account = grant.account_id()?;
        let name = input.path.application.clone();
        let description = match &input.body.description {
            Patch::Keep => None,
            Patch::Clear => Some(None),
            Patch::Set(text) => Some(described(Some(text))?),
        };
        let command = command::UpdateApplication {
            application: name.clone(),
            description,
        };
        grant
            .command(services, &input, command.into(), move |after, _| {
                let application = find(after, &name)?;
                Ok(Reply::new(ApplicationView::of(account, application))
                    .etag(application.stamp.changed))
            })
            .await
    }
}
