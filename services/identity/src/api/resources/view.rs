//! Resources and their policies as answers show them.

use serde::Serialize;
use serde_json::Value;
use trilby_access::etag_text;
use trilby_account::{Resource, ResourcePolicy};
use trilby_model::{AccountId, ApplicationName, Arn, ResourceKey, ResourceType, Tags, Timestamp};
use utoipa::ToSchema;

use crate::documents::PolicyFinding;

/// A registered resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Resource)]
pub struct ResourceView {
    /// Id within its type.
    pub id: ResourceKey,
    /// Type.
    #[serde(rename = "type")]
    pub kind: ResourceType,
    /// The application it is of.
    pub application: ApplicationName,
    /// ARN.
    pub arn: Arn,
    /// Free text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Unique id of the user or role that owns it, for conditions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Tags.
    pub tags: Tags,
    /// Whether it has a policy.
    pub has_policy: bool,
    /// When it was registered.
    pub created_at: Timestamp,
    /// When it last changed; its policy has its own time.
    pub updated_at: Timestamp,
    /// For `If-Match`.
    pub etag: String,
}

impl ResourceView {
    /// A resource of an account's application.
    pub fn of(account: AccountId, application: &ApplicationName, resource: &Resource) -> Self {
        let name = &resource.name;
        Self {
            id: name.key.clone(),
            kind: name.kind.clone(),
            application: application.clone(),
            arn: Arn::registered_resource(application, &account, &name.kind, &name.key),
            description: resource.description.as_ref().map(ToString::to_string),
            owner: resource.owner.as_ref().map(ToString::to_string),
            tags: resource.tags.clone(),
            has_policy: resource.policy.is_some(),
            created_at: resource.stamp.created_at,
            updated_at: resource.stamp.updated_at,
            etag: etag_text(resource.stamp.changed),
        }
    }
}

/// The policy on a resource.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = ResourcePolicy)]
pub struct ResourcePolicyView {
    /// ARN of the resource.
    pub resource_arn: Arn,
    /// The document. A principal that was deleted stands there by its unique id.
    #[schema(value_type = Object)]
    pub document: Value,
    /// SHA-256 of the document's canonical text as it was saved, in hex.
    pub sha256: String,
    /// What is legal in the document that was written and yet suspicious.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub warnings: Vec<PolicyFinding>,
    /// When it was first put.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// For `If-Match`.
    pub etag: String,
}

impl ResourcePolicyView {
    /// A resource's policy with its document as it is to be shown.
    pub fn of(resource_arn: Arn, policy: &ResourcePolicy, document: Value) -> Self {
        Self {
            resource_arn,
            document,
            sha256: policy.text.policy.sha256.to_string(),
            warnings: Vec::new(),
            created_at: policy.stamp.created_at,
            updated_at: policy.stamp.updated_at,
            etag: etag_text(policy.stamp.changed),
        }
    }

    /// The same with remarks about what was written.
    #[must_use]
    pub fn warned(self, warnings: Vec<PolicyFinding>) -> Self {
        Self { warnings, ..self }
    }
}
