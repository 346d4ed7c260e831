//! `Principal` and `NotPrincipal`: the forms a principal can take in a document.
//!
//! Which class of match a form gives for which caller is the engine's knowledge.

use trilby_model::{AccountId, Arn};

/// Who a statement speaks about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PrincipalElement {
    /// These.
    Principal(PrincipalSet),
    /// Everyone but these. Only with Deny, only in resource policies.
    NotPrincipal(PrincipalSet),
}

impl PrincipalElement {
    /// The principals named, whichever way.
    #[must_use]
    pub fn set(&self) -> &PrincipalSet {
        match self {
            Self::Principal(set) | Self::NotPrincipal(set) => set,
        }
    }

    /// Whether it is `NotPrincipal`.
    #[must_use]
    pub fn is_not(&self) -> bool {
        matches!(self, Self::NotPrincipal(_))
    }
}

/// Principals of all types; they combine with OR.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PrincipalSet {
    /// The bare string `"*"`; the rest is then empty.
    pub everyone: bool,
    /// Accounts, users, roles, sessions.
    pub aws: Vec<AwsPrincipal>,
    /// Names of outside identity providers, or `*`.
    pub federated: Vec<String>,
    /// Names of services acting as themselves, or `*`.
    pub service: Vec<String>,
}

/// One value under `AWS`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AwsPrincipal {
    /// `*`: everyone, also anonymous callers.
    Everyone,
    /// An account, written as its 12 digits or as its root ARN.
    Account(AccountId),
    /// A user.
    User(Arn),
    /// Any session of a role.
    Role(Arn),
    /// One session of a role.
    RoleSession(Arn),
    /// One session of a federated user.
    FederatedUser(Arn),
    /// The unique id of a user or role that is gone.
    Unresolved(String),
}

impl AwsPrincipal {
    /// As it is written in canonical form.
    #[must_use]
    pub fn as_text(&self) -> String {
        match self {
            Self::Everyone => "*".to_owned(),
            Self::Account(account) => account.to_string(),
            Self::User(arn)
            | Self::Role(arn)
            | Self::RoleSession(arn)
            | Self::FederatedUser(arn) => arn.to_string(),
            Self::Unresolved(id) => id.clone(),
        }
    }
}
