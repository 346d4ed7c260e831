//! `GET /v1/accounts/{account}/{users|groups|roles}/{x}/attached-policies`

use std::marker::PhantomData;

use trilby_access::{
    Access, Authorized, Input, Known, ListQuery, Method, NoBody, Operation, Place, Reply, Scope,
    Services, Target,
};
use trilby_service::cursor::List;
use trilby_service::problem::{Code, Problem};

use super::kind::{HolderKind, find, target};
use super::path::HolderPath;
use super::view::AttachedPolicyView;
use crate::api::PageQuery;

/// Lists attached policies.
pub struct ListAttachedPolicies<K>(PhantomData<fn() -> K>);

impl<K: HolderKind> Operation for ListAttachedPolicies<K> {
    const ID: &'static str = K::LIST_ATTACHED.id;
    const METHOD: Method = Method::Get;
    const PATH: &'static str = K::LIST_ATTACHED.path;
    const TAG: &'static str = K::TAG;
    const SUMMARY: &'static str = K::LIST_ATTACHED.summary;
    const ACCESS: Access = Access::Action(K::LIST_ATTACHED.action);
    const KNOWN: Known = Known::ByAction(K::READ);
    const SUCCESS_DESCRIPTION: &'static str = "A page of attached policies, by name";
    const PROBLEMS: &'static [Code] = &[Code::InvalidCursor];

    type Path = HolderPath<K>;
    type Query = PageQuery;
    type Body = NoBody;
    type Reply = List<AttachedPolicyView>;

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
            kind: "attached-policies",
            limit: input.query.limit,
            cursor: input.query.cursor.as_deref(),
            filters: &[("holder", &id)],
        };
        let walk = grant.list(services, query).await?;
        let state = walk.account()?.clone();
        let grants = find(&state, &input.path.holder)
            .ok_or_else(Problem::not_found)?
            .grants;
        let attached = grants
            .attached
            .iter()
            .filter_map(|attachment| AttachedPolicyView::of(&state, attachment));
        let mut attached: Vec<_> = attached
            .map(|view| (vec![view.name.key(), view.id.clone()], view))
            .collect();
        attached.sort_by(|one, two| one.0.cmp(&two.0));
        walk.page(
            services,
            attached.into_iter().map(|(key, view)| (key, move || view)),
        )
        .map(Reply::new)
    }
}
