//! Policies as answers show them.

use serde::Serialize;
use serde_json::Value;
use trilby_access::etag_text;
use trilby_account::system_policies::SystemPolicy;
use trilby_account::{Policy, PolicyVersion};
use trilby_model::{AccountId, Arn, Path, PolicyName, Tags, Timestamp};
use trilby_service::problem::Problem;
use utoipa::ToSchema;

use super::path::VersionNumber;
use crate::documents::{self, PolicyFinding};
use crate::names::root_path;

/// Whose policies.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, serde::Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PolicyScope {
    /// The account's own.
    #[default]
    Customer,
    /// Those that come with Trilby.
    System,
}

impl PolicyScope {
    /// As it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::System => "system",
        }
    }
}

/// A managed policy.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = Policy)]
pub struct PolicyView {
    /// Unique id; of a policy of the system `system:` and its name. Attachments take either.
    #[schema(example = "TPOL2N7Q4M5K8R1T3V6W9")]
    pub id: String,
    /// ARN.
    pub arn: Arn,
    /// Name.
    pub name: PolicyName,
    /// Path, part of the ARN.
    pub path: Path,
    /// Whose it is.
    pub scope: PolicyScope,
    /// Free text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Tags.
    pub tags: Tags,
    /// The version in force.
    #[schema(example = "v1")]
    pub default_version: String,
    /// How many users, groups and roles of the account hold it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attachment_count: Option<u64>,
    /// The document of the version in force; lists leave it out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub document: Option<Value>,
    /// What is legal in the document that was written and yet suspicious.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub warnings: Vec<PolicyFinding>,
    /// When it was made; policies of the system have no date.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Timestamp>,
    /// When it last changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<Timestamp>,
    /// For `If-Match`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
}

/// One version of a managed policy. Versions never change.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = PolicyVersion)]
pub struct PolicyVersionView {
    /// Its number: `v1`, `v2`, …
    #[schema(example = "v1")]
    pub version: String,
    /// Whether it is in force.
    pub is_default: bool,
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
    /// When it was made.
    pub created_at: Timestamp,
    /// The same for ever.
    pub etag: String,
}

impl PolicyView {
    /// A policy of an account, without its document.
    pub fn of(account: AccountId, policy: &Policy) -> Self {
        Self {
            id: policy.id.to_string(),
            arn: Arn::policy(&account, &policy.path, &policy.name),
            name: policy.name.clone(),
            path: policy.path.clone(),
            scope: PolicyScope::Customer,
            description: policy.description.as_ref().map(ToString::to_string),
            tags: policy.tags.clone(),
            default_version: VersionNumber(policy.default_version).to_string(),
            attachment_count: u64::try_from(policy.holders.len()).ok(),
            document: None,
            warnings: Vec::new(),
            created_at: Some(policy.stamp.created_at),
            updated_at: Some(policy.stamp.updated_at),
            etag: Some(etag_text(policy.stamp.changed)),
        }
    }

    /// A policy of an account with the document in force.
    ///
    /// Errors: faults of ours.
    pub fn whole(account: AccountId, policy: &Policy) -> Result<Self, Problem> {
        let document = policy
            .in_force()
            .map(|version| documents::shown(&version.text))
            .transpose()?;
        Ok(Self {
            document,
            ..Self::of(account, policy)
        })
    }

    /// The same with remarks about what was written.
    #[must_use]
    pub fn warned(self, warnings: Vec<PolicyFinding>) -> Self {
        Self { warnings, ..self }
    }

    /// A policy of the system, without its document.
    ///
    /// Errors: its name is none; a fault of ours.
    pub fn of_system(policy: &SystemPolicy) -> Result<Self, Problem> {
        let name: PolicyName = policy
            .name()
            .parse()
            .map_err(|error: trilby_model::NameError| Problem::internal(error))?;
        Ok(Self {
            id: format!("{}{name}", super::super::SYSTEM_PREFIX),
            arn: Arn::system_policy(&name),
            name,
            path: root_path()?,
            scope: PolicyScope::System,
            description: Some(policy.description().to_owned()),
            tags: Tags::default(),
            default_version: VersionNumber(policy.newest_version()).to_string(),
            attachment_count: None,
            document: None,
            warnings: Vec::new(),
            created_at: None,
            updated_at: None,
            etag: None,
        })
    }

    /// A policy of the system with its document.
    ///
    /// Errors: faults of ours.
    pub fn whole_of_system(policy: &SystemPolicy) -> Result<Self, Problem> {
        let text = policy.text(policy.newest_version());
        let document = text.map(documents::shown_text).transpose()?;
        Ok(Self {
            document,
            ..Self::of_system(policy)?
        })
    }
}

impl PolicyVersionView {
    /// A version, without its document.
    pub fn of(policy: &Policy, number: u32, version: &PolicyVersion) -> Self {
        Self::named(policy.default_version == number, number, version)
    }

    /// A version of whatever has versions, without its document.
    pub fn named(is_default: bool, number: u32, version: &PolicyVersion) -> Self {
        Self {
            version: VersionNumber(number).to_string(),
            is_default,
            document: None,
            sha256: version.text.sha256.to_string(),
            warnings: Vec::new(),
            created_at: version.stamp.created_at,
            etag: etag_text(version.stamp.changed),
        }
    }

    /// A version with its document.
    ///
    /// Errors: faults of ours.
    pub fn whole(policy: &Policy, number: u32, version: &PolicyVersion) -> Result<Self, Problem> {
        Self::shown(policy.default_version == number, number, version)
    }

    /// A version of whatever has versions, with its document.
    ///
    /// Errors: faults of ours.
    pub fn shown(is_default: bool, number: u32, version: &PolicyVersion) -> Result<Self, Problem> {
        let document = Some(documents::shown(&version.text)?);
        Ok(Self {
            document,
            ..Self::named(is_default, number, version)
        })
    }

    /// The same with remarks about what was written.
    #[must_use]
    pub fn warned(self, warnings: Vec<PolicyFinding>) -> Self {
        Self { warnings, ..self }
    }
}
