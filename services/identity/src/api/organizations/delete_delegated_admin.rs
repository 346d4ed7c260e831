//! `DELETE /v1/organizations/{organization}/delegated-admins/{account}`

use trilby_access::{
    Access, Authorized, Empty, Input, Known, Method, NoBody, NoContent, Operation, Place,
    Precondition, Reply, Scope, Services, Target,
};
use trilby_account::organization;
use trilby_service::problem::Problem;

use super::path::{MemberPath, member_target};
use super::write;

const ACTION: &str = "organizations:DeregisterDelegatedAdministrator";

/// Takes all of it back.
pub struct DeleteDelegatedAdmin;

impl Operation for DeleteDelegatedAdmin {
    const ID: &'static str = "delete_delegated_admin";
    const METHOD: Method = Method::Delete;
    const PATH: &'static str = "/v1/organizations/{organization}/delegated-admins/{account}";
    const TAG: &'static str = super::TAG;
    const SUMMARY: &'static str = "Take the delegation of a member account back";
    const ACCESS: Access = Access::Action(ACTION);
    const KNOWN: Known = Known::ByAction(super::READ_ACCOUNT);
    const PRECONDITION: Precondition = Precondition::Optional;
    const SUCCESS: u16 = 204;
    const SUCCESS_DESCRIPTION: &'static str = "It is no delegated administrator any more";
    type Path = MemberPath;
    type Query = Empty;
    type Body = NoBody;
    type Reply = NoContent;

    fn place(path: &Self::Path) -> Place {
        Place::Organization(path.organization.clone())
    }

    fn target(input: &Input<Self>, scope: &Scope<'_>) -> Result<Target, Problem> {
        member_target(&input.path, ACTION, scope)
    }

    async fn handle(
        grant: Authorized<Self>,
        input: Input<Self>,
        services: &Services,
    ) -> Result<Reply<Self>, Problem> {
        let (id, account) = (input.path.organization.clone(), input.path.account);
        let command = organization::RemoveDelegatedAdmin { account };
        write::command(&grant, services, &input, &id, command.into(), |_| {
            Ok(Reply::new(NoContent))
        })
        .await
    }
}
