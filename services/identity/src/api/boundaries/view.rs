//! Permissions boundaries as answers show them.

use serde::Serialize;
use trilby_access::etag_text;
use trilby_account::{Account, Attachment};
use trilby_model::Arn;
use utoipa::ToSchema;

use super::given::boundary_arn;

/// What caps a user or role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = PermissionsBoundary)]
pub struct BoundaryView {
    /// ARN of the managed policy.
    pub policy_arn: Arn,
    /// For `If-Match`.
    #[schema(example = "\"s17\"")]
    pub etag: String,
}

/// The boundary of a user or role. `None` also if the account lacks its policy, which the fold rules out.
pub fn shown(account: &Account, boundary: Option<&Attachment>) -> Option<BoundaryView> {
    let boundary = boundary?;
    Some(BoundaryView {
        policy_arn: boundary_arn(account, boundary)?,
        etag: etag_text(boundary.since),
    })
}
