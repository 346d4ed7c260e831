//! `DELETE /v1/accounts/{account}/applications/{application}/resources/{type}/{id}`

use trilby_access::{
    Access, Authorized, Input, Known, Method, NoBody, NoContent, Operation, Place, Precondition,
    Reply, Scope, Services, Target,
};
use trilby_account::command;
use trilby_service::problem::{Code, Problem};

use super::path::{ResourcePath, target};
use crate::api::CascadeQuery;

/// Removes a resource.
pub struct DeleteResource;

impl Operation for DeleteResource {
    const ID: &'static str = "delete_resource";
    const METHOD: Method = Method::Delete;
    const PATH: &'static str =
        "/v1/accounts/{account}/applications/{application}/resources/{type}/{id}";
    const TAG: &'static str = super::TAG;
    const SUMMARY: &'static str = "Remove a registered resource";
    const DESCRIPTION: &'static str = "Refused while it has a policy, unless `cascade=true`; then `registry:DeleteResourcePolicy` is needed as well.";
    const ACCESS: Access = Access::Action("registry:DeleteResource");
    const KNOWN: Known = Known::ByAction(super::READ);
    const PRECONDITION: Precondition = Precondition::Optional;
    const SUCCESS: u16 = 204;
    const SUCCESS_DESCRIPTION: &'static str = "It is gone";
    const PROBLEMS: &'static [Code] = &[Code::DeleteConflict];

    type Path = ResourcePath;
    type Query = CascadeQuery;
    type Body = NoBody;
    type Reply = NoContent;

    fn place(path: &Self::Path) -> Place {
        Place::Account(path.account)
    }

    fn target(input: &Input<Self>, scope: &Scope<'_>) -> Result<Target, Problem> {
        let target = target(&input.path, scope)?;
        Ok(match input.query.cascade {
            true => {
                let arn = target.resource.clone();
                target.also("registry:DeleteResourcePolicy", arn)
            }
            false => target,
        })
    }

    async fn handle(
        grant: Authorized<Self>,
        input: Input<Self>,
        services: &Services,
    ) -> Result<Reply<Self>, Problem> {
        let command = command::DeleteResource {
            application: input.path.application.clone(),
            resource: input.path.name()?,
            cascade: input.query.cascade,
        };
        grant
            .command(services, &input, command.into(), |_, _| {
                Ok(Reply::new(NoContent))
            })
            .await
    }
}
