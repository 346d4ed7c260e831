//! Paths of organizations, and what an action on one is asked of.

use serde::Deserialize;
use trilby_access::{Scope, Target};
use trilby_account::organization::{Organization, UnitRef};
use trilby_model::{AccountId, Arn, OrganizationId, UnitId};
use trilby_service::problem::{Code, Problem};
use utoipa::{IntoParams, ToSchema};

use crate::segment::Segment;

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

/// A node of an organization's tree.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct UnitPath {
    /// The organization.
    pub organization: OrganizationId,
    /// Id of the unit (`ou-…`), or of the root (`r-…`).
    #[param(value_type = String, example = "ou-7dk20aqz")]
    pub unit: Segment<UnitRef>,
}

/// Which page of a list, and of whose children.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ChildrenQuery {
    /// Most items of the page: 1 to 1000, 100 if not given.
    pub limit: Option<usize>,
    /// Where the page before ended.
    pub cursor: Option<String>,
    /// Only what hangs on this unit or root itself.
    #[param(value_type = Option<String>)]
    pub parent_id: Option<UnitRef>,
}

impl ChildrenQuery {
    /// Its filters.
    pub fn filters(&self) -> Vec<(String, String)> {
        let parent = self.parent_id.iter();
        parent
            .map(|parent| ("parent_id".to_owned(), parent.to_string()))
            .collect()
    }
}

/// The account that manages the organization of the path: it owns everything in it.
///
/// Errors: `not_found` if there is no such organization, or none any more.
pub fn management(scope: &Scope<'_>) -> Result<AccountId, Problem> {
    let organization = scope.organization.ok_or_else(Problem::not_found)?;
    management_of(&organization.state)
}

/// The account that manages an organization.
///
/// Errors: `not_found` if there is no such organization, or none any more.
pub fn management_of(organization: &Organization) -> Result<AccountId, Problem> {
    let management = organization.management_account();
    management
        .filter(|_| !organization.is_deleted())
        .ok_or_else(Problem::not_found)
}

/// Whose word is needed for an action of this caller: the management account's, or, for what a member was entrusted
/// with, that member's own. A stranger asks the management account, which trusts nobody by policy.
///
/// Errors: `not_found` if there is no such organization; and for what a delegated administrator was not given.
pub fn owner(scope: &Scope<'_>, action: &str) -> Result<AccountId, Problem> {
    let management = management(scope)?;
    let organization = scope.organization.ok_or_else(Problem::not_found)?;
    let caller = scope.caller.account;
    if organization.state.delegates(caller, action) {
        return Ok(caller);
    }
    let entrusted = organization.state.delegated_admins().contains_key(&caller);
    match entrusted {
        true => Err(Problem::not_found()),
        false => Ok(management),
    }
}

/// The organization itself.
///
/// Errors: as [`owner`].
pub fn target(
    organization: &OrganizationId,
    action: &str,
    scope: &Scope<'_>,
) -> Result<Target, Problem> {
    let arn = Arn::organization(&management(scope)?, organization);
    Ok(Target::new(owner(scope, action)?, arn))
}

/// A node of the tree.
///
/// Errors: as [`owner`].
pub fn unit_target(
    organization: &OrganizationId,
    node: &UnitRef,
    action: &str,
    scope: &Scope<'_>,
) -> Result<Target, Problem> {
    let arn = node_arn(&management(scope)?, organization, node);
    Ok(Target::new(owner(scope, action)?, arn))
}

/// A member.
///
/// Errors: as [`owner`].
pub fn member_target(
    path: &MemberPath,
    action: &str,
    scope: &Scope<'_>,
) -> Result<Target, Problem> {
    let arn = Arn::member(&management(scope)?, &path.organization, &path.account);
    Ok(Target::new(owner(scope, action)?, arn))
}

/// The ARN of a node, whether or not it exists.
#[must_use]
pub fn node_arn(management: &AccountId, organization: &OrganizationId, node: &UnitRef) -> Arn {
    match node {
        UnitRef::Root(id) => Arn::organization_root(management, organization, id),
        UnitRef::Unit(id) => Arn::unit(management, organization, id),
    }
}

/// The node that a thing hangs on if nothing else is said: the root.
///
/// Errors: `not_found` if there is no such organization.
pub fn root_of(scope: &Scope<'_>) -> Result<UnitRef, Problem> {
    let organization = scope.organization.ok_or_else(Problem::not_found)?;
    let root = organization.state.root().ok_or_else(Problem::not_found)?;
    Ok(UnitRef::Root(root.id.clone()))
}

/// A unit, which alone can be renamed, moved and deleted.
///
/// Errors: `invalid_state` for the root.
pub fn unit_id(node: &UnitRef) -> Result<UnitId, Problem> {
    match node {
        UnitRef::Unit(id) => Ok(id.clone()),
        UnitRef::Root(_) => Err(Problem::new(
            Code::InvalidState,
            "the root of the tree stays as it is",
        )),
    }
}

/// Where a unit or an account is to hang.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewParent {
    /// The unit, or the root.
    #[schema(value_type = String, example = "ou-7dk20aqz")]
    pub parent_id: UnitRef,
}

/// A move needs the right on what it takes a thing from and on what it gives it to, as well.
///
/// Errors: as [`owner`].
pub fn between(
    target: Target,
    organization: &OrganizationId,
    from: Option<UnitRef>,
    to: &NewParent,
    action: &'static str,
    scope: &Scope<'_>,
) -> Result<Target, Problem> {
    let management = management(scope)?;
    let parents = from.iter().chain([&to.parent_id]);
    Ok(parents.fold(target, |target, parent| {
        target.also(action, node_arn(&management, organization, parent))
    }))
}
