//! Facts about roles.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use trilby_model::{InlinePolicyName, Path, RoleId, RoleName, Seq, Tags};

use crate::id::PolicyRef;
use crate::stored::facts;
use crate::text::{GuardText, PolicyText, TrustWarning};
use crate::value::{Description, Reason};

/// What a role lets its sessions be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoleLimits {
    /// Longest session, 900..=43,200 s.
    pub max_session_duration_s: u32,
    /// Longest session that another role session starts, 900..=43,200 s.
    pub chain_max_s: u32,
    /// Audiences that a session's token may be made for besides our own, at most 10.
    pub allowed_audiences: BTreeSet<String>,
    /// Whether the role appears in lists of assumable roles.
    pub listed: bool,
}

impl Default for RoleLimits {
    fn default() -> Self {
        Self {
            max_session_duration_s: 3_600,
            chain_max_s: 3_600,
            allowed_audiences: BTreeSet::new(),
            listed: true,
        }
    }
}

facts! {
    /// A role exists.
    RoleCreated {
        /// Its unique id.
        role: RoleId,
        /// Its name.
        name: RoleName,
        /// Its path.
        path: Path,
        /// Free text.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        description: Option<Description>,
        /// Its tags.
        tags: Tags,
        /// Who may assume it.
        trust: GuardText,
        /// What its sessions may be.
        limits: RoleLimits,
        /// Why it trusts an account outside the organization without an external id, if it does.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        external_id_waiver: Option<Reason>,
        /// What one should look at twice in the trust policy.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        warnings: Vec<TrustWarning>,
    }

    /// A role's description and limits were replaced.
    RoleUpdated {
        /// The role.
        role: RoleId,
        /// The description it has now.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        description: Option<Description>,
        /// The limits it has now.
        limits: RoleLimits,
    }

    /// Others may assume a role than before.
    RoleTrustPolicyReplaced {
        /// The role.
        role: RoleId,
        /// Who may assume it now.
        trust: GuardText,
        /// Whether the role's older sessions ended.
        revoke_sessions: bool,
        /// Why it trusts an account outside the organization without an external id, if it does.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        external_id_waiver: Option<Reason>,
        /// What one should look at twice in the trust policy.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        warnings: Vec<TrustWarning>,
    }

    /// A role is gone for good; its sessions ended.
    RoleDeleted {
        /// The role.
        role: RoleId,
    }

    /// A role's tags were replaced.
    RoleTagsChanged {
        /// The role.
        role: RoleId,
        /// All tags it has now.
        tags: Tags,
    }

    /// A managed policy gives a role rights.
    RolePolicyAttached {
        /// The role.
        role: RoleId,
        /// The policy.
        policy: PolicyRef,
    }

    /// A managed policy gives a role rights no more.
    RolePolicyDetached {
        /// The role.
        role: RoleId,
        /// The policy.
        policy: PolicyRef,
    }

    /// A role has an inline policy, new or replaced.
    RoleInlinePolicyPut {
        /// The role.
        role: RoleId,
        /// The policy's name.
        name: InlinePolicyName,
        /// Its text.
        policy: PolicyText,
    }

    /// An inline policy of a role is gone.
    RoleInlinePolicyDeleted {
        /// The role.
        role: RoleId,
        /// The policy's name.
        name: InlinePolicyName,
    }

    /// All sessions of a role ended, and what came of them.
    RoleSessionsRevoked {
        /// The role.
        role: RoleId,
        /// Only sessions from before this seq; absent: before this event.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        issued_before_seq: Option<Seq>,
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Reason>,
    }
}
