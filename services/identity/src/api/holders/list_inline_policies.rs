//! `GET /v1/accounts/{account}/{users|groups|roles}/{x}/inline-policies`

use std::marker::PhantomData;

use trilby_access::{
    Access, Authorized, Input, Known, ListQuery, Method, NoBody, Operation, Place, Reply, Scope,
    Services, Target,
};
use trilby_service::cursor::List;
use trilby_service::problem::{Code, Problem};

use super::kind::{HolderKind, find, target};
use super::path::HolderPath;
use super::view::InlinePolicyView;
use crate::api::PageQuery;

/// Lists inline policies.
pub struct ListInlinePolicies<K>(PhantomData<fn() -> K>);

impl<K: HolderKind> Operation for ListInlinePolicies<K> {
    const ID: &'static str = K::LIST_INLINE.id;
    const METHOD: Method = Method::Get;
    const PATH: &'static str = K::LIST_INLINE.path;
    const TAG: &'static str = K::TAG;
    const SUMMARY: &'static str = K::LIST_INLINE.summary;
    const ACCESS: Access = Access::Action(K::LIST_INLINE.action);
    const KNOWN: Known = Known::ByAction(K::READ);
    const SUCCESS_DESCRIPTION: &'static str =
        "A page of inline policies, by name, without documents";
    const PROBLEMS: &'static [Code] = &[Code::InvalidCursor];

    type Path = HolderPath<K>;
    type Query = PageQuery;
    type Body = NoBody;
    type Reply = List<InlinePolicyView>;

    fn place(path: &Self::Path) -> Place {
        Place::Account(path.account)
    }

    fn target(input: &Input<Self>, scope: &Scope<'_>) -> Result<Target, Problem> {
        target(input.path.account, &input.path.holder, scope)
    }

    async fn handle(
        grant: Authorized<Self>,
        input: Input<Self>,
        services: &Services,
    ) -> Result<Reply<Self>, Problem> {
        let id = find(&grant.account()?.state, &input.path.holder)
            .ok_or_else(Problem::not_found)?
            .holder
            .to_string();
        let query = ListQuery {
            kind: "inline-policies",
            limit: input.query.limit,
            cursor: input.query.cursor.as_deref(),
            filters: &[("holder", &id)],
        };
        let walk = grant.list(services, query).await?;
        let state = walk.account()?.clone();
        let grants = find(&state, &input.path.holder)
            .ok_or_else(Problem::not_found)?
            .grants;
        let items = grants
            .inline
            .iter()
            .map(|(key, policy)| (vec![key.clone()], || InlinePolicyView::of(policy)));
        walk.page(services, items).map(Reply::new)
    }
}
