//! The fold of the installation's log.

use serde::{Deserialize, Serialize};
use trilby_model::{AccountId, Hash, Seq, Timestamp};

use super::event::Event;
use crate::stamp::micros;

/// Everything the installation's log says is so now.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Platform {
    seq: Seq,
    operator_account: Option<AccountId>,
    ticket: Option<BootstrapTicket>,
    ticket_generation: u32,
}

/// A ticket that bootstraps the installation once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BootstrapTicket {
    /// Which ticket it is; its hash is filed under it.
    pub generation: u32,
    /// When it stops opening.
    #[serde(with = "micros")]
    pub expires_at: Timestamp,
    /// The event that issued it.
    pub since: Seq,
}

impl Platform {
    /// As [`crate::Account::FOLD_VERSION`].
    pub const FOLD_VERSION: u32 = 1;

    /// As [`crate::Account::fold_fingerprint`].
    #[must_use]
    pub fn fold_fingerprint() -> Hash {
        crate::stored::fingerprint("platform", Self::FOLD_VERSION, Event::KNOWN)
    }

    /// The fold of an empty log.
    #[must_use]
    pub fn empty() -> Self {
        Self::default()
    }

    /// Takes in the event at `seq` of the installation's log.
    pub fn evolve(&mut self, event: &Event, seq: Seq, _at: Timestamp) {
        self.seq = seq;
        match event {
            Event::BootstrapTicketIssued(fact) => {
                self.ticket = Some(BootstrapTicket {
                    generation: fact.generation,
                    expires_at: fact.expires_at,
                    since: seq,
                });
                self.ticket_generation = fact.generation;
            }
            Event::PlatformBootstrapped(fact) => {
                self.operator_account = Some(fact.operator_account);
                self.ticket = None;
            }
        }
    }

    /// The last event folded in.
    #[must_use]
    pub fn seq(&self) -> Seq {
        self.seq
    }

    /// The operator account, once there is one.
    #[must_use]
    pub fn operator_account(&self) -> Option<AccountId> {
        self.operator_account
    }

    /// The ticket that may still be used.
    #[must_use]
    pub fn ticket(&self) -> Option<&BootstrapTicket> {
        self.ticket.as_ref()
    }

    /// How many tickets there ever were.
    #[must_use]
    pub fn ticket_generation(&self) -> u32 {
        self.ticket_generation
    }
}
