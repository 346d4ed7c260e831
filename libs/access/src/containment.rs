//! Quarantine as a limit on others: nobody gives a principal in quarantine something new to begin with.

use trilby_account::{Account, PrincipalId};
use trilby_directory::States;
use trilby_model::LogId;
use trilby_service::problem::{Code, Problem};

use crate::authorized::Authorized;
use crate::operation::Operation;

/// The log that says who of an account is in quarantine; none if the account is in no organization.
#[must_use]
pub fn log(account: &Account) -> Option<LogId> {
    let membership = account.organization();
    membership.map(|membership| LogId::Organization(membership.organization.clone()))
}

/// The [`log`] of the path's account.
///
/// Errors: `not_found` if there is no such account.
pub fn logs<Op: Operation>(grant: &Authorized<Op>) -> Result<Vec<LogId>, Problem> {
    Ok(log(&grant.account()?.state).into_iter().collect())
}

/// Refuses if the account, or this user or role of it, is in quarantine; root, which has no unique id, is so with its account.
/// `states` must have the account's [`log`].
///
/// Errors: `invalid_state`; `write_conflict` if the account joined an organization meanwhile.
pub fn refuse(
    states: &States,
    account: &Account,
    principal: Option<&PrincipalId>,
) -> Result<(), Problem> {
    let Some(membership) = account.organization() else {
        return Ok(());
    };
    let organization = states
        .organization(&membership.organization)
        .ok_or_else(|| {
            let detail = "the account joined an organization meanwhile";
            Problem::new(Code::WriteConflict, detail)
        })?;
    match organization.state.is_quarantined(account.id(), principal) {
        true => Err(Problem::new(
            Code::InvalidState,
            "whoever is in quarantine is given no keys and no passwords",
        )),
        false => Ok(()),
    }
}
