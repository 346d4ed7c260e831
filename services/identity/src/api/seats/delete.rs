//! `DELETE /v1/accounts/{account}/{oidc-providers|oidc-provider-links}/{x}`

use std::marker::PhantomData;

use trilby_access::{
    Access, Authorized, Input, Known, Method, NoBody, NoContent, Operation, Place, Precondition,
    Reply, Scope, Services, Target,
};
use trilby_service::problem::{Code, Problem};

use super::SeatKind;
use super::kind::removal;
use crate::api::CascadeQuery;
use crate::api::role_maps::{MapPath, deleting, find, target};

/// Removes a provider or a link.
pub struct DeleteSeat<K>(PhantomData<fn() -> K>);

impl<K: SeatKind> Operation for DeleteSeat<K> {
    const ID: &'static str = K::DELETE.id;
    const METHOD: Method = Method::Delete;
    const PATH: &'static str = K::DELETE.path;
    const TAG: &'static str = K::TAG;
    const SUMMARY: &'static str = K::DELETE.summary;
    const DESCRIPTION: &'static str = K::DELETE_DESCRIPTION;
    const ACCESS: Access = Access::Action(K::DELETE.action);
    const KNOWN: Known = Known::ByAction(K::READ);
    const PRECONDITION: Precondition = Precondition::Required;
    const SUCCESS: u16 = 204;
    const SUCCESS_DESCRIPTION: &'static str = "It is gone";
    const PROBLEMS: &'static [Code] = &[Code::DeleteConflict];

    type Path = MapPath<K>;
    type Query = CascadeQuery;
    type Body = NoBody;
    type Reply = NoContent;

    fn place(path: &Self::Path) -> Place {
        Place::Account(path.account)
    }

    fn target(input: &Input<Self>, scope: &Scope<'_>) -> Result<Target, Problem> {
        let (account, seat) = (input.path.account, &input.path.seat);
        let state = scope.account.map(|view| &view.state);
        let has_map = state.is_some_and(|state| find(state, seat).is_some());
        let target = target(account, seat, scope);
        Ok(deleting(target, input.query.cascade && has_map))
    }

    async fn handle(
        grant: Authorized<Self>,
        input: Input<Self>,
        services: &Services,
    ) -> Result<Reply<Self>, Problem> {
        let command = removal(input.path.seat.clone(), input.query.cascade);
        grant
            .command(services, &input, command, |_, _| Ok(Reply::new(NoContent)))
            .await
    }
}
