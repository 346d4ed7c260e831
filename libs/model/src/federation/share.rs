//! With whom a provider is shared.

use std::fmt;
use std::str::FromStr;

use crate::ids::{AccountId, IdError, OrganizationId};
use crate::text::{echo, string_on_the_wire};

/// The most accounts and organizations one provider may be shared with.
pub const SHARES_MAX: usize = 100;

/// An account, or every account of an organization, that may link a provider.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ShareTarget {
    /// One account.
    Account(AccountId),
    /// The accounts of an organization.
    Organization(OrganizationId),
}

impl FromStr for ShareTarget {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        if let Ok(account) = text.parse() {
            return Ok(Self::Account(account));
        }
        text.parse().map(Self::Organization).map_err(|_| {
            IdError::new(
                "an account (12 digits) or an organization (o- and 10 of a-z0-9)",
                echo(text),
            )
        })
    }
}

impl fmt::Display for ShareTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Account(id) => id.fmt(f),
            Self::Organization(id) => id.fmt(f),
        }
    }
}

string_on_the_wire!(ShareTarget, pattern: "^([0-9]{12}|o-[a-z0-9]{10})$", example: "111122223333", says: "an account id or an organization id");
