//! `GET /v1/accounts/{account}/oidc-providers/{provider}`

use trilby_access::{
    Access, Authorized, Empty, Input, Known, Method, NoBody, Operation, Place, Reply, Scope,
    Services, Target,
};
use trilby_service::problem::Problem;

use super::path::{ProviderPath, find, target};
use super::view::{ProviderView, reply};

/// Reads a provider.
pub struct GetOidcProvider;

impl Operation for GetOidcProvider {
    const ID: &'static str = "get_oidc_provider";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/v1/accounts/{account}/oidc-providers/{provider}";
    const TAG: &'static str = super::TAG;
    const SUMMARY: &'static str = "Get an OIDC provider";
    const ACCESS: Access = Access::Action(super::READ);
    const KNOWN: Known = Known::ByAction(super::READ);
    const SUCCESS_DESCRIPTION: &'static str = "The provider";

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
        _: &Services,
    ) -> Result<Reply<Self>, Problem> {
        let account = &grant.account()?.state;
        let provider = find(account, &input.path.provider)?;
        Ok(reply(account.id(), provider))
    }
}
