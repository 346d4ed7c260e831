//! Who may do nothing for now.

use std::fmt;

use serde::{Deserialize, Serialize};
use trilby_model::AccountId;

use crate::id::PrincipalId;
use crate::stamp::Stamp;
use crate::value::Reason;

/// Whom a quarantine is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QuarantineTarget {
    /// Every principal of a member, root too.
    Account(AccountId),
    /// A user or role of a member or of the management account.
    Principal {
        /// Its account.
        account: AccountId,
        /// Its unique id.
        principal: PrincipalId,
    },
}

/// A quarantine that stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quarantine {
    /// Whom it is about.
    pub target: QuarantineTarget,
    /// Why.
    pub reason: Option<Reason>,
    /// When it began.
    pub stamp: Stamp,
}

impl QuarantineTarget {
    /// The account it is about, or whose principal it is about.
    #[must_use]
    pub const fn account(&self) -> AccountId {
        match self {
            Self::Account(account) | Self::Principal { account, .. } => *account,
        }
    }
}

impl fmt::Display for QuarantineTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Account(account) => account.fmt(f),
            Self::Principal { principal, .. } => principal.fmt(f),
        }
    }
}
