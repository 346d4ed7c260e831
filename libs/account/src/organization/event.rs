//! Facts of an organization's log.

use serde::{Deserialize, Serialize};
use trilby_model::{AccountId, AccountName, OrganizationId, RootId};

use super::state::UnitRef;
use crate::event::ClaimChange;
use crate::event::Revocation;
use crate::id::PolicyRef;
use crate::stored::{facts, log_events};

/// How an account came into an organization.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MemberOrigin {
    /// It made the organization, and manages it.
    Management,
    /// The organization made it.
    Created,
}

facts! {
    /// The organization exists, with the root of its tree. Always the first event of its log.
    OrganizationCreated {
        /// Its id.
        organization: OrganizationId,
        /// Its name.
        name: AccountName,
        /// The account that manages it.
        management_account: AccountId,
        /// The root of its tree.
        root: RootId,
        /// The control policies attached to the root from the start.
        control_policies: Vec<PolicyRef>,
    }

    /// An account is a member from here on.
    MemberJoined {
        /// The account.
        account: AccountId,
        /// Its name when it joined.
        name: AccountName,
        /// Where in the tree it is.
        parent: UnitRef,
        /// How it came.
        origin: MemberOrigin,
        /// The control policies attached to it from the start.
        control_policies: Vec<PolicyRef>,
    }
}

log_events! {
    /// A fact of an organization's log.
    Event {
        /// See [`OrganizationCreated`].
        OrganizationCreated = "organization.created" v 1,
        /// See [`MemberJoined`].
        MemberJoined = "member.joined" v 1,
    }
}

impl Event {
    /// The names this event takes and gives up. None: membership is claimed by the member's own log.
    #[must_use]
    pub fn claims(&self) -> Vec<ClaimChange> {
        match self {
            Self::OrganizationCreated(_) | Self::MemberJoined(_) => Vec::new(),
        }
    }

    /// The sessions this event ends. None: an organization's log holds no sessions; what it ends in
    /// a member is written in the member's log.
    #[must_use]
    pub fn revocations(&self) -> Vec<Revocation> {
        match self {
            Self::OrganizationCreated(_) | Self::MemberJoined(_) => Vec::new(),
        }
    }
}
