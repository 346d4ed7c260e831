//! `POST /v1/accounts/{account}/oidc-providers/{provider}/disable` and `/enable`

use trilby_access::{
    Access, Authorized, Empty, Input, Known, Method, NoBody, Operation, Place, Precondition, Reply,
    Scope, Services, Target,
};
use trilby_account::command;
use trilby_service::problem::Problem;

use super::path::{ProviderPath, find, target};
use super::view::{ProviderView, reply};

/// Lets a provider vouch for nobody.
pub struct DisableOidcProvider;

/// Lets a provider vouch again.
pub struct EnableOidcProvider;

macro_rules! sets_status {
    ($name:ident, $id:literal, $verb:literal, $enabled:literal, $summary:literal, $description:literal) => {
        impl Operation for $name {
            const ID: &'static str = $id;
            const METHOD: Method = Method::Post;
            const PATH: &'static str =
                concat!("/v1/accounts/{account}/oidc-providers/{provider}/", $verb);
            const TAG: &'static str = super::TAG;
            const SUMMARY: &'static str = $summary;
            const DESCRIPTION: &'static str = $description;
            const ACCESS: Access = Access::Action(super::UPDATE);
            const KNOWN: Known = Known::ByAction(super::READ);
            const PRECONDITION: Precondition = Precondition::Optional;
            const SUCCESS_DESCRIPTION: &'static str = "The provider as it is now";

            type Path = ProviderPath;
            type Query = Empty;
            type Body = NoBody;
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
                let command = command::SetProviderStatus {
                    provider: wanted.clone(),
                    enabled: $enabled,
                };
                grant
                    .command(services, &input, command.into(), move |after, _| {
                        Ok(reply(account, find(after, &wanted)?))
                    })
                    .await
            }
        }
    };
}

sets_status!(
    DisableOidcProvider,
    "disable_oidc_provider",
    "disable",
    false,
    "Disable an OIDC provider",
    "Nobody logs in through it, and what came through it ends, in every account."
);
sets_status!(
    EnableOidcProvider,
    "enable_oidc_provider",
    "enable",
    true,
    "Enable an OIDC provider",
    "Sessions that ended stay ended."
);
