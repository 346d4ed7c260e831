//! `DELETE /v1/accounts/{account}/oidc-providers/{provider}`

use trilby_access::{
    Access, Authorized, Input, Known, Method, NoBody, NoContent, Operation, Place, Precondition,
    Reply, Scope, Services, Target,
};
use trilby_account::command;
use trilby_service::problem::{Code, Problem};

use super::path::{ProviderPath, target};
use crate::api::CascadeQuery;
use crate::api::role_maps::deleting;

/// Removes a provider.
pub struct DeleteOidcProvider;

impl Operation for DeleteOidcProvider {
    const ID: &'static str = "delete_oidc_provider";
    const METHOD: Method = Method::Delete;
    const PATH: &'static str = "/v1/accounts/{account}/oidc-providers/{provider}";
    const TAG: &'static str = super::TAG;
    const SUMMARY: &'static str = "Remove an OIDC provider";
    const DESCRIPTION: &'static str = "What came through it ends, in every account. Refused while trust policies name it or it \
        has a role map, unless `cascade=true`; then the role map goes too, and the trust policies name nobody.";
    const ACCESS: Access = Access::Action("iam:DeleteOidcProvider");
    const KNOWN: Known = Known::ByAction(super::READ);
    const PRECONDITION: Precondition = Precondition::Required;
    const SUCCESS: u16 = 204;
    const SUCCESS_DESCRIPTION: &'static str = "It is gone";
    const PROBLEMS: &'static [Code] = &[Code::DeleteConflict];

    type Path = ProviderPath;
    type Query = CascadeQuery;
    type Body = NoBody;
    type Reply = NoContent;

    fn place(path: &Self::Path) -> Place {
        Place::Account(path.account)
    }

    fn target(input: &Input<Self>, scope: &Scope<'_>) -> Result<Target, Problem> {
        let target = target(input.path.account, &input.path.provider, scope);
        let state = scope.account.map(|view| &view.state);
        let provider = state.and_then(|state| state.provider(&input.path.provider));
        let map = provider.and_then(|provider| provider.role_map.as_ref());
        Ok(deleting(target, input.query.cascade && map.is_some()))
    }

    async fn handle(
        grant: Authorized<Self>,
        input: Input<Self>,
        services: &Services,
    ) -> Result<Reply<Self>, Problem> {
        let command = command::RemoveProvider {
            provider: input.path.provider.0.clone(),
            cascade: input.query.cascade,
        };
        grant
            .command(services, &input, command.into(), |_, _| {
                Ok(Reply::new(NoContent))
            })
            .await
    }
}
