//! Whether a statement speaks about a principal, and how directly.

use trilby_model::{AccountId, Arn, ProviderId};
use trilby_policy::AwsPrincipal;

use crate::compiled::{Identity, NamedPrincipal, NamedProvider, Principals};
use crate::principal::{FederatedUser, Principal, RoleSession, UserPrincipal};

/// How a resource policy names a caller. The order is the order of strength.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Class {
    /// The caller's account: that account's own policies still have a say.
    Account,
    /// The user or role behind the caller's session.
    Entity,
    /// The caller itself, or everyone.
    Direct,
}

impl Principals {
    /// The strongest way in which this element speaks about the caller; `None` if it does not.
    ///
    /// `bounded`: the caller has a permissions boundary. Such a caller is never exempt from a `NotPrincipal`.
    pub(crate) fn class_of(&self, caller: &Principal, bounded: bool) -> Option<Class> {
        if self.negated {
            let exempt = !bounded && self.lists_whole_chain(caller);
            return (!exempt).then_some(Class::Direct);
        }
        self.names(caller)
    }

    fn names(&self, caller: &Principal) -> Option<Class> {
        if self.everyone {
            return Some(Class::Direct);
        }
        match caller {
            Principal::Service { name } => lists(&self.service, name).then_some(Class::Direct),
            Principal::WebIdentity {
                provider,
                provider_id,
            } => (self.names_provider(provider, provider_id.as_ref()) || self.names_everyone())
                .then_some(Class::Direct),
            Principal::Root(_)
            | Principal::User(_)
            | Principal::RoleSession(_)
            | Principal::FederatedUserSession(_)
            | Principal::Anonymous => self
                .aws
                .iter()
                .filter_map(|named| class(named, caller))
                .max(),
        }
    }

    fn names_everyone(&self) -> bool {
        self.aws
            .iter()
            .any(|named| named.principal == AwsPrincipal::Everyone)
    }

    fn names_provider(&self, provider: &Arn, id: Option<&ProviderId>) -> bool {
        self.federated
            .iter()
            .any(|named| *named.text == *"*" || is_provider(named, provider, id))
    }

    /// Whether every identity the caller acts under is listed.
    fn lists_whole_chain(&self, caller: &Principal) -> bool {
        if self.everyone {
            return true;
        }
        match caller {
            Principal::Service { name } => lists(&self.service, name),
            Principal::WebIdentity {
                provider,
                provider_id,
            } => self.names_provider(provider, provider_id.as_ref()),
            Principal::Anonymous => self.names_everyone(),
            Principal::Root(root) => self.lists_account(root.account),
            Principal::User(user) => {
                self.lists_account(user.account) && self.any(|named| is_user(named, user))
            }
            Principal::RoleSession(session) => {
                self.lists_account(session.account)
                    && self.any(|named| is_role(named, session))
                    && self.any(|named| is_role_session(named, session))
            }
            Principal::FederatedUserSession(session) => {
                self.lists_account(session.account)
                    && self.any(|named| is_maker(named, session))
                    && self.any(|named| is_federated_session(named, session))
            }
        }
    }

    fn lists_account(&self, account: AccountId) -> bool {
        self.any(|named| named.principal == AwsPrincipal::Account(account))
    }

    /// Whether `AWS` lists everyone, or something that fits.
    fn any(&self, fits: impl Fn(&NamedPrincipal) -> bool) -> bool {
        self.aws
            .iter()
            .any(|named| named.principal == AwsPrincipal::Everyone || fits(named))
    }
}

fn lists(values: &[Box<str>], name: &str) -> bool {
    values
        .iter()
        .any(|value| **value == *"*" || **value == *name)
}

