//! One-time tickets: a prefix that names the purpose, then 43 base62 digits of 256 random bits.
//!
//! Only the MAC of a ticket is stored, and what it is good for stands beside it on the server: a
//! ticket carries no meaning a holder could change. There is one format; a prefix of a ticket, a
//! ticket of another purpose and one with a changed bit are all simply unknown.

use std::fmt;

use trilby_model::{Entropy, brand::secrets};
use zeroize::Zeroizing;

use crate::base62::{self, DIGITS_OF_32_BYTES};
use crate::pepper::{Mac, Peppers};

/// What a ticket is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TicketKind {
    /// Makes the first account of an empty store.
    Bootstrap,
    /// Sets a password: reset, must-change, root of a member account.
    Password,
    /// The second step of a login with a second factor.
    Mfa,
    /// Lets an account join an organization.
    Invitation,
}

impl TicketKind {
    /// All kinds.
    pub const ALL: [Self; 4] = [Self::Bootstrap, Self::Password, Self::Mfa, Self::Invitation];

    /// The prefix of its tickets.
    pub fn prefix(self) -> &'static str {
        match self {
            Self::Bootstrap => secrets::BOOTSTRAP_TICKET,
            Self::Password => secrets::PASSWORD_TICKET,
            Self::Mfa => secrets::MFA_TICKET,
            Self::Invitation => secrets::INVITATION_TICKET,
        }
    }
}

/// A ticket in full. Exists when it is made and when it is presented, never in a store.
#[derive(Clone)]
pub struct Ticket {
    kind: TicketKind,
    text: Zeroizing<String>,
}

/// The text is no ticket of the wanted kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a ticket of this kind")]
pub struct NotATicket;

impl Ticket {
    /// A fresh ticket.
    pub fn generate(kind: TicketKind, entropy: &mut Entropy) -> Self {
        let random = Zeroizing::new(entropy.take::<32>());
        let mut text = Zeroizing::new(String::from(kind.prefix()));
        text.push_str(&base62::encode(random.as_slice(), DIGITS_OF_32_BYTES));
        Self { kind, text }
    }

    /// A presented ticket, if it has the form of `kind`.
    pub fn parse(kind: TicketKind, text: &str) -> Result<Self, NotATicket> {
        let digits = text.strip_prefix(kind.prefix()).ok_or(NotATicket)?;
        if digits.len() != DIGITS_OF_32_BYTES || !digits.bytes().all(base62::is_digit) {
            return Err(NotATicket);
        }
        Ok(Self {
            kind,
            text: Zeroizing::new(text.to_owned()),
        })
    }

    /// What it is for.
    pub fn kind(&self) -> TicketKind {
        self.kind
    }

    /// The text, to hand it to its owner.
    pub fn expose(&self) -> &str {
        &self.text
    }

    /// What is stored of it; covers the prefix too.
    pub fn mac(&self, peppers: &Peppers) -> Mac {
        peppers.mac(&self.text)
    }

    /// Its MAC under every pepper still held, newest first: the keys to look it up by in a store
    /// that has only hashes.
    pub fn macs(&self, peppers: &Peppers) -> Vec<Mac> {
        let mut all: Vec<_> = peppers
            .iter()
            .map(|pepper| pepper.mac(&self.text))
            .collect();
        all.reverse();
        all
    }

    /// Whether `stored` was made from exactly this ticket; constant in time.
    pub fn matches(&self, stored: Option<&Mac>, peppers: &Peppers) -> bool {
        peppers.verify(stored, &self.text)
    }
}

impl fmt::Debug for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ticket({:?}, …)", self.kind)
    }
}

#[cfg(test)]
mod tests;
