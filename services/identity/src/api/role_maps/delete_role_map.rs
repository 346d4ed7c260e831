//! `DELETE /v1/accounts/{account}/{oidc-providers|oidc-provider-links}/{x}/role-map`

use std::marker::PhantomData;

use trilby_access::{
    Access, Authorized, Empty, Input, Known, Method, NoBody, NoContent, Operation, Place,
    Precondition, Reply, Scope, Services, Target,
};
use trilby_account::command;
use trilby_service::problem::Problem;

use super::kind::{MapKind, target};
use super::path::MapPath;

/// Takes a role map away.
pub struct DeleteRoleMap<K>(PhantomData<K>);

impl<K: MapKind> Operation for DeleteRoleMap<K> {
    const ID: &'static str = K::IDS[2];
    const METHOD: Method = Method::Delete;
    const PATH: &'static str = K::PATH;
    const TAG: &'static str = K::TAG;
    const SUMMARY: &'static str = "Delete a role map";
    const DESCRIPTION: &'static str =
        "Trust policies alone decide then: this can admit more than the map did.";
    const ACCESS: Access = Access::Action(super::DELETE);
    const KNOWN: Known = Known::ByAction(K::READ);
    const PRECONDITION: Precondition = Precondition::Required;
    const SUCCESS: u16 = 204;
    const SUCCESS_DESCRIPTION: &'static str = "It is gone";

    type Path = MapPath<K>;
    type Query = Empty;
    type Body = NoBody;
    type Reply = NoContent;

    fn place(path: &Self::Path) -> Place {
        Place::Account(path.account)
    }

    fn target(input: &Input<Self>, scope: &Scope<'_>) -> Result<Target, Problem> {
        Ok(target(input.path.account, &input.path.seat, scope))
    }

    async fn handle(
        grant: Authorized<Self>,
        input: Input<Self>,
        services: &Services,
    ) -> Result<Reply<Self>, Problem> {
        let command = command::DeleteRoleMap {
            seat: input.path.seat.clone(),
        };
        grant
            .command(services, &input, command.into(), |_, _| {
                Ok(Reply::new(NoContent))
            })
            .await
    }
}
