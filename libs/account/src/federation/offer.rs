//! A provider that its owner lets another account link.

use serde::{Deserialize, Serialize};
use trilby_model::federation::{IssuerUrl, ProviderName};
use trilby_model::{AccountId, Arn, ProviderId};

use crate::id::ProviderRef;
use crate::state::Account;

/// A provider of another account, as a link names it. None of this ever changes while the provider lives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinkedProvider {
    /// Who owns it.
    pub owner: AccountId,
    /// Its unique id.
    pub id: ProviderId,
    /// Its name in the owner's account.
    pub name: ProviderName,
    /// Who it is.
    pub issuer: IssuerUrl,
}

impl LinkedProvider {
    /// The provider's own ARN: what trust policies name.
    #[must_use]
    pub fn arn(&self) -> Arn {
        Arn::oidc_provider(&self.owner, &self.name)
    }
}

/// A provider whose owner's state says that the account that is about to link it may.
///
/// Only [`Account::offers`] makes one. Whoever commits a link holds a read guard on the owner's log, so that the share
/// stands when the link comes to be; at each use both are asked again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfferedProvider(LinkedProvider);

impl OfferedProvider {
    /// The provider.
    #[must_use]
    pub fn provider(&self) -> &LinkedProvider {
        &self.0
    }
}

impl Account {
    /// One of this account's providers, if it is shared with `taker`.
    ///
    /// Whether the taker is in an organization is read from the taker's own state. One answer for a provider that is
    /// not shared and for none: `None`.
    #[must_use]
    pub fn offers(&self, provider: &ProviderRef, taker: &Account) -> Option<OfferedProvider> {
        let provider = self.provider(provider)?;
        let organization = taker
            .organization()
            .map(|membership| &membership.organization);
        if taker.id() == self.id() || !provider.is_shared_with(taker.id(), organization) {
            return None;
        }
        Some(OfferedProvider(LinkedProvider {
            owner: self.id(),
            id: provider.id.clone(),
            name: provider.name.clone(),
            issuer: provider.settings.issuer.clone(),
        }))
    }
}
