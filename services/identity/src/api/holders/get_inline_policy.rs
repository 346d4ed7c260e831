//! `GET /v1/accounts/{account}/{users|groups|roles}/{x}/inline-policies/{name}`

use std::marker::PhantomData;

use trilby_access::{
    Access, Authorized, Empty, Input, Known, Method, NoBody, Operation, Place, Reply, Scope,
    Services, Target,
};
use trilby_service::problem::Problem;

use super::kind::{HolderKind, find, target};
use super::path::{HolderItemPath, Inline};
use super::view::InlinePolicyView;

/// Reads an inline policy.
pub struct GetInlinePolicy<K>(PhantomData<fn() -> K>);

impl<K: HolderKind> Operation for GetInlinePolicy<K> {
    const ID: &'static str = K::GET_INLINE.id;
    const METHOD: Method = Method::Get;
    const PATH: &'static str = K::GET_INLINE.path;
    const TAG: &'static str = K::TAG;
    const SUMMARY: &'static str = K::GET_INLINE.summary;
    const ACCESS: Access = Access::Action(K::GET_INLINE.action);
    const KNOWN: Known = Known::ByAction(K::READ);
    const SUCCESS_DESCRIPTION: &'static str = "The policy with its document";

    type Path = HolderItemPath<K, Inline>;
    type Query = Empty;
    type Body = NoBody;
    type Reply = InlinePolicyView;

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
        let _ = services;
        let account = &grant.account()?.state;
        let found = find(account, &input.path.holder).ok_or_else(Problem::not_found)?;
        let name = input.path.item.parse().map_err(|_| Problem::not_found())?;
        let policy = found
            .grants
            .inline_policy(&name)
            .ok_or_else(Problem::not_found)?;
        Ok(Reply::new(InlinePolicyView::whole(policy)?).etag(policy.stamp.changed))
    }
}
