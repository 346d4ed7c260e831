//! `POST /v1/accounts/{account}/oidc-provider-links`

use serde::Deserialize;
use trilby_access::problem::of_rejection;
use trilby_access::{
    Access, Authorized, Change, Empty, Input, Json, Method, Operation, Place, Reply, Scope,
    Services, Target,
};
use trilby_account::{Account, ProviderRef, Ref, ThingKind, command};
use trilby_model::brand::PARTITION;
use trilby_model::federation::{LinkFields, LinkSettings, ProviderName};
use trilby_model::{AccountId, Arn, LogId, same_partition};
use trilby_service::problem::{Code, Problem};
use utoipa::ToSchema;

use super::view::{LinkView, reply};
use crate::api::AccountPath;
use crate::api::oidc_providers::invalid;
use crate::names::named;
use crate::written::lost;

/// A link to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewOidcProviderLink {
    /// The ARN of another account's provider, which is shared with this account or its organization.
    provider_arn: Arn,
    /// Name, unique among the account's links without case; the provider's if absent.
    #[schema(value_type = Option<ProviderName>)]
    name: Option<String>,
    /// What is asked of tokens besides what the owner asks.
    #[serde(default)]
    settings: LinkFields,
}

/// Accepts another account's provider.
pub struct CreateOidcProviderLink;

impl Operation for CreateOidcProviderLink {
    const ID: &'static str = "create_oidc_provider_link";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/accounts/{account}/oidc-provider-links";
    const TAG: &'static str = super::TAG;
    const SUMMARY: &'static str = "Accept another account's OIDC provider";
    const DESCRIPTION: &'static str = "The provider's owner must share it with this account or its organization; the answer for one \
        that is not shared is that for one that does not exist. It admits nobody until a trust policy names the provider.";
    const ACCESS: Access = Access::Action("iam:AcceptOidcProvider");
    const SUCCESS: u16 = 201;
    const SUCCESS_DESCRIPTION: &'static str = "The link";
    const PROBLEMS: &'static [Code] = &[
        Code::InvalidName,
        Code::NotFound,
        Code::AlreadyExists,
        Code::LimitExceeded,
    ];

    type Path = AccountPath;
    type Query = Empty;
    type Body = Json<NewOidcProviderLink>;
    type Reply = LinkView;

    fn place(path: &Self::Path) -> Place {
        Place::Account(path.account)
    }

    fn target(input: &Input<Self>, _: &Scope<'_>) -> Result<Target, Problem> {
        let account = input.path.account;
        let name = input.body.named()?;
        Ok(Target::new(
            account,
            Arn::oidc_provider_link(&account, &name),
        ))
    }

    async fn handle(
        grant: Authorized<Self>,
        input: Input<Self>,
        services: &Services,
    ) -> Result<Reply<Self>, Problem> {
        let id = grant.account_id()?;
        let name = input.body.named()?;
        let settings: LinkSettings = input.body.settings.clone().try_into().map_err(invalid)?;
        let (owner, provider) = input.body.provider()?;
        let owners = LogId::Account(owner);
        grant
            .write(
                services,
                &input,
                std::slice::from_ref(&owners),
                |states, ctx| {
                    let taker = &states.account(id).ok_or_else(Problem::not_found)?.state;
                    let owner = &states.account(owner).ok_or_else(Problem::not_found)?.state;
                    let offered = owner
                        .offers(&ProviderRef::Name(provider.clone()), taker)
                        .filter(|_| is_in_service(owner))
                        .ok_or_else(Problem::not_found)?;
                    let command = command::AcceptProviderLink {
                        name: name.clone(),
                        provider: offered,
                        settings: settings.clone(),
                    };
                    let events = taker.decide(command.into(), ctx).map_err(of_rejection)?;
                    let wanted = Ref::Name(name.clone());
                    let change = Change::of_account(id, events, move |after| {
                        let link = after
                            .link(&wanted)
                            .ok_or_else(|| lost(ThingKind::ProviderLink))?;
                        let location = format!("/v1/accounts/{id}/oidc-provider-links/{}", link.id);
                        Ok(reply(id, link).location(location))
                    });
                    // The share that was read must still stand when the link comes to be.
                    Ok(change.guarded_by(vec![owners.clone()]))
                },
            )
            .await
    }
}

fn is_in_service(account: &Account) -> bool {
    account.status() == trilby_account::AccountStatus::Active
}

impl NewOidcProviderLink {
    /// The name that is given, or the provider's.
    ///
    /// Errors: `invalid_name`; `not_found` for an ARN of anything else.
    fn named(&self) -> Result<ProviderName, Problem> {
        match &self.name {
            Some(name) => named(name, "/name"),
            None => self.provider().map(|(_, name)| name),
        }
    }

    /// Owner and name of the provider.
    ///
    /// Errors: `invalid_parameter` for an ARN that can be no provider's.
    fn provider(&self) -> Result<(AccountId, ProviderName), Problem> {
        let arn = &self.provider_arn;
        let is_ours = same_partition(arn.partition(), PARTITION) && arn.service() == "iam";
        let name = arn.resource().strip_prefix("oidc-provider/");
        let found = arn.account_id().zip(name).filter(|_| is_ours);
        found
            .and_then(|(owner, name)| Some((owner, name.parse().ok()?)))
            .ok_or_else(|| Problem::invalid("/provider_arn", "is not the ARN of a provider"))
    }
}
