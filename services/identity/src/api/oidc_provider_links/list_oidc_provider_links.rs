//! `GET /v1/accounts/{account}/oidc-provider-links`

use std::ops::Bound;

use trilby_access::{
    Access, Authorized, Input, ListQuery, Method, NoBody, Operation, Place, Reply, Scope, Services,
    Target,
};
use trilby_model::Arn;
use trilby_service::cursor::List;
use trilby_service::problem::{Code, Problem};

use super::view::LinkView;
use crate::api::{AccountPath, PageQuery};

/// Lists links.
pub struct ListOidcProviderLinks;

impl Operation for ListOidcProviderLinks {
    const ID: &'static str = "list_oidc_provider_links";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/v1/accounts/{account}/oidc-provider-links";
    const TAG: &'static str = super::TAG;
    const SUMMARY: &'static str = "List OIDC provider links";
    const ACCESS: Access = Access::Action("iam:ListOidcProviderLinks");
    const SUCCESS_DESCRIPTION: &'static str = "A page of links, by name";
    const PROBLEMS: &'static [Code] = &[Code::InvalidCursor];

    type Path = AccountPath;
    type Query = PageQuery;
    type Body = NoBody;
    type Reply = List<LinkView>;

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
            kind: "oidc-provider-links",
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
        let names = state.link_names().range((from, Bound::Unbounded));
        let items = names.filter_map(|(key, id)| {
            let link = state.links().get(id)?;
            Some((vec![key.clone()], move || LinkView::of(account, link)))
        });
        walk.page(services, items).map(Reply::new)
    }
}
