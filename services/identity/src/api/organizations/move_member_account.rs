//! `POST /v1/organizations/{organization}/accounts/{account}/move`

use trilby_access::{
    Access, Authorized, Empty, Input, Json, Known, Method, Operation, Place, Precondition, Reply,
    Scope, Services, Target,
};
use trilby_account::organization;
use trilby_service::problem::Problem;

use super::path::{MemberPath, NewParent, between, member_target};
use super::view::{MemberView, member_reply};
use super::write;

const ACTION: &str = "organizations:MoveAccount";

/// Hangs a member elsewhere in the tree.
pub struct MoveMemberAccount;

impl Operation for MoveMemberAccount {
    const ID: &'static str = "move_member_account";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/organizations/{organization}/accounts/{account}/move";
    const TAG: &'static str = super::TAG;
    const SUMMARY: &'static str = "Move an account within its organization";
    const DESCRIPTION: &'static str = "The right is needed on the account and on both parents; the control policies of the new way to the root are in force at once.";
    const ACCESS: Access = Access::Action(ACTION);
    const KNOWN: Known = Known::ByAction(super::READ_ACCOUNT);
    const PRECONDITION: Precondition = Precondition::Optional;
    const SUCCESS_DESCRIPTION: &'static str = "The membership as it is now";
    type Path = MemberPath;
    type Query = Empty;
    type Body = Json<NewParent>;
    type Reply = MemberView;

    fn place(path: &Self::Path) -> Place {
        Place::Organization(path.organization.clone())
    }

    fn target(input: &Input<Self>, scope: &Scope<'_>) -> Result<Target, Problem> {
        let path = &input.path;
        let target = member_target(path, ACTION, scope)?;
        let member = scope
            .organization
            .and_then(|view| view.state.member(path.account));
        let from = member.map(|member| member.parent.clone());
        between(target, &path.organization, from, &input.body, ACTION, scope)
    }

    async fn handle(
        grant: Authorized<Self>,
        input: Input<Self>,
        services: &Services,
    ) -> Result<Reply<Self>, Problem> {
        let id = input.path.organization.clone();
        let account = input.path.account;
        let command = organization::MoveMember {
            account,
            parent: input.body.parent_id.clone(),
        };
        write::command(
            &grant,
            services,
            &input,
            &id,
            command.into(),
            move |after| member_reply(after, account),
        )
        .await
    }
}
