//! Roles as answers show them.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::Value;
use trilby_access::etag_text;
use trilby_account::{Account, Role, TrustWarning};
use trilby_model::{Arn, Path, RoleId, RoleName, Tags, Timestamp};
use trilby_service::problem::Problem;
use utoipa::ToSchema;

use crate::api::boundaries::{self, BoundaryView};
use crate::documents::{PolicyFinding, shown};

/// A role.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = Role)]
pub struct RoleView {
    /// Unique id; never given to another.
    pub id: RoleId,
    /// ARN.
    pub arn: Arn,
    /// Name.
    pub name: RoleName,
    /// Path, part of the ARN.
    pub path: Path,
    /// Free text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Tags.
    pub tags: Tags,
    /// Who may assume it; lists leave it out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub trust_policy: Option<Value>,
    /// For `If-Match` of the trust policy.
    #[schema(example = "\"s17\"")]
    pub trust_policy_etag: String,
    /// Why it may trust accounts outside the organization without an external id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_id_waiver: Option<String>,
    /// Longest session, in seconds.
    pub max_session_duration: u32,
    /// Longest session that another role session starts, in seconds.
    pub chain_max: u32,
    /// Audiences that a session's token may be made for besides our own.
    pub allowed_audiences: BTreeSet<String>,
    /// Whether it appears among the roles that may be assumed.
    pub listed: bool,
    /// What caps it, whatever its policies allow.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub permissions_boundary: Option<BoundaryView>,
    /// What one should look at twice in the trust policy: found when it was saved.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub trust_policy_warnings: Vec<TrustPolicyWarning>,
    /// Remarks about the trust policy that was just written.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub warnings: Vec<PolicyFinding>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// For `If-Match`.
    #[schema(example = "\"s17\"")]
    pub etag: String,
}

/// Something about a role's trust policy that one should look at twice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct TrustPolicyWarning {
    /// Stable name of the rule.
    pub code: String,
    /// JSON pointer into the trust policy.
    pub pointer: String,
    /// The remark in words.
    pub detail: String,
}

impl TrustPolicyWarning {
    fn of(warning: &TrustWarning) -> Self {
        Self {
            code: warning.code.clone(),
            pointer: warning.pointer.clone(),
            detail: warning.message.clone(),
        }
    }
}

impl RoleView {
    /// A role of an account, without its trust policy.
    pub fn of(account: &Account, role: &Role) -> Self {
        Self {
            id: role.id.clone(),
            arn: Arn::role(&account.id(), &role.path, &role.name),
            name: role.name.clone(),
            path: role.path.clone(),
            description: role.description.as_ref().map(ToString::to_string),
            tags: role.tags.clone(),
            trust_policy: None,
            trust_policy_etag: etag_text(role.trust_changed),
            external_id_waiver: role.external_id_waiver.as_ref().map(ToString::to_string),
            max_session_duration: role.limits.max_session_duration_s,
            chain_max: role.limits.chain_max_s,
            allowed_audiences: role.limits.allowed_audiences.clone(),
            listed: role.limits.listed,
            permissions_boundary: boundaries::shown(account, role.boundary.as_ref()),
            trust_policy_warnings: role
                .trust_warnings
                .iter()
                .map(TrustPolicyWarning::of)
                .collect(),
            warnings: Vec::new(),
            created_at: role.stamp.created_at,
            updated_at: role.stamp.updated_at,
            etag: etag_text(role.stamp.changed),
        }
    }

    /// A role with its trust policy.
    ///
    /// Errors: the stored policy is no JSON; a fault of ours.
    pub fn whole(account: &Account, role: &Role) -> Result<Self, Problem> {
        let trust_policy = Some(shown(&role.trust.policy)?);
        Ok(Self {
            trust_policy,
            ..Self::of(account, role)
        })
    }

    /// A role with its trust policy as it is read: in which those of its principals that are gone stand by their unique ids.
    pub fn read(account: &Account, role: &Role, trust_policy: Value) -> Self {
        Self {
            trust_policy: Some(trust_policy),
            ..Self::of(account, role)
        }
    }

    /// The same with remarks about what was written.
    #[must_use]
    pub fn warned(self, warnings: Vec<PolicyFinding>) -> Self {
        Self { warnings, ..self }
    }
}
