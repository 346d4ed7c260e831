//! Why a question could not be answered.

use trilby_model::{AccountId, OrganizationId};

/// A fault: something the decision needs is not there. Never an Allow and never a Deny; the caller answers with an error.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The state handed in is another account's.
    #[error("the state of account {given} was given where that of {wanted} decides")]
    WrongAccount {
        /// Whose state decides.
        wanted: AccountId,
        /// Whose state it is.
        given: AccountId,
    },
    /// An account is in an organization whose state was not handed in.
    #[error("account {account} is in organization {organization}, whose state was not given")]
    OrganizationMissing {
        /// The account.
        account: AccountId,
        /// Its organization.
        organization: OrganizationId,
    },
    /// Two states of one organization were given.
    #[error("two states of the organization {organization} were given")]
    OrganizationTwice {
        /// Which.
        organization: OrganizationId,
    },
    /// An organization does not know an account that says it belongs to it, or its tree has no way up from there.
    #[error("organization {organization} has no place for account {account}")]
    NoPlace {
        /// The account.
        account: AccountId,
        /// The organization.
        organization: OrganizationId,
    },
}
