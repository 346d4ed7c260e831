//! Paths of organizations, and what an action on one is asked of.

use serde::Deserialize;
use trilby_access::{Scope, Target};
use trilby_model::{AccountId, Arn, OrganizationId};
use trilby_service::problem::Problem;
use utoipa::IntoParams;

/// An organization.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct OrganizationPath {
    /// The organization.
    pub organization: OrganizationId,
}

/// A member account of an organization.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct MemberPath {
    /// The organization.
    pub organization: OrganizationId,
    /// The member account.
    pub account: AccountId,
}

/// The account that manages the organization of the path: it owns everything in it.
///
/// Errors: `not_found` if there is no such organization.
pub fn management(scope: &Scope<'_>) -> Result<AccountId, Problem> {
    let organization = scope.organization.ok_or_else(Problem::not_found)?;
    organization
        .state
        .management_account()
        .ok_or_else(Problem::not_found)
}

/// The organization itself.
///
/// Errors: `not_found` if there is no such organization.
pub fn target(organization: &OrganizationId, scope: &Scope<'_>) -> Result<Target, Problem> {
    let management = management(scope)?;
    Ok(Target::new(
        management,
        Arn::organization(&management, organization),
    ))
}
