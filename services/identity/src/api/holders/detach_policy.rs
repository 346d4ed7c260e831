//! `DELETE /v1/accounts/{account}/{users|groups|roles}/{x}/attached-policies/{policy}`

use std::marker::PhantomData;

use trilby_access::{
    Access, Authorized, Input, Known, Method, NoBody, NoContent, Operation, Place, Precondition,
    Reply, Scope, Services, Target,
};
use trilby_account::command;
use trilby_service::problem::Problem;

use super::kind::{HolderKind, target};
use super::managed::managed;
use super::path::{HolderItemPath, Managed};
use crate::api::KnowingQuery;

/// Detaches a managed policy.
pub struct DetachPolicy<K>(PhantomData<fn() -> K>);

impl<K: HolderKind> Operation for DetachPolicy<K> {
    const ID: &'static str = K::DETACH.id;
    const METHOD: Method = Method::Delete;
    const PATH: &'static str = K::DETACH.path;
    const TAG: &'static str = K::TAG;
    const SUMMARY: &'static str = K::DETACH.summary;
    const ACCESS: Access = Access::Action(K::DETACH.action);
    const KNOWN: Known = Known::ByAction(K::READ);
    const PRECONDITION: Precondition = Precondition::Optional;
    const SUCCESS: u16 = 204;
    const SUCCESS_DESCRIPTION: &'static str = "It is not attached any more";

    type Path = HolderItemPath<K, Managed>;
    type Query = KnowingQuery;
    type Body = NoBody;
    type Reply = NoContent;

    fn place(path: &Self::Path) -> Place {
        Place::Account(path.account)
    }

    fn target(input: &Input<Self>, scope: &Scope<'_>) -> Result<Target, Problem> {
        let path = &input.path;
        let policy = managed(
            &path.item,
            path.account,
            scope.account.map(|view| &view.state),
        )?;
        Ok(target(path.account, &path.holder, scope)?.key("iam:PolicyARN", policy.arn.to_string()))
    }

    async fn handle(
        grant: Authorized<Self>,
        input: Input<Self>,
        services: &Services,
    ) -> Result<Reply<Self>, Problem> {
        let account = &grant.account()?.state;
        let policy = managed(&input.path.item, account.id(), Some(account))?.wanted()?;
        let command = command::DetachPolicy {
            holder: input.path.holder.clone(),
            policy,
        };
        grant
            .command(services, &input, command.into(), |_, _| {
                Ok(Reply::new(NoContent))
            })
            .await
    }
}
