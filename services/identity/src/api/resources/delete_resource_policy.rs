//! `DELETE /v1/accounts/{account}/applications/{application}/resources/{type}/{id}/policy`

use trilby_access::{
    Access, Authorized, Empty, Input, Known, Method, NoBody, NoContent, Operation, Place,
    Precondition, Reply, Scope, Services, Target,
};
use trilby_account::command;
use trilby_service::problem::Problem;

use super::path::{ResourcePath, target};

/// Takes a resource's policy away.
pub struct DeleteResourcePolicy;

impl Operation for DeleteResourcePolicy {
    const ID: &'static str = "delete_resource_policy";
    const METHOD: Method = Method::Delete;
    const PATH: &'static str =
        "/v1/accounts/{account}/applications/{application}/resources/{type}/{id}/policy";
    const TAG: &'static str = super::TAG;
    const SUMMARY: &'static str = "Delete the policy on a resource";
    const ACCESS: Access = Access::Action("registry:DeleteResourcePolicy");
    const ROOT_REPAIRS: bool = true;
    const KNOWN: Known = Known::ByAction(super::READ);
    const PRECONDITION: Precondition = Precondition::Required;
    const SUCCESS: u16 = 204;
    const SUCCESS_DESCRIPTION: &'static str = "It is gone";

    type Path = ResourcePath;
    type Query = Empty;
    type Body = NoBody;
    type Reply = NoContent;

    fn place(path: &Self::Path) -> Place {
        Place::Account(path.account)
    }

    fn target(input: &Input<Self>, scope: &Scope<'_>) -> Result<Target, Problem> {
        target(&input.path, scope)
    }

    async fn handle(
        grant: Authorized<Self>,
        input: Input<Self>,
        services: &Services,
    ) -> Result<Reply<Self>, Problem> {
        let command = command::DeleteResourcePolicy {
            application: input.path.application.clone(),
            resource: input.path.name()?,
        };
        grant
            .command(services, &input, command.into(), |_, _| {
                Ok(Reply::new(NoContent))
            })
            .await
    }
}
