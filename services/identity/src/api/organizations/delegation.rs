//! Delegated administrators as answers show them.

use serde::Serialize;
use trilby_access::etag_text;
use trilby_account::organization::DelegatedAdmin;
use trilby_model::{AccountId, Timestamp};
use utoipa::ToSchema;

/// A member that administers in the management account's stead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = DelegatedAdmin)]
pub struct DelegatedAdminView {
    /// The member.
    pub account_id: AccountId,
    /// What its principals may do here, as far as their own account allows it.
    pub actions: Vec<String>,
    /// When it became one.
    pub created_at: Timestamp,
    /// When its actions last changed.
    pub updated_at: Timestamp,
    /// For `If-Match`.
    pub etag: String,
}

impl DelegatedAdminView {
    /// A delegated administrator.
    #[must_use]
    pub fn of(admin: &DelegatedAdmin) -> Self {
        let actions = admin.actions.iter();
        Self {
            account_id: admin.account,
            actions: actions.map(|action| action.as_str().to_owned()).collect(),
            created_at: admin.stamp.created_at,
            updated_at: admin.stamp.updated_at,
            etag: etag_text(admin.stamp.changed),
        }
    }
}
