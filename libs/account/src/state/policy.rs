//! Managed policies of the account.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use trilby_model::{Path, PolicyId, PolicyName, Tags};

use crate::id::{Holder, PrincipalId};
use crate::stamp::Stamp;
use crate::text::PolicyText;
use crate::value::Description;

/// A policy with a name of its own, attached to any number of holders.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// Unique id.
    pub id: PolicyId,
    /// Name, unique in the account without case.
    pub name: PolicyName,
    /// Path, part of the ARN.
    pub path: Path,
    /// Free text.
    pub description: Option<Description>,
    /// Tags.
    pub tags: Tags,
    /// Versions kept live, by number; at most twenty, never changed.
    pub versions: BTreeMap<u32, PolicyVersion>,
    /// The highest number ever given, so that none is given twice.
    pub last_version: u32,
    /// The version in force.
    pub default_version: u32,
    /// Who holds it.
    pub holders: BTreeSet<Holder>,
    /// Whom it caps as their permissions boundary.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub bounds: BTreeSet<PrincipalId>,
    /// Birth and last change, the default version's included.
    pub stamp: Stamp,
}

/// One version of a policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyVersion {
    /// Its text.
    pub text: PolicyText,
    /// Its birth.
    pub stamp: Stamp,
}

impl Policy {
    /// The version in force. There always is one.
    #[must_use]
    pub fn in_force(&self) -> Option<&PolicyVersion> {
        self.versions.get(&self.default_version)
    }
}
