//! Paths of external ids, and what an action on one is asked of.

use serde::Deserialize;
use trilby_access::Target;
use trilby_account::{Account, ExternalIdRecord};
use trilby_model::{AccountId, Arn, IssuedExternalId};
use trilby_service::problem::Problem;
use utoipa::IntoParams;

use crate::segment::Segment;

/// An external id of an account.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct ExternalIdPath {
    /// The account.
    pub account: AccountId,
    /// The value.
    #[param(value_type = IssuedExternalId)]
    pub external_id: Segment<IssuedExternalId>,
}

/// External ids have no ARN of their own: their actions are asked of the account.
pub fn target(account: AccountId) -> Target {
    Target::new(account, Arn::account_of(&account))
}

/// The external id of the path.
///
/// Errors: `not_found`.
pub fn find<'a>(
    account: &'a Account,
    id: &IssuedExternalId,
) -> Result<&'a ExternalIdRecord, Problem> {
    account
        .external_ids()
        .get(id)
        .ok_or_else(Problem::not_found)
}
