//! `DELETE /v1/accounts/{account}/policies/{policy}`

use trilby_access::problem::of_rejection;
use trilby_access::{
    Access, Authorized, Change, Input, Known, Method, NoBody, NoContent, Operation, Place,
    Precondition, Reply, Scope, Services, Target,
};
use trilby_account::command;
use trilby_service::problem::{Code, Problem};

use super::path::{PolicyPath, target};
use crate::api::CascadeQuery;
use crate::api::parts::may_remove;

/// Deletes a policy.
pub struct DeletePolicy;

impl Operation for DeletePolicy {
    const ID: &'static str = "delete_policy";
    const METHOD: Method = Method::Delete;
    const PATH: &'static str = "/v1/accounts/{account}/policies/{policy}";
    const TAG: &'static str = super::TAG;
    const SUMMARY: &'static str = "Delete a managed policy";
    const DESCRIPTION: &'static str = "Refused while it is attached, unless `cascade=true`; then the right to detach it from each holder is needed. Never \
        while it is somebody's permissions boundary: who loses a cap gains rights.";
    const ACCESS: Access = Access::Action("iam:DeletePolicy");
    const KNOWN: Known = Known::ByAction(super::READ);
    const PRECONDITION: Precondition = Precondition::Optional;
    const SUCCESS: u16 = 204;
    const SUCCESS_DESCRIPTION: &'static str = "It is gone";
    const PROBLEMS: &'static [Code] = &[Code::DeleteConflict, Code::LimitExceeded];

    type Path = PolicyPath;
    type Query = CascadeQuery;
    type Body = NoBody;
    type Reply = NoContent;

    fn place(path: &Self::Path) -> Place {
        Place::Account(path.account)
    }

    fn target(input: &Input<Self>, scope: &Scope<'_>) -> Result<Target, Problem> {
        target(input.path.account, &input.path.policy, scope)
    }

    async fn handle(
        grant: Authorized<Self>,
        input: Input<Self>,
        services: &Services,
    ) -> Result<Reply<Self>, Problem> {
        let id = grant.account_id()?;
        let command = command::DeletePolicy {
            policy: input.path.policy.0.clone(),
            cascade: input.query.cascade,
        };
        grant
            .write(services, &input, &[], |states, ctx| {
                let account = states.account(id).ok_or_else(Problem::not_found)?;
                let events = account
                    .state
                    .decide(command.clone().into(), ctx)
                    .map_err(of_rejection)?;
                may_remove(&grant, &account.state, &events)?;
                Ok(Change::of_account(id, events, |_| {
                    Ok(Reply::new(NoContent))
                }))
            })
            .await
    }
}
