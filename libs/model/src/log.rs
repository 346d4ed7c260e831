//! Which log, and where in it.

use std::fmt;
use std::str::FromStr;

use crate::ids::{AccountId, IdError, OrganizationId};
use crate::text::{echo, string_on_the_wire};

/// A log: one for each account, one for each organization, one for the installation.
///
/// Its text is the log's public id, part of the hash chain and of every consistency token.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LogId {
    /// What happened to an account.
    Account(AccountId),
    /// What happened to an organization and its tree.
    Organization(OrganizationId),
    /// Facts of the installation; no decision reads them.
    Platform,
}

/// The kind of a log, with the number that is stored and hashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LogKind {
    /// An account's log.
    Account = 1,
    /// An organization's log.
    Organization = 2,
    /// The installation's log.
    Platform = 3,
}

impl LogKind {
    /// The stored number.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::Account => 1,
            Self::Organization => 2,
            Self::Platform => 3,
        }
    }
}

impl LogId {
    const PLATFORM: &'static str = "platform";

    /// What kind of log this is.
    #[must_use]
    pub const fn kind(&self) -> LogKind {
        match self {
            Self::Account(_) => LogKind::Account,
            Self::Organization(_) => LogKind::Organization,
            Self::Platform => LogKind::Platform,
        }
    }

    /// The account whose log this is, if it is one's.
    #[must_use]
    pub const fn account(&self) -> Option<AccountId> {
        match self {
            Self::Account(id) => Some(*id),
            Self::Organization(_) | Self::Platform => None,
        }
    }

    /// The organization whose log this is, if it is one's.
    #[must_use]
    pub const fn organization(&self) -> Option<&OrganizationId> {
        match self {
            Self::Organization(id) => Some(id),
            Self::Account(_) | Self::Platform => None,
        }
    }
}

impl From<AccountId> for LogId {
    fn from(id: AccountId) -> Self {
        Self::Account(id)
    }
}

impl From<OrganizationId> for LogId {
    fn from(id: OrganizationId) -> Self {
        Self::Organization(id)
    }
}

impl FromStr for LogId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        if text == Self::PLATFORM {
            return Ok(Self::Platform);
        }
        if let Ok(account) = text.parse() {
            return Ok(Self::Account(account));
        }
        text.parse().map(Self::Organization).map_err(|_| {
            IdError::new(
                "a log (12 digits, o- and 10 of a-z0-9, or `platform`)",
                echo(text),
            )
        })
    }
}

impl fmt::Display for LogId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Account(id) => id.fmt(f),
            Self::Organization(id) => id.fmt(f),
            Self::Platform => f.write_str(Self::PLATFORM),
        }
    }
}

string_on_the_wire!(LogId, pattern: "^([0-9]{12}|o-[a-z0-9]{10}|platform)$", example: "111122223333", says: "a log: an account id, an organization id or `platform`");

/// The number of an event in its log, from 1 without gaps; 0 is the empty log.
#[derive(
    Debug,
    Clone,
    Copy,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    serde::Serialize,
    serde::Deserialize,
)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(transparent)]
pub struct Seq(u64);

impl Seq {
    /// Before the first event.
    pub const ZERO: Self = Self(0);

    /// Position `number`.
    #[must_use]
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The position after this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    /// The position `n` further on.
    #[must_use]
    pub const fn plus(self, n: u64) -> Self {
        Self(self.0.saturating_add(n))
    }
}

impl fmt::Display for Seq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logs_are_told_apart_by_their_text() {
        assert_eq!(
            "111122223333".parse::<LogId>().unwrap().kind(),
            LogKind::Account
        );
        assert_eq!(
            "o-4k7m2xq9ab".parse::<LogId>().unwrap().kind(),
            LogKind::Organization
        );
        assert_eq!("platform".parse::<LogId>().unwrap(), LogId::Platform);
        for bad in ["", "Platform", "o-4k7m2xq9a", "11112222333"] {
            assert!(bad.parse::<LogId>().is_err(), "{bad}");
        }
    }

    #[test]
    fn stored_numbers_of_kinds_do_not_move() {
        assert_eq!(
            [LogKind::Account, LogKind::Organization, LogKind::Platform].map(LogKind::number),
            [1, 2, 3]
        );
    }

    #[test]
    fn the_next_seq_is_one_further() {
        assert_eq!(Seq::ZERO.next(), Seq::new(1));
        assert_eq!(Seq::new(u64::MAX).next(), Seq::new(u64::MAX));
    }
}
