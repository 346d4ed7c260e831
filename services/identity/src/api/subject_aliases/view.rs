//! Aliases as answers show them.

use serde::Serialize;
use trilby_access::etag_text;
use trilby_account::{Account, SubjectAlias, SubjectKey};
use trilby_model::{Arn, Timestamp};
use utoipa::ToSchema;

use super::path::principal;

/// Whom a subject means.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = SubjectAlias)]
pub struct SubjectAliasView {
    /// Type of the subject.
    #[serde(rename = "type")]
    pub kind: String,
    /// Id of the subject.
    pub id: String,
    /// Unique id of the user or role it means.
    pub principal_id: String,
    /// ARN of that user or role.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub principal_arn: Option<Arn>,
    /// When it was first put.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// For `If-Match`.
    pub etag: String,
}

impl SubjectAliasView {
    /// An alias of an account.
    pub fn of(account: &Account, subject: &SubjectKey, alias: &SubjectAlias) -> Self {
        Self {
            kind: subject.kind().to_owned(),
            id: subject.id().to_owned(),
            principal_id: alias.principal.to_string(),
            principal_arn: principal(account, &alias.principal).map(|(arn, _)| arn),
            created_at: alias.stamp.created_at,
            updated_at: alias.stamp.updated_at,
            etag: etag_text(alias.stamp.changed),
        }
    }
}
