//! `DELETE /v1/accounts/{account}/external-ids/{external_id}`

use trilby_access::{
    Access, Authorized, Empty, Input, Known, Method, NoBody, NoContent, Operation, Place,
    Precondition, Reply, Scope, Services, Target,
};
use trilby_account::command;
use trilby_service::problem::{Code, Problem};

use super::path::{ExternalIdPath, target};

/// Takes an external id back.
pub struct DeleteExternalId;

impl Operation for DeleteExternalId {
    const ID: &'static str = "delete_external_id";
    const METHOD: Method = Method::Delete;
    const PATH: &'static str = "/v1/accounts/{account}/external-ids/{external_id}";
    const TAG: &'static str = super::TAG;
    const SUMMARY: &'static str = "Delete an external id";
    const DESCRIPTION: &'static str = "Refused while the trust policy of a role of this account asks for it. The value is never \
        issued again.";
    const ACCESS: Access = Access::Action("iam:DeleteExternalId");
    const KNOWN: Known = Known::ByAction(super::READ);
    const PRECONDITION: Precondition = Precondition::Optional;
    const SUCCESS: u16 = 204;
    const SUCCESS_DESCRIPTION: &'static str = "It is gone";
    const PROBLEMS: &'static [Code] = &[Code::DeleteConflict, Code::InvalidState];

    type Path = ExternalIdPath;
    type Query = Empty;
    type Body = NoBody;
    type Reply = NoContent;

    fn place(path: &Self::Path) -> Place {
        Place::Account(path.account)
    }

    fn target(input: &Input<Self>, _: &Scope<'_>) -> Result<Target, Problem> {
        Ok(target(input.path.account))
    }

    async fn handle(
        grant: Authorized<Self>,
        input: Input<Self>,
        services: &Services,
    ) -> Result<Reply<Self>, Problem> {
        let command = command::DeleteExternalId {
            external_id: input.path.external_id.0.clone(),
        };
        grant
            .command(services, &input, command.into(), |_, _| {
                Ok(Reply::new(NoContent))
            })
            .await
    }
}
