//! Attached and inline policies as answers show them.

use serde::Serialize;
use serde_json::Value;
use trilby_access::etag_text;
use trilby_account::{Account, Attachment, InlinePolicy, PolicyRef, Ref};
use trilby_model::{Arn, InlinePolicyName, PolicyName, Timestamp};
use trilby_service::problem::Problem;
use utoipa::ToSchema;

use crate::api::SYSTEM_PREFIX;
use crate::api::policies::path::VersionNumber;
use crate::api::policies::view::PolicyScope;
use crate::documents::{self, PolicyFinding};

/// A managed policy that a user, group or role holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = AttachedPolicy)]
pub struct AttachedPolicyView {
    /// Unique id; of a policy of the system `system:` and its name.
    pub id: String,
    /// ARN.
    pub arn: Arn,
    /// Name.
    pub name: PolicyName,
    /// Whose policy it is.
    pub scope: PolicyScope,
    /// The version that counts: of the account's policies the one in force, of the system's the one attached.
    pub version: String,
    /// For `If-Match`.
    pub etag: String,
}

/// A policy that is part of its user, group or role.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = InlinePolicy)]
pub struct InlinePolicyView {
    /// Name, unique in its holder without case.
    pub name: InlinePolicyName,
    /// The document; lists leave it out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub document: Option<Value>,
    /// SHA-256 of the document's canonical text, in hex.
    pub sha256: String,
    /// What is legal in the document that was written and yet suspicious.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub warnings: Vec<PolicyFinding>,
    /// When it was first written.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// For `If-Match`.
    pub etag: String,
}

impl AttachedPolicyView {
    /// An attachment. `None` if the account lacks its policy, which the fold rules out.
    pub fn of(account: &Account, attachment: &Attachment) -> Option<Self> {
        let etag = etag_text(attachment.since);
        Some(match &attachment.policy {
            PolicyRef::Customer(id) => {
                let policy = account.policy(&Ref::Id(id.clone()))?;
                Self {
                    id: id.to_string(),
                    arn: Arn::policy(&account.id(), &policy.path, &policy.name),
                    name: policy.name.clone(),
                    scope: PolicyScope::Customer,
                    version: VersionNumber(policy.default_version).to_string(),
                    etag,
                }
            }
            PolicyRef::System { name, version } => Self {
                id: format!("{SYSTEM_PREFIX}{name}"),
                arn: Arn::system_policy(name),
                name: name.clone(),
                scope: PolicyScope::System,
                version: VersionNumber(*version).to_string(),
                etag,
            },
        })
    }
}

impl InlinePolicyView {
    /// An inline policy, without its document.
    pub fn of(policy: &InlinePolicy) -> Self {
        Self {
            name: policy.name.clone(),
            document: None,
            sha256: policy.text.sha256.to_string(),
            warnings: Vec::new(),
            created_at: policy.stamp.created_at,
            updated_at: policy.stamp.updated_at,
            etag: etag_text(policy.stamp.changed),
        }
    }

    /// An inline policy with its document.
    ///
    /// Errors: faults of ours.
    pub fn whole(policy: &InlinePolicy) -> Result<Self, Problem> {
        let document = Some(documents::shown(&policy.text)?);
        Ok(Self {
            document,
            ..Self::of(policy)
        })
    }

    /// The same with remarks about what was written.
    #[must_use]
    pub fn warned(self, warnings: Vec<PolicyFinding>) -> Self {
        Self { warnings, ..self }
    }
}
