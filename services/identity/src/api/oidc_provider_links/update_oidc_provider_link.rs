//! `PATCH /v1/accounts/{account}/oidc-provider-links/{link}`

use serde::Deserialize;
use trilby_access::problem::of_rejection_in;
use trilby_access::{
    Access, Authorized, Change, Empty, Input, Json, Known, Method, Operation, Place, Precondition,
    Reply, Scope, Services, Target,
};
use trilby_account::command;
use trilby_model::federation::LinkChange;
use trilby_service::problem::Problem;
use utoipa::ToSchema;

use super::path::{LinkPath, find, target};
use super::view::{LinkView, reply};

/// What changes about a link.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OidcProviderLinkPatch {
    /// Settings; what is absent stays.
    settings: LinkChange,
}

/// Changes what a link asks of tokens.
pub struct UpdateOidcProviderLink;

impl Operation for UpdateOidcProviderLink {
    const ID: &'static str = "update_oidc_provider_link";
    const METHOD: Method = Method::Patch;
    const PATH: &'static str = "/v1/accounts/{account}/oidc-provider-links/{link}";
    const TAG: &'static str = super::TAG;
    const SUMMARY: &'static str = "Change an OIDC provider link's settings";
    const ACCESS: Access = Access::Action("iam:UpdateOidcProviderLink");
    const KNOWN: Known = Known::ByAction(super::READ);
    const PRECONDITION: Precondition = Precondition::Required;
    const SUCCESS_DESCRIPTION: &'static str = "The link as it is now";

    type Path = LinkPath;
    type Query = Empty;
    type Body = Json<OidcProviderLinkPatch>;
    type Reply = LinkView;

    fn place(path: &Self::Path) -> Place {
        Place::Account(path.account)
    }

    fn target(input: &Input<Self>, scope: &Scope<'_>) -> Result<Target, Problem> {
        Ok(target(input.path.account, &input.path.link, scope))
    }

    async fn handle(
        grant: Authorized<Self>,
        input: Input<Self>,
        services: &Services,
    ) -> Result<Reply<Self>, Problem> {
        let id = grant.account_id()?;
        let wanted = input.path.link.0.clone();
        let command = command::UpdateProviderLink {
            link: wanted.clone(),
            settings: input.body.settings.clone(),
        };
        grant
            .write(services, &input, &[], |states, ctx| {
                let account = states.account(id).ok_or_else(Problem::not_found)?;
                let events = account
                    .state
                    .decide(command.clone().into(), ctx)
                    .map_err(|rejection| of_rejection_in(rejection, "/settings"))?;
                let wanted = wanted.clone();
                Ok(Change::of_account(id, events, move |after| {
                    Ok(reply(id, find(after, &wanted)?))
                }))
            })
            .await
    }
}
