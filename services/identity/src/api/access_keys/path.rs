//! Paths of access keys. Rights are asked on the key's user.

use serde::Deserialize;
use trilby_account::{AccessKey, Account, UserRef};
use trilby_model::{AccessKeyId, AccountId};
use trilby_service::problem::Problem;
use utoipa::IntoParams;

use crate::api::users;
use crate::segment::Segment;

/// An access key of a user.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct AccessKeyPath {
    /// The account.
    pub account: AccountId,
    /// Name or unique id of the user.
    #[param(value_type = String)]
    pub user: Segment<UserRef>,
    /// The key.
    pub access_key: AccessKeyId,
}

/// The key as that user's.
///
/// Errors: `not_found`, also for a key of somebody else.
pub fn find<'a>(
    account: &'a Account,
    user: &UserRef,
    id: &AccessKeyId,
) -> Result<&'a AccessKey, Problem> {
    let user = users::find(account, user)?;
    let key = account.access_key(id).filter(|key| key.user == user.id);
    key.ok_or_else(Problem::not_found)
}
