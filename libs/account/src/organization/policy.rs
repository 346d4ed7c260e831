//! Control policies: caps on the accounts below the nodes they are attached to.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use trilby_model::{ControlPolicyId, NameError, PolicyName, Seq};
use trilby_policy::Kind;

use crate::id::Ref;
use crate::stamp::Stamp;
use crate::state::PolicyVersion;
use crate::value::Description;

/// What a control policy caps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ControlKind {
    /// What principals of the accounts may do.
    Scp,
    /// What anyone may do to resources of the accounts.
    Rcp,
}

impl ControlKind {
    /// How answers spell it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Scp => "scp",
            Self::Rcp => "rcp",
        }
    }

    /// The grammar of its documents.
    #[must_use]
    pub const fn grammar(self) -> Kind {
        match self {
            Self::Scp => Kind::Scp,
            Self::Rcp => Kind::Rcp,
        }
    }
}

/// A control policy as an attachment keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ControlPolicyRef {
    /// A policy of the organization; its default version counts.
    Own(ControlPolicyId),
    /// A policy of the system in one version.
    System {
        /// Its name.
        name: PolicyName,
        /// Its version, from 1.
        version: u32,
    },
}

impl ControlPolicyRef {
    /// Whether both are the same policy, in whatever version.
    #[must_use]
    pub fn same_policy(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Own(one), Self::Own(two)) => one == two,
            (Self::System { name: one, .. }, Self::System { name: two, .. }) => {
                one.key() == two.key()
            }
            (Self::Own(_), Self::System { .. }) | (Self::System { .. }, Self::Own(_)) => false,
        }
    }
}

/// A policy of the organization by id or name.
pub type OwnPolicyRef = Ref<ControlPolicyId, PolicyName>;

/// A control policy by id or name, of the organization or of the system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ControlPolicyName {
    /// A policy of the organization.
    Own(OwnPolicyRef),
    /// A policy of the system; its newest version is meant where one is attached.
    System(PolicyName),
}

impl fmt::Display for ControlPolicyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Own(policy) => policy.fmt(f),
            Self::System(name) => write!(f, "system:{name}"),
        }
    }
}

impl FromStr for ControlPolicyName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        match text.strip_prefix("system:") {
            Some(name) => name.parse().map(Self::System),
            None => text.parse().map(Self::Own),
        }
    }
}

/// A control policy that is attached to a node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ControlAttachment {
    /// The policy.
    pub policy: ControlPolicyRef,
    /// The event that attached it.
    pub since: Seq,
}

/// A control policy of an organization.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ControlPolicy {
    /// Its id.
    pub id: ControlPolicyId,
    /// What it caps.
    pub kind: ControlKind,
    /// Name, unique in the organization without case.
    pub name: PolicyName,
    /// Free text.
    pub description: Option<Description>,
    /// Versions kept live, by number; at most twenty, never changed.
    pub versions: BTreeMap<u32, PolicyVersion>,
    /// The highest number ever given, so that none is given twice.
    pub last_version: u32,
    /// The version in force.
    pub default_version: u32,
    /// Birth and last change, the default version's included.
    pub stamp: Stamp,
}

impl ControlPolicy {
    /// The version in force. There always is one.
    #[must_use]
    pub fn in_force(&self) -> Option<&PolicyVersion> {
        self.versions.get(&self.default_version)
    }
}
