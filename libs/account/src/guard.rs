//! Documents that name principals: from ARNs to unique ids.
//!
//! Whoever bears a name when the document is saved is meant, for as long as they exist, and nobody
//! after them. An ARN that cannot be resolved is refused: stored without an id it would match the
//! next bearer of the name.

pub(crate) mod federated;
pub(crate) mod outside;

use std::collections::{BTreeMap, BTreeSet};

use trilby_model::brand::PARTITION;
use trilby_model::federation::ProviderName;
use trilby_model::{Arn, IssuedExternalId, ProviderId, RoleName, UserName, same_partition};
use trilby_policy::{AwsPrincipal, Document, Kind};

use crate::decide::checked;
use crate::id::{PrincipalId, Ref};
use crate::quota::{Quota, count};
use crate::rejection::{Rejection, within};
use crate::state::Account;
use crate::text::{GuardText, KnownPrincipals, TrustWarning};
use crate::value::Reason;

/// The stored form of a role's trust policy, with what one should look at twice: every rule that it is held to.
pub(crate) fn role_trust(
    account: &Account,
    document: &Document,
    known: &KnownPrincipals,
    waiver: Option<&Reason>,
) -> Result<(GuardText, Vec<TrustWarning>), Rejection> {
    let text = trust(account, document, known)?;
    outside::check(account, document, known, waiver)?;
    let warnings = federated::check(account, document, &text, known)?;
    Ok((text, warnings))
}

/// The stored form of a trust policy.
pub(crate) fn trust(
    account: &Account,
    document: &Document,
    known: &KnownPrincipals,
) -> Result<GuardText, Rejection> {
    let findings = trilby_policy::trust::check(document);
    if !findings.is_empty() {
        return Err(Rejection::WeakTrustPolicy { findings });
    }
    guard(
        account,
        document,
        known,
        Kind::Trust,
        Quota::TrustPolicyBytes,
    )
}

/// The stored form of a resource policy.
pub(crate) fn resource(
    account: &Account,
    document: &Document,
    known: &KnownPrincipals,
) -> Result<GuardText, Rejection> {
    guard(
        account,
        document,
        known,
        Kind::Resource,
        Quota::ResourcePolicyBytes,
    )
}

fn guard(
    account: &Account,
    document: &Document,
    known: &KnownPrincipals,
    kind: Kind,
    quota: Quota,
) -> Result<GuardText, Rejection> {
    let (document, policy) = checked(document, kind)?;
    within(quota, count(policy.document.len()))?;
    let mut principals = BTreeMap::new();
    let mut unresolved = BTreeSet::new();
    for principal in document.aws_principals() {
        let text = principal.as_text();
        match resolve(account, principal, known) {
            Resolved::Id(id) => {
                principals.insert(text, id);
            }
            Resolved::NeedsNone => {}
            Resolved::Unknown => {
                unresolved.insert(text);
            }
        }
    }
    let mut providers = BTreeMap::new();
    for text in document.federated_principals() {
        if text == "*" {
            continue;
        }
        match provider(account, text) {
            Some(id) => drop(providers.insert(text.to_owned(), id)),
            None => drop(unresolved.insert(text.to_owned())),
        }
    }
    if !unresolved.is_empty() {
        let principals = unresolved.into_iter().collect();
        return Err(Rejection::InvalidPrincipal { principals });
    }
    Ok(GuardText {
        policy,
        principals,
        providers,
    })
}

/// A provider of this account, or one of another that this account has accepted by a link.
fn provider(account: &Account, text: &str) -> Option<ProviderId> {
    let arn: Arn = text.parse().ok()?;
    if !same_partition(arn.partition(), PARTITION) || arn.service() != "iam" {
        return None;
    }
    let owner = arn.account_id()?;
    let name: ProviderName = arn
        .resource()
        .strip_prefix("oidc-provider/")?
        .parse()
        .ok()?;
    let found = if owner == account.id() {
        let provider = account.provider(&Ref::Name(name))?;
        (&provider.name, &provider.id)
    } else {
        let mut links = account.links().values();
        let link = links.find(|link| link.provider.owner == owner && link.provider.name == name)?;
        (&link.provider.name, &link.provider.id)
    };
    Arn::oidc_provider(&owner, found.0)
        .same_thing(&arn)
        .then(|| found.1.clone())
}

enum Resolved {
    Id(PrincipalId),
    NeedsNone,
    Unknown,
}

impl From<Option<PrincipalId>> for Resolved {
    fn from(id: Option<PrincipalId>) -> Self {
        id.map_or(Self::Unknown, Self::Id)
    }
}

