//! `POST /v1/accounts/{account}/oidc-providers/{provider}/refresh`

use trilby_access::{
    Access, Authorized, Empty, Input, Known, Method, NoBody, Operation, Place, Reply, Scope,
    Services, Target,
};
use trilby_account::{ProviderRef, command};
use trilby_service::problem::{Code, Problem};

use super::keys;
use super::path::{ProviderPath, find, target};
use super::view::{ProviderView, reply};

/// Reads a provider's keys anew.
pub struct RefreshOidcProvider;

impl Operation for RefreshOidcProvider {
    const ID: &'static str = "refresh_oidc_provider";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/accounts/{account}/oidc-providers/{provider}/refresh";
    const TAG: &'static str = super::TAG;
    const SUMMARY: &'static str = "Read an OIDC provider's keys anew";
    const DESCRIPTION: &'static str = "Asks the issuer where its keys are and for the keys. If they are elsewhere than pinned, the \
        pinned address stands until the other is confirmed, unless the provider follows its issuer.";
    const ACCESS: Access = Access::Action(super::UPDATE);
    const KNOWN: Known = Known::ByAction(super::READ);
    const SUCCESS_DESCRIPTION: &'static str = "The provider as it is now";
    const PROBLEMS: &'static [Code] = &[
        Code::InvalidState,
        Code::RateLimited,
        Code::IssuerKeysUnavailable,
    ];

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
        let provider = find(&grant.account()?.state, &input.path.provider)?;
        let wanted = ProviderRef::Id(provider.id.clone());
        let keys = keys::visit(services, account, &provider.settings).await?;
        let command = command::ObserveProviderKeys {
            provider: wanted.clone(),
            keys,
        };
        grant
            .command(services, &input, command.into(), move |after, _| {
                Ok(reply(account, find(after, &wanted)?))
            })
            .await
    }
}
