//! Providers as answers show them.

use std::collections::BTreeSet;

use serde::Serialize;
use trilby_access::{Operation, Reply, etag_text};
use trilby_account::{Account, Provider};
use trilby_model::federation::{JwksUrl, ProviderFields, ProviderName, ShareTarget};
use trilby_model::{AccountId, Arn, ProviderId, Timestamp};
use utoipa::ToSchema;

/// An OIDC provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = OidcProvider)]
pub struct ProviderView {
    /// Unique id; never given to another.
    pub id: ProviderId,
    /// ARN: what trust policies name under `Federated`.
    pub arn: Arn,
    /// Name.
    pub name: ProviderName,
    /// Whether it vouches for anybody now.
    pub enabled: bool,
    /// How its tokens are checked.
    pub settings: ProviderFields,
    /// Accounts and organizations that may link it.
    pub shared_with: BTreeSet<ShareTarget>,
    /// What is known of its keys beside the settings.
    pub key_status: KeyStatusView,
    /// Whether it has a role map.
    pub has_role_map: bool,
    /// After a change of audiences, keys, sharing or required claims: the roles whose trust policies name the provider,
    /// which others than before may now assume, or no more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub opened_roles: Option<Vec<Arn>>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// For `If-Match`.
    #[schema(example = "\"s17\"")]
    pub etag: String,
}

/// What is known of a provider's keys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = OidcProviderKeyStatus)]
pub struct KeyStatusView {
    /// Where they are read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwks_uri: Option<JwksUrl>,
    /// Where the provider says that they are now; an administrator has to confirm it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub needs_review: Option<JwksUrl>,
    /// RFC 7638 thumbprints of the keys that were last seen.
    pub thumbprints: BTreeSet<String>,
}

impl ProviderView {
    /// A provider of an account.
    pub fn of(account: AccountId, provider: &Provider) -> Self {
        let seen = provider.keys.observed.as_ref();
        Self {
            id: provider.id.clone(),
            arn: provider.arn(account),
            name: provider.name.clone(),
            enabled: provider.enabled,
            settings: provider.settings.clone().into(),
            shared_with: provider.shared_with.clone(),
            key_status: KeyStatusView {
                jwks_uri: provider.jwks_uri().cloned(),
                needs_review: provider.keys.in_review.clone(),
                thumbprints: seen
                    .map(|seen| seen.thumbprints.clone())
                    .unwrap_or_default(),
            },
            has_role_map: provider.role_map.is_some(),
            opened_roles: None,
            created_at: provider.stamp.created_at,
            updated_at: provider.stamp.updated_at,
            etag: etag_text(provider.stamp.changed),
        }
    }

    /// The same with the roles that a change opens.
    pub fn opening(mut self, account: &Account) -> Self {
        let roles = account.roles_naming(&self.id);
        let arns = roles.map(|role| Arn::role(&account.id(), &role.path, &role.name));
        self.opened_roles = Some(arns.collect());
        self
    }
}

/// The provider with its `ETag`.
pub fn reply<Op: Operation<Reply = ProviderView>>(
    account: AccountId,
    provider: &Provider,
) -> Reply<Op> {
    Reply::new(ProviderView::of(account, provider)).etag(provider.stamp.changed)
}
