//! `DELETE /v1/accounts/{account}/applications/{application}`

use trilby_access::problem::of_rejection;
use trilby_access::{
    Access, Authorized, Change, Input, Known, Method, NoBody, NoContent, Operation, Place,
    Precondition, Reply, Scope, Services, Target,
};
use trilby_account::{Account, command};
use trilby_model::{ApplicationName, Arn};
use trilby_policy::Context;
use trilby_service::problem::{Code, Problem};

use super::path::{ApplicationPath, find, target};
use crate::api::CascadeQuery;

/// Removes an application.
pub struct DeleteApplication;

impl Operation for DeleteApplication {
    const ID: &'static str = "delete_application";
    const METHOD: Method = Method::Delete;
    const PATH: &'static str = "/v1/accounts/{account}/applications/{application}";
    const TAG: &'static str = super::TAG;
    const SUMMARY: &'static str = "Remove an application";
    const DESCRIPTION: &'static str = "Refused while it has registered resources, unless `cascade=true`; then the right to delete each is needed.";
    const ACCESS: Access = Access::Action("registry:DeleteApplication");
    const KNOWN: Known = Known::ByAction(super::READ);
    const PRECONDITION: Precondition = Precondition::Optional;
    const SUCCESS: u16 = 204;
    const SUCCESS_DESCRIPTION: &'static str = "It is gone";
    const PROBLEMS: &'static [Code] = &[Code::DeleteConflict, Code::LimitExceeded];

    type Path = ApplicationPath;
    type Query = CascadeQuery;
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
        let id = grant.account_id()?;
        let cascade = input.query.cascade;
        let command = command::DeleteApplication {
            application: input.path.application.clone(),
            cascade,
        };
        grant
            .write(services, &input, &[], |states, ctx| {
                let account = states.account(id).ok_or_else(Problem::not_found)?;
                // The command's own bound comes first: it keeps the questions below few.
                let events = account
                    .state
                    .decide(command.clone().into(), ctx)
                    .map_err(of_rejection)?;
                if cascade {
                    may_delete_resources(&grant, &account.state, &command.application)?;
                }
                Ok(Change::of_account(id, events, |_| {
                    Ok(Reply::new(NoContent))
                }))
            })
            .await
    }
}

/// Whether the caller could remove each resource, and its policy, on its own.
fn may_delete_resources(
    grant: &Authorized<DeleteApplication>,
    account: &Account,
    name: &ApplicationName,
) -> Result<(), Problem> {
    let id = account.id();
    for (resource, entry) in find(account, name)?.resources.iter() {
        let arn = Arn::registered_resource(name, &id, &resource.kind, &resource.key);
        let keys = Target::new(id, arn.clone())
            .resource_tags(&entry.tags)
            .context;
        grant.require("registry:DeleteResource", &arn, id, &keys)?;
        if entry.policy.is_some() {
            grant.require("registry:DeleteResourcePolicy", &arn, id, &Context::new())?;
        }
    }
    Ok(())
}