fn resolve(account: &Account, principal: &AwsPrincipal, known: &KnownPrincipals) -> Resolved {
    match principal {
        AwsPrincipal::Everyone => Resolved::NeedsNone,
        AwsPrincipal::Account(id) if *id == account.id() || known.accounts.contains(id) => {
            Resolved::NeedsNone
        }
        AwsPrincipal::User(arn) => named(account, arn, known, own_user)
            .filter(|id| matches!(id, PrincipalId::User(_)))
            .into(),
        AwsPrincipal::Role(arn) => named(account, arn, known, own_role)
            .filter(|id| matches!(id, PrincipalId::Role(_)))
            .into(),
        AwsPrincipal::RoleSession(arn) => named(account, arn, known, own_session)
            .filter(|id| matches!(id, PrincipalId::Role(_)))
            .into(),
        // There are no federated-user sessions, and a bare id is that of somebody who is gone.
        AwsPrincipal::Account(_) | AwsPrincipal::FederatedUser(_) | AwsPrincipal::Unresolved(_) => {
            Resolved::Unknown
        }
    }
}

/// The own state speaks for own principals, whatever the caller claims to have found.
fn named(
    account: &Account,
    arn: &Arn,
    known: &KnownPrincipals,
    own: impl Fn(&Account, &Arn) -> Option<PrincipalId>,
) -> Option<PrincipalId> {
    if !same_partition(arn.partition(), PARTITION) {
        return None;
    }
    if arn.account_id() == Some(account.id()) {
        return own(account, arn);
    }
    known.ids.get(&arn.to_string()).cloned()
}

fn own_user(account: &Account, arn: &Arn) -> Option<PrincipalId> {
    let name: UserName = arn.resource().rsplit('/').next()?.parse().ok()?;
    let user = account.user(&Ref::Name(name))?;
    let found = Arn::user(&account.id(), &user.path, &user.name);
    found
        .same_thing(arn)
        .then(|| PrincipalId::User(user.id.clone()))
}

fn own_role(account: &Account, arn: &Arn) -> Option<PrincipalId> {
    let name: RoleName = arn.resource().rsplit('/').next()?.parse().ok()?;
    let role = account.role(&Ref::Name(name))?;
    let found = Arn::role(&account.id(), &role.path, &role.name);
    found
        .same_thing(arn)
        .then(|| PrincipalId::Role(role.id.clone()))
}

fn own_session(account: &Account, arn: &Arn) -> Option<PrincipalId> {
    let (name, _session) = arn
        .resource()
        .strip_prefix("assumed-role/")?
        .split_once('/')?;
    let name: RoleName = name.parse().ok()?;
    let role = account.role(&Ref::Name(name.clone()))?;
    (role.name == name).then(|| PrincipalId::Role(role.id.clone()))
}

impl KnownPrincipals {
    /// The external ids that a document names in its conditions, whoever issued them: what a service asks the accounts
    /// about that the document names.
    #[must_use]
    pub fn external_ids_of(document: &Document) -> BTreeSet<IssuedExternalId> {
        outside::named(document)
    }
}

impl Account {
    /// What a role's trust policy would be refused for, or one should look at twice, were it saved now.
    ///
    /// # Errors
    /// As the commands that save one.
    pub fn examine_trust(
        &self,
        document: &Document,
        known: &KnownPrincipals,
        waiver: Option<&Reason>,
    ) -> Result<Vec<TrustWarning>, Rejection> {
        role_trust(self, document, known, waiver).map(|(_, warnings)| warnings)
    }

    /// What a resource policy would be refused for, were it saved now.
    ///
    /// # Errors
    /// As the command that saves one.
    pub fn examine_resource_policy(
        &self,
        document: &Document,
        known: &KnownPrincipals,
    ) -> Result<(), Rejection> {
        resource(self, document, known).map(drop)
    }

    /// The unique id of the identity provider that a document of this account means by a text now: one of its own, or
    /// one of another account that it has accepted by a link.
    #[must_use]
    pub fn provider_id(&self, text: &str) -> Option<ProviderId> {
        provider(self, text)
    }

    /// The unique id of a user or role of this account by its ARN, or of the role behind a role
    /// session's ARN. What a service asks of other accounts to fill [`KnownPrincipals`].
    #[must_use]
    pub fn principal_id(&self, arn: &Arn) -> Option<PrincipalId> {
        let ours = same_partition(arn.partition(), PARTITION);
        if !ours || arn.account_id() != Some(self.id()) {
            return None;
        }
        match (arn.service(), arn.resource().split('/').next()?) {
            ("iam", "user") => own_user(self, arn),
            ("iam", "role") => own_role(self, arn),
            ("sts", "assumed-role") => own_session(self, arn),
            (_, _) => None,
        }
    }
}
