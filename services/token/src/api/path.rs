//! Parameters of paths.

use serde::Deserialize;
use trilby_model::{AccountId, SessionId};
use utoipa::IntoParams;

/// An account.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct AccountPath {
    /// The account's number.
    pub account: AccountId,
}

/// A session of an account.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct SessionPath {
    /// The account's number.
    pub account: AccountId,
    /// The session's id, which is its token's `jti`.
    pub session: SessionId,
}
