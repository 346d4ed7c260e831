//! `DELETE /v1/accounts/{account}/users/{user}/access-keys/{access_key}`

use trilby_access::problem::of_rejection;
use trilby_access::{
    Access, Authorized, Change, Empty, Input, Known, Method, NoBody, NoContent, Operation, Place,
    Precondition, Reply, Scope, Services, Target,
};
use trilby_account::{UserRef, command};
use trilby_service::problem::{Code, Problem};

use super::path::{AccessKeyPath, find};
use crate::api::users::target;
use crate::written::orphaned;

/// Deletes an access key.
pub struct DeleteAccessKey;

impl Operation for DeleteAccessKey {
    const ID: &'static str = "delete_access_key";
    const METHOD: Method = Method::Delete;
    const PATH: &'static str = "/v1/accounts/{account}/users/{user}/access-keys/{access_key}";
    const TAG: &'static str = super::TAG;
    const SUMMARY: &'static str = "Delete an access key";
    const DESCRIPTION: &'static str = "The sessions that came from it end.";
    const ACCESS: Access = Access::Action("iam:DeleteAccessKey");
    const KNOWN: Known = Known::ByAction(super::READ);
    const PRECONDITION: Precondition = Precondition::Optional;
    const SUCCESS: u16 = 204;
    const SUCCESS_DESCRIPTION: &'static str = "It is gone";
    const PROBLEMS: &'static [Code] = &[Code::InvalidState];

    type Path = AccessKeyPath;
    type Query = Empty;
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
        let access_key = input.path.access_key.clone();
        let key = find(&grant.account()?.state, &input.path.user, &access_key)?;
        let command = command::DeleteAccessKey {
            user: UserRef::Id(key.user.clone()),
            access_key,
        };
        grant
            .write(services, &input, &[], |states, ctx| {
                let account = &states.account(id).ok_or_else(Problem::not_found)?.state;
                let events = account
                    .decide(command.clone().into(), ctx)
                    .map_err(of_rejection)?;
                let side = orphaned(account, &events);
                Ok(Change::of_account(id, events, |_| Ok(Reply::new(NoContent))).with_side(side))
            })
            .await
    }
}
