//! Through which provider an outside identity comes into an account.

use std::sync::Arc;

use trilby_access::{Services, problem};
use trilby_account::{Account, AccountStatus, MappedRoles, ProviderLink, Ref};
use trilby_directory::{AccountView, Error};
use trilby_federation::{Link, Provider};
use trilby_model::federation::IssuerUrl;
use trilby_model::{AccountId, Arn, LinkId, ProviderId};
use trilby_service::problem::Problem;
use trilby_session::claims::{Claims, DependencyKind};

use super::Named;

/// A provider as it counts in one account, with the states that say so.
#[derive(Debug, Clone)]
pub struct Door {
    /// The provider, as the verifier knows it.
    pub(crate) provider: Provider,
    /// Its ARN: what trust policies name, whoever links it.
    pub(crate) arn: Arn,
    /// Its owner.
    pub(crate) owner: Arc<AccountView>,
    /// The account in which it counts; the owner, without a link.
    pub(crate) account: Arc<AccountView>,
}

impl Door {
    /// A provider of `owner` in `account`, as things are in these two states. `None`: there is none, or no link to it.
    pub(crate) fn at(
        owner: &Arc<AccountView>,
        account: &Arc<AccountView>,
        id: &ProviderId,
    ) -> Option<Self> {
        let found = owner.state.provider(&Ref::Id(id.clone()))?;
        let is_own = owner.state.id() == account.state.id();
        let link = match is_own {
            true => None,
            false => Some(account.state.link_to(owner.state.id(), id)?),
        };
        let organization = account.state.organization();
        let organization = organization.map(|membership| &membership.organization);
        let is_shared = is_own || found.is_shared_with(account.state.id(), organization);
        Some(Self {
            provider: Provider {
                id: found.id.clone(),
                name: link.map_or_else(|| found.name.clone(), |link| link.name.clone()),
                settings: found.settings.clone(),
                enabled: found.enabled && is_shared && is_active(&owner.state),
                link: link.map(|link| Link {
                    id: link.id.clone(),
                    settings: link.settings.clone(),
                }),
            },
            arn: found.arn(owner.state.id()),
            owner: Arc::clone(owner),
            account: Arc::clone(account),
        })
    }

    /// The link, if it is another account's provider.
    pub(crate) fn link(&self) -> Option<&LinkId> {
        self.provider.link.as_ref().map(|link| &link.id)
    }

    /// The account's rules from this provider's claims to roles, if it has any.
    pub(crate) fn role_map(&self) -> Option<&MappedRoles> {
        match self.link() {
            None => {
                let found = self
                    .owner
                    .state
                    .provider(&Ref::Id(self.provider.id.clone()));
                found?.role_map.as_ref()
            }
            Some(link) => {
                let found = self.account.state.link(&Ref::Id(link.clone()));
                found?.role_map.as_ref()
            }
        }
    }

    /// Whether a token that was checked against this is as good as one checked against `later`, the same provider in a later
    /// state: neither provider nor link asks anything else of it, and its keys are read at the same place.
    pub(crate) fn is_still(&self, later: &Self) -> bool {
        let narrows = |door: &Self| {
            let link = door.provider.link.as_ref();
            link.map(|link| (link.id.clone(), link.settings.clone()))
        };
        self.is_still_without_link(later) && narrows(self) == narrows(later)
    }

    /// As [`Door::is_still`], of the provider alone. That the place of its keys was found out meanwhile, where none was
    /// known, changes nothing.
    pub(crate) fn is_still_without_link(&self, later: &Self) -> bool {
        let place = |door: &Self| {
            let found = door
                .owner
                .state
                .provider(&Ref::Id(door.provider.id.clone()));
            found.and_then(|found| found.jwks_uri().cloned())
        };
        let known = place(self);
        self.provider.settings == later.provider.settings
            && (known.is_none() || known == place(later))
    }

    /// Whether the provider's settings are those by which a session of it was issued.
    pub(crate) fn settings_since(&self, session: &Claims, provider: &ProviderId) -> bool {
        let found = self.owner.state.provider(&Ref::Id(provider.clone()));
        let checked = session.trilby.dep.iter().find(|dependency| {
            dependency.kind == DependencyKind::Provider && dependency.id == provider.as_str()
        });
        found
            .zip(checked)
            .is_some_and(|(found, checked)| found.settings_changed.get() <= checked.seq)
    }

    fn is_named(&self, named: &Named) -> bool {
        match named {
            Named::Provider { owner, name } => {
                self.arn.same_thing(&Arn::oidc_provider(owner, name))
            }
            Named::ProviderId(id) => self.provider.id == *id,
            Named::LinkId(id) => self.link() == Some(id),
            Named::Link { account, name } => {
                self.account.state.id() == *account
                    && self.link().is_some()
                    && self.provider.name.key() == name.key()
            }
        }
    }
}

/// The providers that count in an account and have this issuer, byte for byte, if one is given; of them only the named
/// one, if one is.
///
/// An account that does not exist has none.
///
/// Errors: faults only.
pub(crate) async fn candidates(
    services: &Services,
    account: AccountId,
    issuer: Option<&str>,
    named: Option<&Named>,
) -> Result<Vec<Door>, Problem> {
    let is_issuer =
        |registered: &IssuerUrl| issuer.is_none_or(|issuer| registered.as_str() == issuer);
    let Some(account) = view(services, account).await? else {
        return Ok(Vec::new());
    };
    if !is_active(&account.state) {
        return Ok(Vec::new());
    }
    let own = account.state.providers().values();
    let own = own.filter(|provider| is_issuer(&provider.settings.issuer));
    let mut doors: Vec<Door> = own
        .filter_map(|provider| Door::at(&account, &account, &provider.id))
        .collect();
    let linked: Vec<&ProviderLink> = account
        .state
        .links()
        .values()
        .filter(|link| is_issuer(&link.provider.issuer))
        .collect();
    for link in linked {
        if let Some(owner) = view(services, link.provider.owner).await? {
            doors.extend(Door::at(&owner, &account, &link.provider.id));
        }
    }
    doors.retain(|door| named.is_none_or(|named| door.is_named(named)));
    Ok(doors)
}

/// The newest state of an account; `None` if there is none.
pub(crate) async fn view(
    services: &Services,
    account: AccountId,
) -> Result<Option<Arc<AccountView>>, Problem> {
    match services.directory().account(account).await {
        Ok(view) => Ok(Some(view)),
        Err(Error::UnknownLog { .. }) => Ok(None),
        Err(error) => Err(problem::of_directory(error)),
    }
}

fn is_active(state: &Account) -> bool {
    state.status() == AccountStatus::Active
}
