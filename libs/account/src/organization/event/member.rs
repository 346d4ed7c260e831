//! Facts about the accounts of an organization.

use serde::{Deserialize, Serialize};
use trilby_model::{AccountId, AccountName};

use super::super::policy::ControlPolicyRef;
use super::super::state::UnitRef;
use crate::stored::facts;

/// How an account came into an organization.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MemberOrigin {
    /// It made the organization, and manages it.
    Management,
    /// The organization made it.
    Created,
    /// It was there before, and took an invitation.
    Invited,
}

facts! {
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
        control_policies: Vec<ControlPolicyRef>,
    }

    /// A member hangs elsewhere in the tree.
    MemberMoved {
        /// The account.
        account: AccountId,
        /// What it hangs on now.
        parent: UnitRef,
    }

    /// An account is no member any more; its own log says so in the same commit.
    MemberLeft {
        /// The account.
        account: AccountId,
    }

    /// Root of a member was given a ticket to choose a password; the ticket is in the member's log.
    MemberRootCredentialEnabled {
        /// The account.
        account: AccountId,
    }

    /// Root of a member has neither password nor ticket any more; the member's log says so in the
    /// same commit.
    MemberRootCredentialDisabled {
        /// The account.
        account: AccountId,
    }
}
