//! Whom a role's trust policy names: what the index of assumable roles is made of.
//!
//! The index decides nothing. It says where to look; whether a role can be assumed is asked of the
//! trust policy itself each time.

use std::collections::BTreeSet;

use trilby_model::{AccountId, ProviderId, RoleId};
use trilby_policy::{AwsPrincipal, Document, Effect, Grammar, Kind};

use crate::event::Event;
use crate::id::PrincipalId;
use crate::state::Account;
use crate::text::GuardText;

/// Somebody whom a trust policy can name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Trusted {
    /// Whoever an identity provider vouches for.
    Provider(ProviderId),
    /// A user, or the sessions of a role.
    Principal(PrincipalId),
    /// Everybody of an account whom that account itself lets.
    Account(AccountId),
}

impl Trusted {
    /// The kind and the id: what the index's keys are digests of.
    #[must_use]
    pub fn parts(&self) -> (&'static str, String) {
        match self {
            Self::Provider(id) => ("provider", id.to_string()),
            Self::Principal(id) => ("principal", id.to_string()),
            Self::Account(id) => ("account", id.to_string()),
        }
    }
}

/// What an event changes about whom a role trusts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustChange {
    /// The role.
    pub role: RoleId,
    /// Whom it names from now on and did not before.
    pub added: BTreeSet<Trusted>,
    /// Whom it named before and names no more.
    pub removed: BTreeSet<Trusted>,
}

/// A stored trust policy that this binary cannot read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a stored trust policy cannot be read")]
pub struct UnreadableTrust;

impl Account {
    /// What `event`, happening now, changes about whom a role trusts. This state is the one before
    /// it; nothing but roles matters in it.
    ///
    /// Errors: a stored trust policy cannot be read.
    pub fn trust_change(&self, event: &Event) -> Result<Option<TrustChange>, UnreadableTrust> {
        let (role, after) = match trust_after(event) {
            Some(found) => found,
            None => return Ok(None),
        };
        let before = match self.roles().get(role) {
            Some(role) => role.trust.names()?,
            None => BTreeSet::new(),
        };
        let after = match after {
            Some(trust) => trust.names()?,
            None => BTreeSet::new(),
        };
        let change = TrustChange {
            role: role.clone(),
            added: after.difference(&before).cloned().collect(),
            removed: before.difference(&after).cloned().collect(),
        };
        let is_one = !change.added.is_empty() || !change.removed.is_empty();
        Ok(is_one.then_some(change))
    }
}

/// The role that an event gives a trust policy, or takes its one from.
fn trust_after(event: &Event) -> Option<(&RoleId, Option<&GuardText>)> {
    if let Event::RoleCreated(fact) = event {
        Some((&fact.role, Some(&fact.trust)))
    } else if let Event::RoleTrustPolicyReplaced(fact) = event {
        Some((&fact.role, Some(&fact.trust)))
    } else if let Event::RoleDeleted(fact) = event {
        Some((&fact.role, None))
    } else {
        None
    }
}

impl GuardText {
    /// Whom the statements that allow name, by unique id.
    ///
    /// Errors: the stored text is no trust policy.
    pub fn names(&self) -> Result<BTreeSet<Trusted>, UnreadableTrust> {
        let document = Document::parse(&self.policy.document, Kind::Trust, &Grammar::stored())
            .map_err(|_| UnreadableTrust)?;
        let mut named = BTreeSet::new();
        let allowing = document
            .statements
            .iter()
            .filter(|statement| statement.effect == Effect::Allow)
            .filter_map(|statement| statement.principal.as_ref())
            .filter(|element| !element.is_not());
        for element in allowing {
            let set = element.set();
            named.extend(set.aws.iter().filter_map(|one| self.aws(one)));
            let providers = set.federated.iter();
            named.extend(
                providers
                    .filter_map(|text| self.providers.get(text))
                    .cloned()
                    .map(Trusted::Provider),
            );
        }
        Ok(named)
    }

    fn aws(&self, principal: &AwsPrincipal) -> Option<Trusted> {
        match principal {
            AwsPrincipal::Account(id) => Some(Trusted::Account(*id)),
            AwsPrincipal::User(_) | AwsPrincipal::Role(_) | AwsPrincipal::RoleSession(_) => self
                .principals
                .get(&principal.as_text())
                .cloned()
                .map(Trusted::Principal),
            AwsPrincipal::Unresolved(id) => id.parse().ok().map(Trusted::Principal),
            AwsPrincipal::Everyone | AwsPrincipal::FederatedUser(_) => None,
        }
    }
}
