//! `DELETE /v1/accounts/{account}/users/{user}`

use trilby_access::problem::of_rejection;
use trilby_access::{
    Access, Authorized, Change, Input, Known, Method, NoBody, NoContent, Operation, Place,
    Precondition, Reply, Scope, Services, Target,
};
use trilby_account::{UserRef, command};
use trilby_service::problem::{Code, Problem};

use super::path::{UserPath, find, target};
use crate::api::CascadeQuery;
use crate::api::parts::may_remove;
use crate::written::orphaned;

/// Deletes a user.
pub struct DeleteUser;

impl Operation for DeleteUser {
    const ID: &'static str = "delete_user";
    const METHOD: Method = Method::Delete;
    const PATH: &'static str = "/v1/accounts/{account}/users/{user}";
    const TAG: &'static str = super::TAG;
    const SUMMARY: &'static str = "Delete a user";
    const DESCRIPTION: &'static str = "Refused while it has policies, groups, keys, a password or aliases, unless \
        `cascade=true`; then the right to remove each of them is needed. Its sessions end. The unique id is never given \
        again, so another user of the same name inherits nothing.";
    const ACCESS: Access = Access::Action("iam:DeleteUser");
    const KNOWN: Known = Known::ByAction(super::READ);
    const PRECONDITION: Precondition = Precondition::Optional;
    const SUCCESS: u16 = 204;
    const SUCCESS_DESCRIPTION: &'static str = "It is gone";
    const PROBLEMS: &'static [Code] = &[
        Code::DeleteConflict,
        Code::InvalidState,
        Code::LimitExceeded,
    ];

    type Path = UserPath;
    type Query = CascadeQuery;
    type Body = NoBody;
    type Reply = NoContent;

    fn place(path: &Self::Path) -> Place {
        Place::Account(path.account)
    }

    fn target(input: &Input<Self>, scope: &Scope<'_>) -> Result<Target, Problem> {
        target(input.path.account, &input.path.user, scope)
    }

    async fn handle(
        grant: Authorized<Self>,
        input: Input<Self>,
        services: &Services,
    ) -> Result<Reply<Self>, Problem> {
        let id = grant.account_id()?;
        let user = UserRef::Id(find(&grant.account()?.state, &input.path.user)?.id.clone());
        let command = command::DeleteUser {
            user,
            cascade: input.query.cascade,
        };
        grant
            .write(services, &input, &[], |states, ctx| {
                let account = &states.account(id).ok_or_else(Problem::not_found)?.state;
                let events = account
                    .decide(command.clone().into(), ctx)
                    .map_err(of_rejection)?;
                may_remove(&grant, account, &events)?;
                let side = orphaned(account, &events);
                Ok(Change::of_account(id, events, |_| Ok(Reply::new(NoContent))).with_side(side))
            })
            .await
    }
}
