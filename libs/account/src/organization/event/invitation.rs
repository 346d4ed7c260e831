//! Facts about accounts that were asked to join.

use serde::{Deserialize, Serialize};
use trilby_model::{AccountId, Timestamp};

use crate::stored::facts;

/// How an invitation ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InvitationEnd {
    /// The account joined.
    Accepted,
    /// The account does not want to.
    Declined,
    /// The organization took it back, or made another one for the same account.
    Withdrawn,
}

facts! {
    /// An account may join by a ticket, whose MAC is filed under the invitation's number.
    InvitationCreated {
        /// Counts the organization's invitations, from 1.
        number: u32,
        /// The account that may join, and no other.
        account: AccountId,
        /// When the ticket stops opening.
        expires_at: Timestamp,
    }

    /// An invitation opens nothing any more.
    InvitationClosed {
        /// The invitation.
        number: u32,
        /// How it ended.
        end: InvitationEnd,
    }
}
