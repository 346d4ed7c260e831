//! External ids as answers show them.

use serde::Serialize;
use trilby_access::etag_text;
use trilby_account::ExternalIdRecord;
use trilby_model::{IssuedExternalId, Timestamp};
use utoipa::ToSchema;

/// A value that trust policies may ask for as `sts:ExternalId`. It is no secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ExternalIdIssued)]
pub struct ExternalIdView {
    /// The value.
    pub external_id: IssuedExternalId,
    /// What it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// When it was issued.
    pub created_at: Timestamp,
    /// For `If-Match`.
    #[schema(example = "\"s17\"")]
    pub etag: String,
}

impl ExternalIdView {
    /// An external id of an account.
    pub fn of(issued: &ExternalIdRecord) -> Self {
        Self {
            external_id: issued.id.clone(),
            description: issued.description.as_ref().map(ToString::to_string),
            created_at: issued.stamp.created_at,
            etag: etag_text(issued.stamp.changed),
        }
    }
}
