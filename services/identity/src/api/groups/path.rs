//! Paths of groups, and what an action on one is asked of.

use serde::Deserialize;
use trilby_access::{Scope, Target};
use trilby_account::{Account, Group, GroupRef, HolderRef, UserRef};
use trilby_model::AccountId;
use trilby_service::problem::Problem;
use utoipa::IntoParams;

use crate::api::holders;
use crate::segment::Segment;

/// A group of an account.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct GroupPath {
    /// The account.
    pub account: AccountId,
    /// Name or unique id of the group.
    #[param(value_type = String)]
    pub group: Segment<GroupRef>,
}

/// A user as a member of a group.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct MemberPath {
    /// The account.
    pub account: AccountId,
    /// Name or unique id of the group.
    #[param(value_type = String)]
    pub group: Segment<GroupRef>,
    /// Name or unique id of the user.
    #[param(value_type = String)]
    pub user: Segment<UserRef>,
}

/// The group as it is, or as it would be called if it were there.
pub fn target(account: AccountId, group: &GroupRef, scope: &Scope<'_>) -> Result<Target, Problem> {
    holders::target(account, &HolderRef::Group(group.clone()), scope)
}

/// The group of the path.
///
/// Errors: `not_found`.
pub fn find<'a>(account: &'a Account, group: &GroupRef) -> Result<&'a Group, Problem> {
    account.group(group).ok_or_else(Problem::not_found)
}

impl MemberPath {
    /// Group and user by id, so that neither name can pass to another thing before the command is decided.
    ///
    /// Errors: `not_found` if either does not exist.
    pub fn resolved(&self, account: &Account) -> Result<(GroupRef, UserRef), Problem> {
        let group = find(account, &self.group)?.id.clone();
        let user = account
            .user(&self.user)
            .ok_or_else(Problem::not_found)?
            .id
            .clone();
        Ok((GroupRef::Id(group), UserRef::Id(user)))
    }
}
