//! `DELETE /v1/accounts/{account}/policies/{policy}`

use trilby_access::problem::of_rejection;
use trilby_access::{
    Access, Authorized, Change, Input, Known, Method, NoBody, NoContent, Operation, Place,
    Precondition, Reply, Scope, Services, Target,
};
use trilby_account::{Account, CustomerPolicyRef, command};
use trilby_model::Arn;
use trilby_policy::{Context, ContextValue};
use trilby_service::problem::{Code, Problem};

use super::path::{PolicyPath, target};
use crate::api::CascadeQuery;
use crate::api::holders::{detach_action, holder_arn};

/// Deletes a policy.
pub struct DeletePolicy;

impl Operation for DeletePolicy {
    const ID: &'static str = "delete_policy";
    const METHOD: Method = Method::Delete;
    const PATH: &'static str = "/v1/accounts/{account}/policies/{policy}";
    const TAG: &'static str = super::TAG;
    const SUMMARY: &'static str = "Delete a managed policy";
    const DESCRIPTION: &'static str = "Refused while it is attached, unless `cascade=true`; then the right to detach it from each holder is needed.";
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
        let wanted = &input.path.policy.0;
        let cascade = input.query.cascade;
        let command = command::DeletePolicy {
            policy: wanted.clone(),
            cascade,
        };
        grant
            .write(services, &input, &[], |states, ctx| {
                let account = states.account(id).ok_or_else(Problem::not_found)?;
                let events = account
                    .state
                    .decide(command.clone().into(), ctx)
                    .map_err(of_rejection)?;
                if cascade {
                    may_detach(&grant, &account.state, wanted)?;
                }
                Ok(Change::of_account(id, events, |_| {
                    Ok(Reply::new(NoContent))
                }))
            })
            .await
    }
}

/// Whether the caller could take the policy from each holder on its own.
fn may_detach(
    grant: &Authorized<DeletePolicy>,
    account: &Account,
    wanted: &CustomerPolicyRef,
) -> Result<(), Problem> {
    let Some(policy) = account.policy(wanted) else {
        return Ok(());
    };
    let arn = Arn::policy(&account.id(), &policy.path, &policy.name);
    let mut keys = Context::new();
    keys.insert("iam:PolicyARN", ContextValue::Scalar(arn.to_string()));
    for holder in &policy.holders {
        if let Some(of) = holder_arn(account, holder) {
            grant.require(detach_action(holder), &of, account.id(), &keys)?;
        }
    }
    Ok(())
}
