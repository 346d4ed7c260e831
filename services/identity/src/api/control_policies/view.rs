//! Control policies as answers show them.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use trilby_access::{Operation, Reply, etag_text};
use trilby_account::organization::{ControlKind, ControlPolicy, ControlPolicyRef, Organization};
use trilby_model::{Arn, ControlPolicyId, PolicyName, Timestamp};
use trilby_service::problem::Problem;
use utoipa::ToSchema;

use crate::api::organizations::path::management_of;
use crate::api::policies::path::VersionNumber;
use crate::documents::{self, PolicyFinding};

/// What a control policy caps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ControlPolicyKind)]
pub enum ControlKindView {
    /// What principals of the accounts below may do, root included.
    Scp,
    /// What anyone may do to resources of the accounts below.
    Rcp,
}

/// A control policy of an organization.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = ControlPolicy)]
pub struct ControlPolicyView {
    /// Id.
    pub id: ControlPolicyId,
    /// ARN.
    pub arn: Arn,
    /// What it caps.
    pub kind: ControlKindView,
    /// Name.
    pub name: PolicyName,
    /// Free text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The version in force wherever it is attached.
    #[schema(example = "v1")]
    pub default_version: String,
    /// The root, units and accounts it is attached to.
    pub targets: Vec<String>,
    /// The document of the version in force; lists leave it out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub document: Option<Value>,
    /// What is legal in the document that was written and yet suspicious.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub warnings: Vec<PolicyFinding>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// For `If-Match`.
    pub etag: String,
}

impl ControlKindView {
    /// As the fold has it.
    #[must_use]
    pub const fn kind(self) -> ControlKind {
        match self {
            Self::Scp => ControlKind::Scp,
            Self::Rcp => ControlKind::Rcp,
        }
    }
}

impl From<ControlKind> for ControlKindView {
    fn from(kind: ControlKind) -> Self {
        match kind {
            ControlKind::Scp => Self::Scp,
            ControlKind::Rcp => Self::Rcp,
        }
    }
}

impl ControlPolicyView {
    /// A control policy, without its document.
    ///
    /// Errors: `not_found` for an organization that is none any more.
    pub fn of(organization: &Organization, policy: &ControlPolicy) -> Result<Self, Problem> {
        let management = management_of(organization)?;
        let targets = organization.targets_of(&ControlPolicyRef::Own(policy.id.clone()));
        Ok(Self {
            id: policy.id.clone(),
            arn: Arn::control_policy(&management, organization.id(), &policy.id),
            kind: policy.kind.into(),
            name: policy.name.clone(),
            description: policy.description.as_ref().map(ToString::to_string),
            default_version: VersionNumber(policy.default_version).to_string(),
            targets: targets.iter().map(ToString::to_string).collect(),
            document: None,
            warnings: Vec::new(),
            created_at: policy.stamp.created_at,
            updated_at: policy.stamp.updated_at,
            etag: etag_text(policy.stamp.changed),
        })
    }

    /// A control policy with the document in force.
    ///
    /// Errors: as [`Self::of`]; faults of ours.
    pub fn whole(organization: &Organization, policy: &ControlPolicy) -> Result<Self, Problem> {
        let document = policy
            .in_force()
            .map(|version| documents::shown(&version.text))
            .transpose()?;
        Ok(Self {
            document,
            ..Self::of(organization, policy)?
        })
    }

    /// The same with remarks about what was written.
    #[must_use]
    pub fn warned(self, warnings: Vec<PolicyFinding>) -> Self {
        Self { warnings, ..self }
    }
}

/// The answer that shows one control policy.
///
/// Errors: as [`ControlPolicyView::whole`].
pub fn reply<Op: Operation<Reply = ControlPolicyView>>(
    organization: &Organization,
    policy: &ControlPolicy,
) -> Result<Reply<Op>, Problem> {
    let view = ControlPolicyView::whole(organization, policy)?;
    Ok(Reply::new(view).etag(policy.stamp.changed))
}
