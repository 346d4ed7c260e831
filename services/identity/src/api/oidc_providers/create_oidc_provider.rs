//! `POST /v1/accounts/{account}/oidc-providers`

use serde::Deserialize;
use trilby_access::{
    Access, Authorized, Empty, Input, Json, Method, Operation, Place, Reply, Scope, Services,
    Target,
};
use trilby_account::federation::complete;
use trilby_account::{Ref, ThingKind, command};
use trilby_model::Arn;
use trilby_model::federation::{Invalid, KeySource, ProviderChange, ProviderName};
use trilby_service::problem::{Code, Problem};
use utoipa::ToSchema;

use super::path::of_issuer;
use super::view::{ProviderView, reply};
use super::{keys, path};
use crate::api::AccountPath;
use crate::names::named;
use crate::written::lost;

/// An OIDC provider to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewOidcProvider {
    /// Name, unique in the account without case; the issuer without scheme if absent.
    #[schema(value_type = Option<ProviderName>)]
    name: Option<String>,
    /// Its settings: issuer and audiences at least.
    settings: ProviderChange,
}

/// Makes a provider.
pub struct CreateOidcProvider;

impl Operation for CreateOidcProvider {
    const ID: &'static str = "create_oidc_provider";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/accounts/{account}/oidc-providers";
    const TAG: &'static str = super::TAG;
    const SUMMARY: &'static str = "Register an OIDC provider";
    const DESCRIPTION: &'static str = "Unless its keys are given, or where they are, the issuer's discovery document is read and \
        the address of its keys pinned. Only hosts on the public web are called, by name and over https, and those that the \
        installation's operator lets us call. Issuers that are known to serve the whole world are `shared`, with claims that \
        each trust policy must pin. The provider admits nobody until a trust policy names it.";
    const ACCESS: Access = Access::Action("iam:CreateOidcProvider");
    const SUCCESS: u16 = 201;
    const SUCCESS_DESCRIPTION: &'static str = "The provider";
    const PROBLEMS: &'static [Code] = &[
        Code::InvalidName,
        Code::AlreadyExists,
        Code::LimitExceeded,
        Code::RateLimited,
        Code::IssuerKeysUnavailable,
    ];

    type Path = AccountPath;
    type Query = Empty;
    type Body = Json<NewOidcProvider>;
    type Reply = ProviderView;

    fn place(path: &Self::Path) -> Place {
        Place::Account(path.account)
    }

    fn target(input: &Input<Self>, _: &Scope<'_>) -> Result<Target, Problem> {
        let account = input.path.account;
        let name = input.body.named()?;
        let target = Target::new(account, Arn::oidc_provider(&account, &name));
        Ok(match &input.body.settings.issuer {
            Some(issuer) => of_issuer(target, issuer),
            None => target,
        })
    }

    async fn handle(
        grant: Authorized<Self>,
        input: Input<Self>,
        services: &Services,
    ) -> Result<Reply<Self>, Problem> {
        let account = grant.account_id()?;
        let name = input.body.named()?;
        let wanted = &input.body.settings;
        // Nobody is called for a provider that would be refused anyway.
        let settings = complete(wanted.clone()).map_err(invalid)?;
        keys::check(services, &settings)?;
        let is_new = path::find(&grant.account()?.state, &Ref::Name(name.clone())).is_err();
        let keys = match &settings.keys {
            KeySource::Discovery { .. } if is_new => {
                Some(keys::visit(services, account, &settings).await?)
            }
            KeySource::Discovery { .. } | KeySource::JwksUri { .. } | KeySource::Static { .. } => {
                None
            }
        };
        let command = command::RegisterProvider {
            name: name.clone(),
            settings: wanted.clone(),
            keys,
        };
        grant
            .command(services, &input, command.into(), move |after, _| {
                let made = after
                    .provider(&Ref::Name(name.clone()))
                    .ok_or_else(|| lost(ThingKind::Provider))?;
                let location = format!("/v1/accounts/{account}/oidc-providers/{}", made.id);
                Ok(reply(account, made).location(location))
            })
            .await
    }
}

/// What is wrong with settings, placed in the body.
pub fn invalid(invalid: Invalid) -> Problem {
    let invalid = invalid.below("/settings");
    Problem::invalid(invalid.pointer, invalid.message)
}

impl NewOidcProvider {
    /// The name that is given, or the issuer's, as far as that can be one.
    ///
    /// Errors: `invalid_name`.
    fn named(&self) -> Result<ProviderName, Problem> {
        match (&self.name, &self.settings.issuer) {
            (Some(name), _) => named(name, "/name"),
            (None, Some(issuer)) => named(issuer.without_scheme(), "/name"),
            (None, None) => Err(Problem::invalid("/settings/issuer", "is missing")),
        }
    }
}
