//! One-time tickets: a prefix that names the purpose, then 43 base62 digits of 256 random bits.
//!
//! Only the MAC of a ticket is stored, and what it is good for stands beside it on the server. A
//! ticket for one person's password names that person between prefix and digits, so that the row of
//! its MAC can be found: `tbr_111122223333_TUSR0123456789ABCDEFG_…`. The MAC covers all of it; a
//! changed name finds no row that fits. There is one format; a prefix of a ticket, a ticket of
//! another purpose and one with a changed bit are all simply unknown.

use std::fmt;

use trilby_model::{AccountId, Entropy, UserId, brand::secrets};
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

/// Whom a ticket is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// Root of an account.
    Root(AccountId),
    /// A user of an account.
    User(AccountId, UserId),
}

impl Address {
    /// The account.
    pub fn account(&self) -> AccountId {
        match self {
            Self::Root(account) | Self::User(account, _) => *account,
        }
    }

    /// What rows of side tables are filed under: the user's id, or the account's for root.
    pub fn subject(&self) -> String {
        match self {
            Self::Root(account) => account.to_string(),
            Self::User(_, user) => user.to_string(),
        }
    }

    fn parse(text: &str) -> Option<Self> {
        let (account, subject) = text.split_once('_')?;
        let id: AccountId = account.parse().ok()?;
        if subject == account {
            return Some(Self::Root(id));
        }
        Some(Self::User(id, subject.parse().ok()?))
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}_{}", self.account(), self.subject())
    }
}

/// A ticket in full. Exists when it is made and when it is presented, never in a store.
#[derive(Clone)]
pub struct Ticket {
    kind: TicketKind,
    address: Option<Address>,
    text: Zeroizing<String>,
}

/// The text is no ticket of the wanted kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a ticket of this kind")]
pub struct NotATicket;

impl Ticket {
    /// A fresh ticket for whoever holds it.
    pub fn generate(kind: TicketKind, entropy: &mut Entropy) -> Self {
        Self::make(kind, None, entropy)
    }

    /// A fresh ticket for one person.
    pub fn addressed(kind: TicketKind, address: Address, entropy: &mut Entropy) -> Self {
        Self::make(kind, Some(address), entropy)
    }

    fn make(kind: TicketKind, address: Option<Address>, entropy: &mut Entropy) -> Self {
        let random = Zeroizing::new(entropy.take::<32>());
        let mut text = Zeroizing::new(String::with_capacity(128));
        text.push_str(kind.prefix());
        if let Some(address) = &address {
            text.push_str(&address.to_string());
            text.push('_');
        }
        text.push_str(&base62::encode(random.as_slice(), DIGITS_OF_32_BYTES));
        Self {
            kind,
            address,
            text,
        }
    }

    /// A presented ticket, if it has the form of `kind`.
    pub fn parse(kind: TicketKind, text: &str) -> Result<Self, NotATicket> {
        let rest = text.strip_prefix(kind.prefix()).ok_or(NotATicket)?;
        let (address, digits) = match rest.rsplit_once('_') {
            Some((address, digits)) => (Some(Address::parse(address).ok_or(NotATicket)?), digits),
            None => (None, rest),
        };
        if digits.len() != DIGITS_OF_32_BYTES || !digits.bytes().all(base62::is_digit) {
            return Err(NotATicket);
        }
        Ok(Self {
            kind,
            address,
            text: Zeroizing::new(text.to_owned()),
        })
    }

    /// Whom it is for, if it says so. Not to be believed before its MAC was found there.
    pub fn address(&self) -> Option<&Address> {
        self.address.as_ref()
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
