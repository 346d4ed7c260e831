//! Paths of roles, and what an action on one is asked of.

use serde::Deserialize;
use trilby_access::{Scope, Target};
use trilby_account::{Account, DescriptionError, HolderRef, Reason, Role, RoleRef};
use trilby_model::AccountId;
use trilby_service::problem::Problem;
use utoipa::IntoParams;

use crate::api::holders;
use crate::segment::Segment;

/// A role of an account.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct RolePath {
    /// The account.
    pub account: AccountId,
    /// Name or unique id of the role.
    #[param(value_type = String)]
    pub role: Segment<RoleRef>,
}

/// The role as it is, or as it would be called if it were there.
pub fn target(account: AccountId, role: &RoleRef, scope: &Scope<'_>) -> Result<Target, Problem> {
    holders::target(account, &HolderRef::Role(role.clone()), scope)
}

/// The role of the path.
///
/// Errors: `not_found`.
pub fn find<'a>(account: &'a Account, role: &RoleRef) -> Result<&'a Role, Problem> {
    account.role(role).ok_or_else(Problem::not_found)
}

/// Why a role may trust strangers without an external id, if the body says so.
///
/// Errors: `invalid_parameter` if it is empty, too long or has control characters.
pub fn waived(text: Option<&str>) -> Result<Option<Reason>, Problem> {
    let pointer = "/external_id_waiver";
    match text {
        None => Ok(None),
        Some(text) if text.trim().is_empty() => Err(Problem::invalid(pointer, "must say why")),
        Some(text) => text
            .parse()
            .map(Some)
            .map_err(|error: DescriptionError| Problem::invalid(pointer, error.to_string())),
    }
}
