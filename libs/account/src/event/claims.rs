//! Names that an event takes or gives up for the whole store.

use trilby_model::{AccessKeyId, AccountAlias, AccountId};

/// What sort of name a claim is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ClaimKind {
    /// An account's alias: one account in the store has it.
    AccountAlias,
    /// Membership: an account is in one organization at most. The value is the account's id.
    OrganizationMember,
    /// An access key: whoever presents it names no account, so its id leads to one.
    AccessKey,
}

impl ClaimKind {
    /// Its number in the table of claims.
    #[must_use]
    pub const fn number(self) -> u16 {
        match self {
            Self::AccountAlias => 1,
            Self::OrganizationMember => 2,
            Self::AccessKey => 3,
        }
    }

    /// How refusals name it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AccountAlias => "account alias",
            Self::OrganizationMember => "organization membership",
            Self::AccessKey => "access key",
        }
    }

    /// The kind of a stored number.
    #[must_use]
    pub const fn from_number(number: u16) -> Option<Self> {
        match number {
            1 => Some(Self::AccountAlias),
            2 => Some(Self::OrganizationMember),
            3 => Some(Self::AccessKey),
            _ => None,
        }
    }
}

/// Within what a claimed name is the only one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ClaimScope {
    /// The whole store.
    Store,
    /// The log the event is in.
    Log,
}

/// Whether a name is taken or given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ClaimAct {
    /// Nobody else may have it now.
    Take,
    /// Others may have it again.
    Release,
}

/// One name taken or given up. The writer turns the value into its keyed digest.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ClaimChange {
    /// Taken or given up.
    pub act: ClaimAct,
    /// What sort of name.
    pub kind: ClaimKind,
    /// Where it is unique.
    pub scope: ClaimScope,
    /// The name, normalised.
    pub value: String,
}

impl ClaimChange {
    pub(crate) fn alias(act: ClaimAct, alias: &AccountAlias) -> Self {
        Self {
            act,
            kind: ClaimKind::AccountAlias,
            scope: ClaimScope::Store,
            value: alias.to_string(),
        }
    }

    pub(crate) fn member(act: ClaimAct, account: AccountId) -> Self {
        Self {
            act,
            kind: ClaimKind::OrganizationMember,
            scope: ClaimScope::Store,
            value: account.to_string(),
        }
    }

    pub(crate) fn access_key(act: ClaimAct, access_key: &AccessKeyId) -> Self {
        Self {
            act,
            kind: ClaimKind::AccessKey,
            scope: ClaimScope::Store,
            value: access_key.to_string(),
        }
    }
}
