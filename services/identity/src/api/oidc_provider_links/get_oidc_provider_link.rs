//! `GET /v1/accounts/{account}/oidc-provider-links/{link}`

use trilby_access::{
    Access, Authorized, Empty, Input, Known, Method, NoBody, Operation, Place, Reply, Scope,
    Services, Target,
};
use trilby_service::problem::Problem;

use super::path::{LinkPath, find, target};
use super::view::{LinkView, reply};

/// Reads a link.
pub struct GetOidcProviderLink;

impl Operation for GetOidcProviderLink {
    const ID: &'static str = "get_oidc_provider_link";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/v1/accounts/{account}/oidc-provider-links/{link}";
    const TAG: &'static str = super::TAG;
    const SUMMARY: &'static str = "Get an OIDC provider link";
    const ACCESS: Access = Access::Action(super::READ);
    const KNOWN: Known = Known::ByAction(super::READ);
    const SUCCESS_DESCRIPTION: &'static str = "The link";

    type Path = LinkPath;
    type Query = Empty;
    type Body = NoBody;
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
        _: &Services,
    ) -> Result<Reply<Self>, Problem> {
        let account = &grant.account()?.state;
        let link = find(account, &input.path.link)?;
        Ok(reply(account.id(), link))
    }
}
