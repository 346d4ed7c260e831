//! `PUT /v1/accounts/{account}/oidc-providers/{provider}/sharing`

use std::collections::BTreeSet;

use serde::Deserialize;
use trilby_access::{
    Access, Authorized, Empty, Input, Json, Known, Method, Operation, Place, Precondition, Reply,
    Scope, Services, Target,
};
use trilby_account::command;
use trilby_model::federation::ShareTarget;
use trilby_service::problem::Problem;
use utoipa::ToSchema;

use super::path::{ProviderPath, find, target};
use super::view::{ProviderView, reply};

/// With whom a provider is shared.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OidcProviderSharing {
    /// All accounts and organizations that may link it; at most 100.
    shared_with: BTreeSet<ShareTarget>,
}

/// Says who may link a provider.
pub struct ShareOidcProvider;

impl Operation for ShareOidcProvider {
    const ID: &'static str = "share_oidc_provider";
    const METHOD: Method = Method::Put;
    const PATH: &'static str = "/v1/accounts/{account}/oidc-providers/{provider}/sharing";
    const TAG: &'static str = super::TAG;
    const SUMMARY: &'static str = "Say who may link an OIDC provider";
    const DESCRIPTION: &'static str = "Each account accepts by a link of its own. Where somebody may link it no more, everything \
        that came through the provider ends, in every account.";
    const ACCESS: Access = Access::Action("iam:ShareOidcProvider");
    const KNOWN: Known = Known::ByAction(super::READ);
    const PRECONDITION: Precondition = Precondition::Required;
    const SUCCESS_DESCRIPTION: &'static str = "The provider as it is now";

    type Path = ProviderPath;
    type Query = Empty;
    type Body = Json<OidcProviderSharing>;
    type Reply = ProviderView;

    fn place(path: &Self::Path) -> Place {
        Place::Account(path.account)
    }

    fn target(input: &Input<Self>, scope: &Scope<'_>) -> Result<Target, Problem> {
        Ok(target(input.path.account, &input.path.provider, scope))
    }

    async fn handle(
        grant: Authorized<Self>,
        input: Input<Self>,
        services: &Services,
    ) -> Result<Reply<Self>, Problem> {
        let account = grant.account_id()?;
        let wanted = input.path.provider.0.clone();
        let command = command::ShareProvider {
            provider: wanted.clone(),
            shared_with: input.body.shared_with.clone(),
        };
        grant
            .command(services, &input, command.into(), move |after, _| {
                Ok(reply(account, find(after, &wanted)?))
            })
            .await
    }
}
