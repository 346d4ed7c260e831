//! `GET /v1/accounts/{account}/oidc-providers`

use std::ops::Bound;

use trilby_access::{
    Access, Authorized, Input, ListQuery, Method, NoBody, Operation, Place, Reply, Scope, Services,
    Target,
};
use trilby_model::Arn;
use trilby_service::cursor::List;
use trilby_service::problem::{Code, Problem};

use super::view::ProviderView;
use crate::api::{AccountPath, PageQuery};

/// Lists providers.
pub struct ListOidcProviders;

impl Operation for ListOidcProviders {
    const ID: &'static str = "list_oidc_providers";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/v1/accounts/{account}/oidc-providers";
    const TAG: &'static str = super::TAG;
    const SUMMARY: &'static str = "List OIDC providers";
    const ACCESS: Access = Access::Action("iam:ListOidcProviders");
    const SUCCESS_DESCRIPTION: &'static str = "A page of providers, by name";
    const PROBLEMS: &'static [Code] = &[Code::InvalidCursor];

    type Path = AccountPath;
    type Query = PageQuery;
    type Body = NoBody;
    type Reply = List<ProviderView>;

    fn place(path: &Self::Path) -> Place {
        Place::Account(path.account)
    }

    fn target(input: &Input<Self>, _: &Scope<'_>) -> Result<Target, Problem> {
        let account = input.path.account;
        Ok(Target::new(account, Arn::account_of(&account)))
    }

    async fn handle(
        grant: Authorized<Self>,
        input: Input<Self>,
        services: &Services,
    ) -> Result<Reply<Self>, Problem> {
        let query = ListQuery {
            kind: "oidc-providers",
            limit: input.query.limit,
            cursor: input.query.cursor.as_deref(),
            filters: &[],
        };
        let walk = grant.list(services, query).await?;
        let account = input.path.account;
        let state = walk.account()?.clone();
        let from = walk
            .after()
            .and_then(<[String]>::first)
            .map_or(Bound::Unbounded, |key| Bound::Excluded(key.clone()));
        let names = state.provider_names().range((from, Bound::Unbounded));
        let items = names.filter_map(|(key, id)| {
            let provider = state.providers().get(id)?;
            Some((vec![key.clone()], move || {
                ProviderView::of(account, provider)
            }))
        });
        walk.page(services, items).map(Reply::new)
    }
}
