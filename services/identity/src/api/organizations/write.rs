//! Writing to an organization's log on behalf of an authorized caller.

use trilby_access::problem::of_rejection;
use trilby_access::{Access, Authorized, Change, Input, Operation, Reply, Services};
use trilby_account::ThingKind;
use trilby_account::organization::{Command, Organization};
use trilby_directory::{Events, States};
use trilby_model::{AccountId, LogId, OrganizationId};
use trilby_service::problem::Problem;

use super::path::management_of;
use crate::written::lost;

/// Executes one command on the path's organization and answers from the organization after it.
///
/// Errors: the command's rejection, and those of [`Authorized::write`].
pub async fn command<Op, F>(
    grant: &Authorized<Op>,
    services: &Services,
    input: &Input<Op>,
    id: &OrganizationId,
    command: Command,
    reply: F,
) -> Result<Reply<Op>, Problem>
where
    Op: Operation,
    F: Fn(&Organization) -> Result<Reply<Op>, Problem> + Clone + Send + 'static,
{
    let rights = rights(grant)?;
    let caller = grant.caller()?.account;
    grant
        .write(
            services,
            input,
            std::slice::from_ref(&rights),
            |states, ctx| {
                let state = writable::<Op>(states, id, caller)?;
                let events = state.decide(&command, ctx).map_err(of_rejection)?;
                let events = vec![Events::Organization(id.clone(), events)];
                let (id, reply) = (id.clone(), reply.clone());
                let change = Change::new(events, move |after| {
                    let state = after
                        .organization(&id)
                        .ok_or_else(|| lost(ThingKind::Organization))?;
                    reply(state)
                });
                Ok(change.guarded_by(vec![rights.clone()]))
            },
        )
        .await
}

/// The log that the caller's rights come from. It must not move between the question and the write.
///
/// Errors: `unauthenticated`, for public operations only.
pub fn rights<Op: Operation>(grant: &Authorized<Op>) -> Result<LogId, Problem> {
    grant.caller().map(|caller| LogId::Account(caller.account))
}

/// The organization as it is written to, in which the caller's account still has what it was authorized by: it manages
/// the organization or was entrusted with the operation's action.
///
/// Errors: `not_found`.
pub fn writable<'a, Op: Operation>(
    states: &'a States,
    id: &OrganizationId,
    caller: AccountId,
) -> Result<&'a Organization, Problem> {
    let state = &states
        .organization(id)
        .ok_or_else(Problem::not_found)?
        .state;
    let entrusted = match Op::ACCESS {
        Access::Action(action) => state.delegates(caller, action),
        Access::Public(_) | Access::Authenticated(_) => false,
    };
    if management_of(state)? == caller || entrusted {
        Ok(state)
    } else {
        Err(Problem::not_found())
    }
}
