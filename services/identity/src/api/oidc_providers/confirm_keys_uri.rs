//! `POST /v1/accounts/{account}/oidc-providers/{provider}/confirm-keys-uri`

use std::sync::Arc;

use serde::Deserialize;
use trilby_access::{
    Access, Authorized, Empty, Input, Json, Known, Method, Operation, Place, Precondition, Reply,
    Scope, Services, Target,
};
use trilby_account::command;
use trilby_federation::cache::KeyCache;
use trilby_model::federation::JwksUrl;
use trilby_service::problem::{Code, Problem};
use utoipa::ToSchema;

use super::path::{ProviderPath, find, target};
use super::view::{ProviderView, reply};

/// Where a provider's keys may be read from now on.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct KeysUriConfirmation {
    /// The address that waits for review.
    jwks_uri: JwksUrl,
}

/// Lets a provider's keys be read where it says that they are now.
pub struct ConfirmOidcProviderKeysUri;

impl Operation for ConfirmOidcProviderKeysUri {
    const ID: &'static str = "confirm_oidc_provider_keys_uri";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/accounts/{account}/oidc-providers/{provider}/confirm-keys-uri";
    const TAG: &'static str = super::TAG;
    const SUMMARY: &'static str = "Confirm where an OIDC provider's keys are";
    const DESCRIPTION: &'static str = "Keys from the old address are trusted no more; those at the new one are read when they are \
        needed. The answer names the roles that this opens.";
    const ACCESS: Access = Access::Action(super::UPDATE);
    const KNOWN: Known = Known::ByAction(super::READ);
    const PRECONDITION: Precondition = Precondition::Optional;
    const SUCCESS_DESCRIPTION: &'static str = "The provider as it is now";
    const PROBLEMS: &'static [Code] = &[Code::InvalidState];

    type Path = ProviderPath;
    type Query = Empty;
    type Body = Json<KeysUriConfirmation>;
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
        let cache = services.part::<Arc<KeyCache>>()?;
        cache
            .allows(input.body.jwks_uri.as_str())
            .map_err(|refused| {
                Problem::invalid("/jwks_uri", format!("may not be called: {refused}"))
            })?;
        let command = command::ConfirmKeysUri {
            provider: wanted.clone(),
            jwks_uri: input.body.jwks_uri.clone(),
        };
        grant
            .command(services, &input, command.into(), move |after, _| {
                let reply = reply(account, find(after, &wanted)?);
                Ok(reply.map_body(|view: ProviderView| view.opening(after)))
            })
            .await
    }
}
