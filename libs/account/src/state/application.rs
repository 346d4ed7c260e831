//! Applications, their registered resources, and subjects as enforcement points name them.

use std::fmt;

use serde::{Deserialize, Serialize};
use trilby_model::{ApplicationName, Tags};

use crate::id::{PrincipalId, ResourceName};
use crate::stamp::Stamp;
use crate::table::Table;
use crate::text::GuardText;
use crate::value::{ActionCatalogue, Description};

/// A service of the customer that asks for decisions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Application {
    /// Prefix of its actions and ARNs.
    pub name: ApplicationName,
    /// Free text.
    pub description: Option<Description>,
    /// Tags.
    pub tags: Tags,
    /// What its operations are.
    pub catalogue: ActionCatalogue,
    /// Birth and last change of the catalogue, once there is one.
    pub catalogue_stamp: Option<Stamp>,
    /// Its registered resources.
    pub resources: Table<ResourceName, Resource>,
    /// How many of them have a policy.
    pub resource_policies: u32,
    /// Birth and last change of what is written here; resources and catalogue have their own.
    pub stamp: Stamp,
}

/// A registered resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Resource {
    /// Type and id.
    pub name: ResourceName,
    /// Free text.
    pub description: Option<Description>,
    /// The user or role that owns it, for conditions.
    pub owner: Option<PrincipalId>,
    /// Tags.
    pub tags: Tags,
    /// Its policy, if it has one.
    pub policy: Option<ResourcePolicy>,
    /// Birth and last change of what is written here; the policy has its own.
    pub stamp: Stamp,
}

/// A resource's policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResourcePolicy {
    /// Its text with the unique ids of who it names.
    pub text: GuardText,
    /// Birth and last change.
    pub stamp: Stamp,
}

/// A subject as an enforcement point names it: a type and an id in somebody else's terms.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct SubjectKey {
    kind: String,
    id: String,
}

/// A subject's type or id has the wrong form.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "a subject is a type of 1 to 64 letters, digits, `_`, `.`, `-` and an id of 1 to 512 bytes without control characters"
)]
pub struct SubjectKeyError;

impl SubjectKey {
    /// A subject by type and id.
    pub fn new(kind: &str, id: &str) -> Result<Self, SubjectKeyError> {
        let kind_fits = (1..=64).contains(&kind.len())
            && kind
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-'));
        let id_fits = (1..=512).contains(&id.len()) && !id.chars().any(char::is_control);
        if kind_fits && id_fits {
            Ok(Self {
                kind: kind.to_owned(),
                id: id.to_owned(),
            })
        } else {
            Err(SubjectKeyError)
        }
    }

    /// The type.
    #[must_use]
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// The id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }
}

impl fmt::Display for SubjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.kind, self.id)
    }
}

impl From<SubjectKey> for String {
    fn from(key: SubjectKey) -> Self {
        key.to_string()
    }
}

impl TryFrom<String> for SubjectKey {
    type Error = SubjectKeyError;

    fn try_from(text: String) -> Result<Self, SubjectKeyError> {
        let (kind, id) = text.split_once('/').ok_or(SubjectKeyError)?;
        Self::new(kind, id)
    }
}

/// Whom a subject means.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SubjectAlias {
    /// The principal, of this account.
    pub principal: PrincipalId,
    /// Birth and last change.
    pub stamp: Stamp,
}
