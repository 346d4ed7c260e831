//! `DELETE /v1/accounts/{account}/groups/{group}/members/{user}`

use trilby_access::{
    Access, Authorized, Input, Known, Method, NoBody, NoContent, Operation, Place, Precondition,
    Reply, Scope, Services, Target,
};
use trilby_account::command;
use trilby_service::problem::{Code, Problem};

use super::path::{MemberPath, target};
use crate::api::KnowingQuery;

/// Takes a user out of a group.
pub struct RemoveGroupMember;

impl Operation for RemoveGroupMember {
    const ID: &'static str = "remove_group_member";
    const METHOD: Method = Method::Delete;
    const PATH: &'static str = "/v1/accounts/{account}/groups/{group}/members/{user}";
    const TAG: &'static str = super::TAG;
    const SUMMARY: &'static str = "Remove a user from a group";
    const DESCRIPTION: &'static str = "The right is asked on the group. The group's rights are gone from the commit that \
        `Trilby-Seq` names.";
    const ACCESS: Access = Access::Action("iam:RemoveUserFromGroup");
    const KNOWN: Known = Known::ByAction(super::READ);
    const PRECONDITION: Precondition = Precondition::Optional;
    const SUCCESS: u16 = 204;
    const SUCCESS_DESCRIPTION: &'static str = "The user is not in the group any more";
    const PROBLEMS: &'static [Code] = &[Code::InvalidState];

    type Path = MemberPath;
    type Query = KnowingQuery;
    type Body = NoBody;
    type Reply = NoContent;

    fn place(path: &Self::Path) -> Place {
        Place::Account(path.account)
    }

    fn target(input: &Input<Self>, scope: &Scope<'_>) -> Result<Target, Problem> {
        target(input.path.account, &input.path.group, scope)
    }

    async fn handle(
        grant: Authorized<Self>,
        input: Input<Self>,
        services: &Services,
    ) -> Result<Reply<Self>, Problem> {
        let (group, user) = input.path.resolved(&grant.account()?.state)?;
        let command = command::RemoveGroupMember { group, user };
        grant
            .command(services, &input, command.into(), |_, _| {
                Ok(Reply::new(NoContent))
            })
            .await
    }
}
