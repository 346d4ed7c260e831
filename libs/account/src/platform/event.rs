//! Facts of the installation's log.

use trilby_model::{AccountId, Timestamp};

use crate::event::{ClaimChange, Revocation};
use crate::stored::{facts, log_events};

facts! {
    /// Somebody was given a ticket that bootstraps the installation once.
    BootstrapTicketIssued {
        /// Counts the tickets, from 1; the ticket's hash is filed under it. Only the newest opens.
        generation: u32,
        /// When it stops opening.
        expires_at: Timestamp,
    }

    /// The installation has its operator account. Happens once.
    PlatformBootstrapped {
        /// The operator account, made in the same commit.
        operator_account: AccountId,
        /// The ticket that was used.
        ticket: u32,
    }
}

log_events! {
    /// A fact of the installation's log.
    Event {
        /// See [`BootstrapTicketIssued`].
        BootstrapTicketIssued = "bootstrap_ticket.issued" v 1,
        /// See [`PlatformBootstrapped`].
        PlatformBootstrapped = "platform.bootstrapped" v 1,
    }
}

impl Event {
    /// The names this event takes and gives up: none.
    #[must_use]
    pub fn claims(&self) -> Vec<ClaimChange> {
        match self {
            Self::BootstrapTicketIssued(_) | Self::PlatformBootstrapped(_) => Vec::new(),
        }
    }

    /// The sessions this event ends: none.
    #[must_use]
    pub fn revocations(&self) -> Vec<Revocation> {
        match self {
            Self::BootstrapTicketIssued(_) | Self::PlatformBootstrapped(_) => Vec::new(),
        }
    }
}
