//! Roles.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use trilby_model::{Path, RoleId, RoleName, Seq, Tags};

use super::{Attachment, Grants, SubjectKey};
use crate::event::RoleLimits;
use crate::stamp::Stamp;
use crate::text::{GuardText, TrustWarning};
use crate::value::{Description, Reason};

/// A hat: rights that whoever its trust policy admits may put on for a while.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Role {
    /// Unique id.
    pub id: RoleId,
    /// Name, unique in the account without case.
    pub name: RoleName,
    /// Path, part of the ARN.
    pub path: Path,
    /// Free text.
    pub description: Option<Description>,
    /// Tags.
    pub tags: Tags,
    /// Who may assume it.
    pub trust: GuardText,
    /// The event that last replaced the trust policy: its `ETag`.
    pub trust_changed: Seq,
    /// Why it trusts an account outside the organization without an external id, if it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id_waiver: Option<Reason>,
    /// What one should look at twice in the trust policy.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub trust_warnings: Vec<TrustWarning>,
    /// What its sessions may be.
    pub limits: RoleLimits,
    /// Its policies.
    pub grants: Grants,
    /// The policy that caps it, if any does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub boundary: Option<Attachment>,
    /// The subjects that mean it.
    pub aliases: BTreeSet<SubjectKey>,
    /// Birth and last change of what is written here; policies have their own.
    pub stamp: Stamp,
}
