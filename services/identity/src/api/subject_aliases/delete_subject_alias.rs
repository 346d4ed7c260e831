//! `DELETE /v1/accounts/{account}/subject-aliases/{type}/{id}`

use trilby_access::{
    Access, Authorized, Empty, Input, Known, Method, NoBody, NoContent, Operation, Place,
    Precondition, Reply, Scope, Services, Target,
};
use trilby_account::command;
use trilby_service::problem::Problem;

use super::path::{AliasPath, target};

/// Lets a subject mean nobody.
pub struct DeleteSubjectAlias;

impl Operation for DeleteSubjectAlias {
    const ID: &'static str = "delete_subject_alias";
    const METHOD: Method = Method::Delete;
    const PATH: &'static str = "/v1/accounts/{account}/subject-aliases/{type}/{id}";
    const TAG: &'static str = super::TAG;
    const SUMMARY: &'static str = "Let a subject mean nobody";
    const ACCESS: Access = Access::Action("iam:DeleteSubjectAlias");
    const KNOWN: Known = Known::ByAction(super::READ);
    const PRECONDITION: Precondition = Precondition::Optional;
    const SUCCESS: u16 = 204;
    const SUCCESS_DESCRIPTION: &'static str = "It is gone";

    type Path = AliasPath;
    type Query = Empty;
    type Body = NoBody;
    type Reply = NoContent;

    fn place(path: &Self::Path) -> Place {
        Place::Account(path.account)
    }

    fn target(input: &Input<Self>, scope: &Scope<'_>) -> Result<Target, Problem> {
        Ok(target(&input.path, scope))
    }

    async fn handle(
        grant: Authorized<Self>,
        input: Input<Self>,
        services: &Services,
    ) -> Result<Reply<Self>, Problem> {
        let subject = input.path.subject().ok_or_else(Problem::not_found)?;
        let command = command::DeleteSubjectAlias { subject };
        grant
            .command(services, &input, command.into(), |_, _| {
                Ok(Reply::new(NoContent))
            })
            .await
    }
}
