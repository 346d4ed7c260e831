//! `DELETE /v1/accounts/{account}/users/{user}/login-profile`

use trilby_access::problem::of_rejection;
use trilby_access::{
    Access, Authorized, Change, Empty, Input, Known, Method, NoBody, NoContent, Operation, Place,
    Reply, Scope, Services, Target,
};
use trilby_account::{UserRef, command};
use trilby_service::problem::{Code, Problem};

use crate::api::users::{self, UserPath, find};
use crate::written::orphaned;

/// Takes a person's password away.
pub struct DeleteLoginProfile;

impl Operation for DeleteLoginProfile {
    const ID: &'static str = "delete_login_profile";
    const METHOD: Method = Method::Delete;
    const PATH: &'static str = "/v1/accounts/{account}/users/{user}/login-profile";
    const TAG: &'static str = users::TAG;
    const SUMMARY: &'static str = "Remove a user's password";
    const DESCRIPTION: &'static str = "Ends the user's sessions and voids its password tickets.";
    const ACCESS: Access = Access::Action("iam:DeleteLoginProfile");
    const KNOWN: Known = Known::ByAction(users::READ);
    const SUCCESS: u16 = 204;
    const SUCCESS_DESCRIPTION: &'static str = "The user has no password any more";
    const PROBLEMS: &'static [Code] = &[Code::InvalidState];

    type Path = UserPath;
    type Query = Empty;
    type Body = NoBody;
    type Reply = NoContent;

    fn place(path: &Self::Path) -> Place {
        Place::Account(path.account)
    }

    fn target(input: &Input<Self>, scope: &Scope<'_>) -> Result<Target, Problem> {
        users::target(input.path.account, &input.path.user, scope)
    }

    async fn handle(
        grant: Authorized<Self>,
        input: Input<Self>,
        services: &Services,
    ) -> Result<Reply<Self>, Problem> {
        let id = grant.account_id()?;
        let user = UserRef::Id(find(&grant.account()?.state, &input.path.user)?.id.clone());
        let command = command::RemoveUserPassword { user };
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
