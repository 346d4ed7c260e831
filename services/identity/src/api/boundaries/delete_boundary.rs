//! `DELETE /v1/accounts/{account}/{users|roles}/{x}/permissions-boundary`

use std::marker::PhantomData;

use trilby_access::{
    Access, Authorized, Empty, Input, Known, Method, NoBody, NoContent, Operation, Place,
    Precondition, Reply, Scope, Services, Target,
};
use trilby_account::command;
use trilby_service::problem::Problem;

use super::kind::{BoundedKind, principal};
use crate::api::holders::path::HolderPath;
use crate::api::holders::target;

/// Removes the permissions boundary of a user or role.
pub struct DeleteBoundary<K>(PhantomData<fn() -> K>);

impl<K: BoundedKind> Operation for DeleteBoundary<K> {
    const ID: &'static str = K::DELETE_BOUNDARY.id;
    const METHOD: Method = Method::Delete;
    const PATH: &'static str = K::DELETE_BOUNDARY.path;
    const TAG: &'static str = K::TAG;
    const SUMMARY: &'static str = K::DELETE_BOUNDARY.summary;
    const DESCRIPTION: &'static str = "Everything that its policies allow is allowed from then on, within what its organization allows.";
    const ACCESS: Access = Access::Action(K::DELETE_BOUNDARY.action);
    const KNOWN: Known = Known::ByAction(K::READ);
    const PRECONDITION: Precondition = Precondition::Required;
    const SUCCESS: u16 = 204;
    const SUCCESS_DESCRIPTION: &'static str = "It is gone";

    type Path = HolderPath<K>;
    type Query = Empty;
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
        let command = command::RemoveBoundary {
            principal: principal(&input.path.holder).ok_or_else(Problem::not_found)?,
        };
        grant
            .command(services, &input, command.into(), |_, _| {
                Ok(Reply::new(NoContent))
            })
            .await
    }
}
