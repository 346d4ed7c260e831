//! `DELETE /v1/accounts/{account}/roles/{role}`

use trilby_access::problem::of_rejection;
use trilby_access::{
    Access, Authorized, Change, Input, Known, Method, NoBody, NoContent, Operation, Place,
    Precondition, Reply, Scope, Services, Target,
};
use trilby_account::{RoleRef, command};
use trilby_service::problem::{Code, Problem};

use super::path::{RolePath, find, target};
use crate::api::CascadeQuery;
use crate::api::parts::may_remove;

/// Deletes a role.
pub struct DeleteRole;

impl Operation for DeleteRole {
    const ID: &'static str = "delete_role";
    const METHOD: Method = Method::Delete;
    const PATH: &'static str = "/v1/accounts/{account}/roles/{role}";
    const TAG: &'static str = super::TAG;
    const SUMMARY: &'static str = "Delete a role";
    const DESCRIPTION: &'static str = "Refused while it has policies or aliases, unless `cascade=true`; then the right to \
        remove each of them is needed. Its sessions end. The unique id is never given again, so another role of the same \
        name inherits nothing.";
    const ACCESS: Access = Access::Action("iam:DeleteRole");
    const KNOWN: Known = Known::ByAction(super::READ);
    const PRECONDITION: Precondition = Precondition::Optional;
    const SUCCESS: u16 = 204;
    const SUCCESS_DESCRIPTION: &'static str = "It is gone";
    const PROBLEMS: &'static [Code] = &[
        Code::DeleteConflict,
        Code::InvalidState,
        Code::LimitExceeded,
    ];

    type Path = RolePath;
    type Query = CascadeQuery;
    type Body = NoBody;
    type Reply = NoContent;

    fn place(path: &Self::Path) -> Place {
        Place::Account(path.account)
    }

    fn target(input: &Input<Self>, scope: &Scope<'_>) -> Result<Target, Problem> {
        target(input.path.account, &input.path.role, scope)
    }

    async fn handle(
        grant: Authorized<Self>,
        input: Input<Self>,
        services: &Services,
    ) -> Result<Reply<Self>, Problem> {
        let id = grant.account_id()?;
        let command = command::DeleteRole {
            role: RoleRef::Id(find(&grant.account()?.state, &input.path.role)?.id.clone()),
            cascade: input.query.cascade,
        };
        grant
            .write(services, &input, &[], |states, ctx| {
                let account = &states.account(id).ok_or_else(Problem::not_found)?.state;
                let events = account
                    .decide(command.clone().into(), ctx)
                    .map_err(of_rejection)?;
                may_remove(&grant, account, &events)?;
                Ok(Change::of_account(id, events, |_| {
                    Ok(Reply::new(NoContent))
                }))
            })
            .await
    }
}
