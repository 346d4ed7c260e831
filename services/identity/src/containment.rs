//! Quarantine as a limit on others: nobody gives a principal in quarantine something new to begin with.

use trilby_access::{Authorized, Operation};
use trilby_account::{Account, PrincipalId};
use trilby_directory::States;
use trilby_model::LogId;
use trilby_service::problem::{Code, Problem};

/// The log that says who of the path's account is in quarantine; none if the account is in no organization.
///
/// Errors: `not_found` if there is no such account.
pub fn logs<Op: Operation>(grant: &Authorized<Op>) -> Result<Vec<LogId>, Problem> {
    let membership = grant.account()?.state.organization();
    let log = membership.map(|membership| LogId::Organization(membership.organization.clone()));
    Ok(log.into_iter().collect())
}

/// Refuses if the account, or this user or role of it, is in quarantine. `states` must have the log of [`logs`].
///
/// Errors: `invalid_state`; `write_conflict` if the account joined an organization meanwhile.
pub fn refuse(states: &States, account: &Account, principal: &PrincipalId) -> Result<(), Problem> {
    let Some(membership) = account.organization() else {
        return Ok(());
    };
    let organization = states
        .organization(&membership.organization)
        .ok_or_else(|| {
            let detail = "the account joined an organization meanwhile";
            Problem::new(Code::WriteConflict, detail)
        })?;
    match organization
        .state
        .is_quarantined(account.id(), Some(principal))
    {
        true => Err(Problem::new(
            Code::InvalidState,
            "whoever is in quarantine is given no keys and no passwords",
        )),
        false => Ok(()),
    }
}