/// How one value under `AWS` names a caller.
fn class(named: &NamedPrincipal, caller: &Principal) -> Option<Class> {
    if named.principal == AwsPrincipal::Everyone {
        return match caller {
            Principal::Service { .. } => None,
            Principal::Root(_)
            | Principal::User(_)
            | Principal::RoleSession(_)
            | Principal::FederatedUserSession(_)
            | Principal::WebIdentity { .. }
            | Principal::Anonymous => Some(Class::Direct),
        };
    }
    let of_account = |account: AccountId, class: Class| {
        (named.principal == AwsPrincipal::Account(account)).then_some(class)
    };
    match caller {
        Principal::Root(root) => of_account(root.account, Class::Direct),
        Principal::User(user) => is_user(named, user)
            .then_some(Class::Direct)
            .or_else(|| of_account(user.account, Class::Account)),
        Principal::RoleSession(session) => is_role_session(named, session)
            .then_some(Class::Direct)
            .or_else(|| is_role(named, session).then_some(Class::Entity))
            .or_else(|| of_account(session.account, Class::Account)),
        Principal::FederatedUserSession(session) => is_federated_session(named, session)
            .then_some(Class::Direct)
            .or_else(|| is_maker(named, session).then_some(Class::Entity))
            .or_else(|| of_account(session.account, Class::Account)),
        Principal::Service { .. } | Principal::WebIdentity { .. } | Principal::Anonymous => None,
    }
}

fn is_provider(named: &NamedProvider, provider: &Arn, id: Option<&ProviderId>) -> bool {
    match &named.identity {
        Identity::Text => named
            .text
            .parse()
            .is_ok_and(|arn: Arn| arn.same_thing(provider)),
        Identity::Id(wanted) => id.is_some_and(|id| id.as_str() == &**wanted),
        Identity::Existing | Identity::Nobody => false,
    }
}

fn is_user(named: &NamedPrincipal, user: &UserPrincipal) -> bool {
    is_one(
        named,
        Shape::User,
        Some(&user.arn),
        user.id.as_ref().map(AsRef::as_ref),
    )
}

fn is_role(named: &NamedPrincipal, session: &RoleSession) -> bool {
    is_one(
        named,
        Shape::Role,
        Some(&session.role_arn),
        session.role_id.as_ref().map(AsRef::as_ref),
    )
}

/// The user behind a federated-user session.
fn is_maker(named: &NamedPrincipal, session: &FederatedUser) -> bool {
    is_one(
        named,
        Shape::User,
        session.user_arn.as_ref(),
        session.user_id.as_ref().map(AsRef::as_ref),
    )
}

#[derive(Clone, Copy)]
enum Shape {
    User,
    Role,
}

fn is_one(named: &NamedPrincipal, shape: Shape, arn: Option<&Arn>, id: Option<&str>) -> bool {
    let written = match (&named.principal, shape) {
        (AwsPrincipal::User(arn), Shape::User) | (AwsPrincipal::Role(arn), Shape::Role) => {
            Some(arn)
        }
        // A bare unique id says by its prefix what it is of; comparing it whole is enough.
        (AwsPrincipal::Unresolved(_), _) => None,
        (
            AwsPrincipal::Everyone
            | AwsPrincipal::Account(_)
            | AwsPrincipal::User(_)
            | AwsPrincipal::Role(_)
            | AwsPrincipal::RoleSession(_)
            | AwsPrincipal::FederatedUser(_),
            _,
        ) => return false,
    };
    match &named.identity {
        Identity::Text => written
            .zip(arn)
            .is_some_and(|(written, arn)| written.same_thing(arn)),
        Identity::Id(wanted) => id == Some(&**wanted),
        Identity::Existing | Identity::Nobody => false,
    }
}

fn is_role_session(named: &NamedPrincipal, session: &RoleSession) -> bool {
    let AwsPrincipal::RoleSession(written) = &named.principal else {
        return false;
    };
    written.same_thing(&session.session_arn)
        && is_still(&named.identity, session.role_id.as_ref().map(AsRef::as_ref))
}

fn is_federated_session(named: &NamedPrincipal, session: &FederatedUser) -> bool {
    let AwsPrincipal::FederatedUser(written) = &named.principal else {
        return false;
    };
    written.same_thing(&session.session_arn)
        && is_still(&named.identity, session.user_id.as_ref().map(AsRef::as_ref))
}

/// Whether a session whose ARN fits belongs to the role or user that was meant.
fn is_still(identity: &Identity, id: Option<&str>) -> bool {
    match identity {
        Identity::Text => true,
        Identity::Id(wanted) => id == Some(&**wanted),
        Identity::Existing => id.is_some(),
        Identity::Nobody => false,
    }
}

#[cfg(test)]
mod tests;
