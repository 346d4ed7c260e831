//! `DELETE /v1/organizations/{organization}/quarantine/{target}`

use trilby_access::problem::of_rejection;
use trilby_access::{
    Access, Authorized, Change, Empty, Input, Known, Method, NoBody, NoContent, Operation, Place,
    Precondition, Reply, Scope, Services, Target,
};
use trilby_account::organization::{self, LiftQuarantine};
use trilby_directory::Events;
use trilby_model::LogId;
use trilby_service::problem::{Code, Problem};

use super::quarantine::{QuarantinePath, quarantine_target};
use super::write;

/// Ends a quarantine.
pub struct DeleteQuarantine;

impl Operation for DeleteQuarantine {
    const ID: &'static str = "delete_quarantine";
    const METHOD: Method = Method::Delete;
    const PATH: &'static str = "/v1/organizations/{organization}/quarantine/{target}";
    const TAG: &'static str = super::TAG;
    const SUMMARY: &'static str = "Lift a quarantine";
    const DESCRIPTION: &'static str = "Sessions that it ended stay dead. A principal that is gone is named by its unique id. A delegated \
        administrator does not lift what holds its own account or one of that account's principals.";
    const ACCESS: Access = Access::Action(super::QUARANTINE);
    const KNOWN: Known = Known::ByAction(super::READ);
    const PRECONDITION: Precondition = Precondition::Optional;
    const PROBLEMS: &'static [Code] = &[Code::ProtectedResource];
    const SUCCESS: u16 = 204;
    const SUCCESS_DESCRIPTION: &'static str = "It is over";
    type Path = QuarantinePath;
    type Query = Empty;
    type Body = NoBody;
    type Reply = NoContent;

    fn place(path: &Self::Path) -> Place {
        Place::Organization(path.organization.clone())
    }

    fn target(input: &Input<Self>, scope: &Scope<'_>) -> Result<Target, Problem> {
        quarantine_target(&input.path, scope)
    }

    async fn handle(
        grant: Authorized<Self>,
        input: Input<Self>,
        services: &Services,
    ) -> Result<Reply<Self>, Problem> {
        let id = input.path.organization.clone();
        let wanted = input.path.target.0.clone();
        let caller = grant.caller()?.account;
        let rights = write::rights(&grant)?;
        let mut logs = vec![rights.clone()];
        logs.extend(wanted.account().map(LogId::Account));
        grant
            .write(services, &input, &logs, |states, ctx| {
                let state = write::writable::<Self>(states, &id, caller)?;
                let member = wanted.account().and_then(|account| states.account(account));
                let target = wanted.held_in(state, member.map(|view| &view.state));
                let target = target.ok_or_else(Problem::not_found)?;
                let command = LiftQuarantine { target, by: caller };
                let lifted =
                    organization::lift_quarantine(state, &command, ctx).map_err(of_rejection)?;
                let events = vec![Events::Organization(id.clone(), lifted)];
                let change = Change::new(events, |_| Ok(Reply::new(NoContent)));
                Ok(change.guarded_by(vec![rights.clone()]))
            })
            .await
    }
}
