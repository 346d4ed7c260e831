//! `DELETE /v1/accounts/{account}/{users|groups|roles}/{x}/inline-policies/{name}`

use std::marker::PhantomData;

use trilby_access::{
    Access, Authorized, Input, Known, Method, NoBody, NoContent, Operation, Place, Precondition,
    Reply, Scope, Services, Target,
};
use trilby_account::command;
use trilby_service::problem::Problem;

use super::kind::{HolderKind, target};
use super::path::{HolderItemPath, Inline};
use crate::api::KnowingQuery;

/// Removes an inline policy.
pub struct DeleteInlinePolicy<K>(PhantomData<fn() -> K>);

impl<K: HolderKind> Operation for DeleteInlinePolicy<K> {
    const ID: &'static str = K::DELETE_INLINE.id;
    const METHOD: Method = Method::Delete;
    const PATH: &'static str = K::DELETE_INLINE.path;
    const TAG: &'static str = K::TAG;
    const SUMMARY: &'static str = K::DELETE_INLINE.summary;
    const ACCESS: Access = Access::Action(K::DELETE_INLINE.action);
    const KNOWN: Known = Known::ByAction(K::READ);
    const PRECONDITION: Precondition = Precondition::Required;
    const SUCCESS: u16 = 204;
    const SUCCESS_DESCRIPTION: &'static str = "It is gone";

    type Path = HolderItemPath<K, Inline>;
    type Query = KnowingQuery;
    type Body = NoBody;
    type Reply = NoContent;

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
        let name = input.path.item.parse().map_err(|_| Problem::not_found())?;
        let command = command::DeleteInlinePolicy {
            holder: input.path.holder.clone(),
            name,
        };
        grant
            .command(services, &input, command.into(), |_, _| {
                Ok(Reply::new(NoContent))
            })
            .await
    }
}
