//! `DELETE /v1/organizations/{organization}`

use trilby_access::problem::of_rejection;
use trilby_access::{
    Access, Authorized, Change, Empty, Input, Known, Method, NoBody, NoContent, Operation, Place,
    Precondition, Reply, Scope, Services, Target,
};
use trilby_account::organization;
use trilby_directory::Events;
use trilby_model::{Arn, LogId};
use trilby_service::problem::{Code, Problem};

use super::path::{OrganizationPath, management_of, target};
use super::write;

const ACTION: &str = "organizations:DeleteOrganization";

/// Ends an organization.
pub struct DeleteOrganization;

impl Operation for DeleteOrganization {
    const ID: &'static str = "delete_organization";
    const METHOD: Method = Method::Delete;
    const PATH: &'static str = "/v1/organizations/{organization}";
    const TAG: &'static str = super::TAG;
    const SUMMARY: &'static str = "Delete an organization";
    const DESCRIPTION: &'static str =
        "Refused while other accounts than the management account are in it. Its log stays.";
    const ACCESS: Access = Access::Action(ACTION);
    const KNOWN: Known = Known::ByAction(super::READ);
    const PRECONDITION: Precondition = Precondition::Optional;
    const SUCCESS: u16 = 204;
    const SUCCESS_DESCRIPTION: &'static str = "It is gone";
    const PROBLEMS: &'static [Code] = &[Code::DeleteConflict];
    type Path = OrganizationPath;
    type Query = Empty;
    type Body = NoBody;
    type Reply = NoContent;

    fn place(path: &Self::Path) -> Place {
        Place::Organization(path.organization.clone())
    }

    /// Of one that is gone the account is asked that managed it: it may repeat the request that ended it, and no other
    /// finds anything.
    fn target(input: &Input<Self>, scope: &Scope<'_>) -> Result<Target, Problem> {
        let organization = scope.organization.ok_or_else(Problem::not_found)?;
        let id = &input.path.organization;
        match organization.state.management_account() {
            Some(management) if organization.state.is_deleted() => {
                Ok(Target::new(management, Arn::organization(&management, id)))
            }
            Some(_) | None => target(id, ACTION, scope),
        }
    }

    async fn handle(
        grant: Authorized<Self>,
        input: Input<Self>,
        services: &Services,
    ) -> Result<Reply<Self>, Problem> {
        let id = input.path.organization.clone();
        let management = management_of(&grant.organization()?.state)?;
        let caller = grant.caller()?.account;
        let logs = [LogId::Account(management)];
        grant
            .write(services, &input, &logs, |states, ctx| {
                let state = write::writable::<Self>(states, &id, caller)?;
                let own = &states
                    .account(management)
                    .ok_or_else(Problem::not_found)?
                    .state;
                let ended =
                    organization::delete_organization(state, own, ctx).map_err(of_rejection)?;
                let events = vec![
                    Events::Organization(id.clone(), ended.organization_events),
                    Events::Account(management, ended.account_events),
                ];
                Ok(Change::new(events, |_| Ok(Reply::new(NoContent))))
            })
            .await
    }
}
