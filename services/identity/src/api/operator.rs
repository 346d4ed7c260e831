//! What the operator of the installation may do with accounts: on a port of its own, by rights on the installation.
//!
//! The installation belongs to the operator account, so only that account's policies can allow this, and only to its own
//! principals. The operator puts accounts out of service and back; it sees nothing in them and enters none.

mod resume_account;
mod suspend_any_account;

pub use resume_account::ResumeAccount;
pub use suspend_any_account::SuspendAnyAccount;

use trilby_access::problem::of_rejection;
use trilby_access::{
    Authorized, Change, Input, Known, Operation, Place, Reply, Scope, Services, Target,
};
use trilby_account::Command;
use trilby_model::{Arn, LogId};
use trilby_service::problem::Problem;

use super::AccountPath;
use super::accounts::AccountView;

/// The group of operations in the API's document.
const TAG: &str = "Operator";
/// To whom refusals are told: the operator account's principals.
const KNOWN: Known = Known::ToMembers;
/// Where its paths lie.
const PLACE: Place = Place::Installation;

/// The installation, which is the operator account's.
fn target(scope: &Scope<'_>) -> Result<Target, Problem> {
    let operator = scope.account.ok_or_else(Problem::not_found)?;
    Ok(Target::new(operator.state.id(), Arn::installation()))
}

/// Executes one command on the account of the path, in that account's own log.
///
/// Errors: `not_found` for an account that does not exist; the command's rejection; those of [`Authorized::write`].
async fn command<Op>(
    grant: &Authorized<Op>,
    services: &Services,
    input: &Input<Op>,
    command: Command,
) -> Result<Reply<Op>, Problem>
where
    Op: Operation<Path = AccountPath, Reply = AccountView>,
{
    let account = input.path.account;
    // The rights must not move between the question and the write.
    let rights = LogId::Account(grant.caller()?.account);
    let logs = [LogId::Account(account), rights.clone()];
    grant
        .write(services, input, &logs, |states, ctx| {
            let view = states.account(account).ok_or_else(Problem::not_found)?;
            let events = view
                .state
                .decide(command.clone(), ctx)
                .map_err(of_rejection)?;
            let change = Change::of_account(account, events, |after| {
                let view = AccountView::of(after)?;
                Ok(Reply::new(view))
            });
            Ok(change.guarded_by(vec![rights.clone()]))
        })
        .await
}
