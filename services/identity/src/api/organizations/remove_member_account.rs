//! `DELETE /v1/organizations/{organization}/accounts/{account}`

use trilby_access::problem::of_rejection;
use trilby_access::{
    Access, Authorized, Change, Empty, Input, Known, Method, NoBody, NoContent, Operation, Place,
    Precondition, Reply, Scope, Services, Target,
};
use trilby_account::organization;
use trilby_directory::Events;
use trilby_model::LogId;
use trilby_service::problem::{Code, Problem};

use super::path::{MemberPath, member_target};
use super::write;

const ACTION: &str = "organizations:RemoveAccount";

/// Lets a member go.
pub struct RemoveMemberAccount;

impl Operation for RemoveMemberAccount {
    const ID: &'static str = "remove_member_account";
    const METHOD: Method = Method::Delete;
    const PATH: &'static str = "/v1/organizations/{organization}/accounts/{account}";
    const TAG: &'static str = super::TAG;
    const SUMMARY: &'static str = "Remove an account from its organization";
    const DESCRIPTION: &'static str = "The account stays as it is, with its own administrators; no control policy of the organization binds it any more. An account in quarantine cannot leave, nor the management account.";
    const ACCESS: Access = Access::Action(ACTION);
    const KNOWN: Known = Known::ByAction(super::READ_ACCOUNT);
    const PRECONDITION: Precondition = Precondition::Optional;
    const SUCCESS: u16 = 204;
    const SUCCESS_DESCRIPTION: &'static str = "It is no member any more";
    const PROBLEMS: &'static [Code] = &[Code::InvalidState];
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
        let caller = grant.caller()?.account;
        let rights = write::rights(&grant)?;
        let logs = [rights.clone(), LogId::Account(account)];
        grant
            .write(services, &input, &logs, |states, ctx| {
                let state = write::writable::<Self>(states, &id, caller)?;
                let member = &states
                    .account(account)
                    .ok_or_else(Problem::not_found)?
                    .state;
                let left = organization::remove_member(state, member, account, ctx)
                    .map_err(of_rejection)?;
                let events = vec![
                    Events::Organization(id.clone(), left.organization_events),
                    Events::Account(account, left.account_events),
                ];
                let change = Change::new(events, |_| Ok(Reply::new(NoContent)));
                Ok(change.guarded_by(vec![rights.clone()]))
            })
            .await
    }
}
