//! What a verifier found out: who stands there, and by what.
//!
//! INVARIANT: a [`Proof`] is made in the modules below and nowhere else, each after its whole check. A grant that wants
//! a session issued has to come by one of them.

pub mod access_key;
pub mod login;
pub mod session;
pub mod web_identity;

use trilby_access::authenticate::{FederatedSession, Session};
use trilby_model::{AccessKeyId, AccountId, UserId};

/// Proof that somebody is who a session is to be issued to.
///
/// Nobody but the verifiers can make one, so no session is issued without one:
///
/// ```compile_fail,E0451
/// use trilby_token::proof::{Person, Proof, Proved};
///
/// let proved = Proved::Password {
///     account: "111122223333".parse().unwrap(),
///     person: Person::Root,
///     generation: 1,
/// };
/// let forged = Proof { proved };
/// ```
#[derive(Debug)]
pub struct Proof {
    proved: Proved,
}

/// What was proved.
#[derive(Debug, Clone)]
pub enum Proved {
    /// The secret of an access key.
    AccessKey {
        /// The account.
        account: AccountId,
        /// Whose key it is.
        user: UserId,
        /// The key.
        key: AccessKeyId,
    },
    /// A password.
    Password {
        /// The account.
        account: AccountId,
        /// Whose password it is.
        person: Person,
        /// Which of that person's passwords.
        generation: u32,
    },
    /// One of our own sessions.
    Session(Box<Session>),
    /// One of our own sessions of an outside identity.
    Federated(Box<FederatedSession>),
    /// A token of an outside issuer.
    WebIdentity(Box<web_identity::WebIdentity>),
}

/// Who has a password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Person {
    /// The account's root.
    Root,
    /// A user.
    User(UserId),
}

impl Person {
    /// What its rows are filed under, and its records name.
    pub(crate) fn subject(&self, account: AccountId) -> String {
        match self {
            Self::Root => account.to_string(),
            Self::User(id) => id.to_string(),
        }
    }
}

impl Proof {
    /// What was proved. Standing is another question: it is asked anew when a session is issued.
    #[must_use]
    pub fn proved(&self) -> &Proved {
        &self.proved
    }

    /// The account of whoever stands there.
    #[must_use]
    pub fn account(&self) -> AccountId {
        match &self.proved {
            Proved::AccessKey { account, .. } | Proved::Password { account, .. } => *account,
            Proved::Session(session) => session.caller.account,
            Proved::Federated(session) => session.account.state.id(),
            Proved::WebIdentity(web) => web.door.owner.state.id(),
        }
    }
}
