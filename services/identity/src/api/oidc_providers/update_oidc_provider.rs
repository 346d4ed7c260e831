//! `PATCH /v1/accounts/{account}/oidc-providers/{provider}`

use serde::Deserialize;
use trilby_access::problem::of_rejection_in;
use trilby_access::{
    Access, Authorized, Change, Empty, Input, Json, Known, Method, Operation, Place, Precondition,
    Reply, Scope, Services, Target,
};
use trilby_account::command;
use trilby_model::federation::ProviderChange;
use trilby_service::problem::Problem;
use utoipa::ToSchema;

use super::keys;
use super::path::{ProviderPath, find, target};
use super::view::{ProviderView, reply};

/// What changes about a provider.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OidcProviderPatch {
    /// Settings; what is absent stays. The issuer cannot change.
    settings: ProviderChange,
}

/// Changes a provider's settings.
pub struct UpdateOidcProvider;

impl Operation for UpdateOidcProvider {
    const ID: &'static str = "update_oidc_provider";
    const METHOD: Method = Method::Patch;
    const PATH: &'static str = "/v1/accounts/{account}/oidc-providers/{provider}";
    const TAG: &'static str = super::TAG;
    const SUMMARY: &'static str = "Change an OIDC provider's settings";
    const DESCRIPTION: &'static str = "The answer names the roles that a change of audiences, keys, sharing or required claims \
        opens: those whose trust policies name the provider. Sessions stand; revoke them where they should not.";
    const ACCESS: Access = Access::Action(super::UPDATE);
    const KNOWN: Known = Known::ByAction(super::READ);
    const PRECONDITION: Precondition = Precondition::Required;
    const SUCCESS_DESCRIPTION: &'static str = "The provider as it is now";

    type Path = ProviderPath;
    type Query = Empty;
    type Body = Json<OidcProviderPatch>;
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
        let id = grant.account_id()?;
        let wanted = input.path.provider.0.clone();
        let before = find(&grant.account()?.state, &wanted)?;
        let after = before.settings.changed_by(input.body.settings.clone());
        // What is wrong with it in itself is told below.
        if let Ok(after) = after
            && after.keys != before.settings.keys
        {
            keys::check(services, &after)?;
        }
        let command = command::UpdateProvider {
            provider: wanted.clone(),
            settings: input.body.settings.clone(),
        };
        grant
            .write(services, &input, &[], |states, ctx| {
                let view = states.account(id).ok_or_else(Problem::not_found)?;
                let before = find(&view.state, &wanted)?.clone();
                let events = view
                    .state
                    .decide(command.clone().into(), ctx)
                    .map_err(|rejection| of_rejection_in(rejection, "/settings"))?;
                let wanted = wanted.clone();
                Ok(Change::of_account(id, events, move |after| {
                    let provider = find(after, &wanted)?;
                    let opens = before.would_open(&provider.settings);
                    let reply = reply(id, provider);
                    Ok(match opens {
                        true => reply.map_body(|view: ProviderView| view.opening(after)),
                        false => reply,
                    })
                }))
            })
            .await
    }
}
