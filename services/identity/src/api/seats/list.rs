//! `GET /v1/accounts/{account}/{oidc-providers|oidc-provider-links}`

use std::marker::PhantomData;
use std::ops::Bound;

use trilby_access::{
    Access, Authorized, Input, ListQuery, Method, NoBody, Operation, Place, Reply, Scope, Services,
    Target,
};
use trilby_model::Arn;
use trilby_service::cursor::List;
use trilby_service::problem::{Code, Problem};

use super::SeatKind;
use crate::api::{AccountPath, PageQuery};

/// Lists providers or links.
pub struct ListSeats<K>(PhantomData<fn() -> K>);

impl<K: SeatKind> Operation for ListSeats<K> {
    const ID: &'static str = K::LIST.id;
    const METHOD: Method = Method::Get;
    const PATH: &'static str = K::LIST.path;
    const TAG: &'static str = K::TAG;
    const SUMMARY: &'static str = K::LIST.summary;
    const ACCESS: Access = Access::Action(K::LIST.action);
    const SUCCESS_DESCRIPTION: &'static str = K::PAGE;
    const PROBLEMS: &'static [Code] = &[Code::InvalidCursor];

    type Path = AccountPath;
    type Query = PageQuery;
    type Body = NoBody;
    type Reply = List<K::View>;

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
            kind: K::KIND,
            limit: input.query.limit,
            cursor: input.query.cursor.as_deref(),
            filters: &[],
        };
        let walk = grant.list(services, query).await?;
        let state = walk.account()?.clone();
        let from = walk
            .after()
            .and_then(<[String]>::first)
            .map_or(Bound::Unbounded, |key| Bound::Excluded(key.clone()));
        let items = K::from(&state, from).map(|(key, view)| (vec![key.clone()], move || view));
        walk.page(services, items).map(Reply::new)
    }
}
