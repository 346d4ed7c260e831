//! Paths of users, and what an action on one is asked of.

use serde::Deserialize;
use trilby_access::{Scope, Target};
use trilby_account::{Account, HolderRef, User, UserRef};
use trilby_model::AccountId;
use trilby_service::problem::Problem;
use utoipa::IntoParams;

use crate::api::holders;
use crate::segment::Segment;

/// A user of an account.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct UserPath {
    /// The account.
    pub account: AccountId,
    /// Name or unique id of the user.
    #[param(value_type = String)]
    pub user: Segment<UserRef>,
}

/// The user as it is, or as it would be called if it were there.
pub fn target(account: AccountId, user: &UserRef, scope: &Scope<'_>) -> Result<Target, Problem> {
    holders::target(account, &HolderRef::User(user.clone()), scope)
}

/// The user of the path.
///
/// Errors: `not_found`.
pub fn find<'a>(account: &'a Account, user: &UserRef) -> Result<&'a User, Problem> {
    account.user(user).ok_or_else(Problem::not_found)
}
