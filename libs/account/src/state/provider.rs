//! Identity providers, links to those of other accounts, and role maps.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use trilby_model::federation::{
    JwksUrl, KeySource, LinkSettings, ProviderName, ProviderSettings, RoleMap, ShareTarget,
};
use trilby_model::{AccountId, Arn, LinkId, OrganizationId, ProviderId, RoleId, Seq, Timestamp};

use crate::federation::LinkedProvider;
use crate::stamp::{Stamp, micros};

/// An outside issuer that the account knows how to check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provider {
    /// Unique id.
    pub id: ProviderId,
    /// Name, unique in the account without case.
    pub name: ProviderName,
    /// How its tokens are checked.
    pub settings: ProviderSettings,
    /// Who may link it.
    pub shared_with: BTreeSet<ShareTarget>,
    /// Whether it vouches for anybody now.
    pub enabled: bool,
    /// What is known of its keys beside the settings.
    pub keys: ProviderKeys,
    /// From claims to roles; absent: trust policies alone decide.
    pub role_map: Option<MappedRoles>,
    /// The event that gave it the settings it has. What was kept of a token before that was kept by others.
    pub settings_changed: Seq,
    /// Birth and last change of settings, sharing and status; keys and role map have their own.
    pub stamp: Stamp,
}

/// What was found out about a provider's keys.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProviderKeys {
    /// Where discovery found them; pinned.
    pub pinned: Option<JwksUrl>,
    /// Where the provider says that they are now, to be confirmed.
    pub in_review: Option<JwksUrl>,
    /// The set that was last seen.
    pub observed: Option<ObservedKeys>,
}

/// A key set as it was last seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ObservedKeys {
    /// RFC 7638 thumbprint of each key.
    pub thumbprints: BTreeSet<String>,
    /// The set, as text.
    pub document: String,
    /// The event that says so.
    pub since: Seq,
    /// When that was.
    #[serde(with = "micros")]
    pub at: Timestamp,
}

/// An account's acceptance of another account's provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProviderLink {
    /// Unique id.
    pub id: LinkId,
    /// Name, unique among the account's links without case.
    pub name: ProviderName,
    /// The provider. Whether it is still there, enabled and shared is in its owner's log.
    pub provider: LinkedProvider,
    /// What is asked of tokens besides what the owner asks.
    pub settings: LinkSettings,
    /// From claims to roles; absent: trust policies alone decide.
    pub role_map: Option<MappedRoles>,
    /// Birth and last change; the role map has its own.
    pub stamp: Stamp,
}

/// A role map with the roles it means.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MappedRoles {
    /// The rules.
    pub map: RoleMap,
    /// Unique id by ARN, spelled as in the rules. A role that is gone is nobody's: its id is never given again.
    pub roles: BTreeMap<String, RoleId>,
    /// Birth and last change.
    pub stamp: Stamp,
}

impl Provider {
    /// Its ARN.
    #[must_use]
    pub fn arn(&self, account: AccountId) -> Arn {
        Arn::oidc_provider(&account, &self.name)
    }

    /// Whether an account that is in that organization may link it, and use a link to it.
    #[must_use]
    pub fn is_shared_with(
        &self,
        account: AccountId,
        organization: Option<&OrganizationId>,
    ) -> bool {
        self.shared_with.iter().any(|target| match target {
            ShareTarget::Account(id) => *id == account,
            ShareTarget::Organization(id) => organization == Some(id),
        })
    }

    /// Where its keys are read; nothing for keys in the settings, and before discovery.
    #[must_use]
    pub fn jwks_uri(&self) -> Option<&JwksUrl> {
        match &self.settings.keys {
            KeySource::Discovery { .. } => self.keys.pinned.as_ref(),
            KeySource::JwksUri { jwks_uri } => Some(jwks_uri),
            KeySource::Static { .. } => None,
        }
    }

    /// Whether it says that its keys are elsewhere and nobody has confirmed that.
    #[must_use]
    pub fn needs_review(&self) -> bool {
        self.keys.in_review.is_some()
    }
}

impl ProviderLink {
    /// Its ARN.
    #[must_use]
    pub fn arn(&self, account: AccountId) -> Arn {
        Arn::oidc_provider_link(&account, &self.name)
    }
}

impl MappedRoles {
    /// The id that a role of the map's rules had when they were saved.
    #[must_use]
    pub fn role(&self, arn: &Arn) -> Option<&RoleId> {
        self.roles.get(&arn.to_string())
    }
}
