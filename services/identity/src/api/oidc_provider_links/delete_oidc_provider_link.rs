//! `DELETE /v1/accounts/{account}/oidc-provider-links/{link}`

use trilby_access::{
    Access, Authorized, Input, Known, Method, NoBody, NoContent, Operation, Place, Precondition,
    Reply, Scope, Services, Target,
};
use trilby_account::command;
use trilby_service::problem::{Code, Problem};

use super::path::{LinkPath, target};
use crate::api::CascadeQuery;
use crate::api::role_maps::deleting;

/// Removes a link.
pub struct DeleteOidcProviderLink;

impl Operation for DeleteOidcProviderLink {
    const ID: &'static str = "delete_oidc_provider_link";
    const METHOD: Method = Method::Delete;
    const PATH: &'static str = "/v1/accounts/{account}/oidc-provider-links/{link}";
    const TAG: &'static str = super::TAG;
    const SUMMARY: &'static str = "Remove an OIDC provider link";
    const DESCRIPTION: &'static str = "What came through it ends. Refused while trust policies name its provider or it has a role \
        map, unless `cascade=true`; then the role map goes too, and the trust policies admit nobody until the provider is \
        linked again.";
    const ACCESS: Access = Access::Action("iam:DeleteOidcProviderLink");
    const KNOWN: Known = Known::ByAction(super::READ);
    const PRECONDITION: Precondition = Precondition::Required;
    const SUCCESS: u16 = 204;
    const SUCCESS_DESCRIPTION: &'static str = "It is gone";
    const PROBLEMS: &'static [Code] = &[Code::DeleteConflict];

    type Path = LinkPath;
    type Query = CascadeQuery;
    type Body = NoBody;
    type Reply = NoContent;

    fn place(path: &Self::Path) -> Place {
        Place::Account(path.account)
    }

    fn target(input: &Input<Self>, scope: &Scope<'_>) -> Result<Target, Problem> {
        let target = target(input.path.account, &input.path.link, scope);
        let state = scope.account.map(|view| &view.state);
        let link = state.and_then(|state| state.link(&input.path.link));
        let map = link.and_then(|link| link.role_map.as_ref());
        Ok(deleting(target, input.query.cascade && map.is_some()))
    }

    async fn handle(
        grant: Authorized<Self>,
        input: Input<Self>,
        services: &Services,
    ) -> Result<Reply<Self>, Problem> {
        let command = command::RemoveProviderLink {
            link: input.path.link.0.clone(),
            cascade: input.query.cascade,
        };
        grant
            .command(services, &input, command.into(), |_, _| {
                Ok(Reply::new(NoContent))
            })
            .await
    }
}
