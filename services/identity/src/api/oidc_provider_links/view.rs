//! Links as answers show them.

use serde::Serialize;
use trilby_access::{Operation, Reply, etag_text};
use trilby_account::ProviderLink;
use trilby_model::federation::{IssuerUrl, LinkFields, ProviderName};
use trilby_model::{AccountId, Arn, LinkId, ProviderId, Timestamp};
use utoipa::ToSchema;

/// A link to another account's provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = OidcProviderLink)]
pub struct LinkView {
    /// Unique id; never given to another.
    pub id: LinkId,
    /// ARN.
    pub arn: Arn,
    /// Name.
    pub name: ProviderName,
    /// The provider's ARN: what trust policies name under `Federated`.
    pub provider_arn: Arn,
    /// The provider's unique id.
    pub provider_id: ProviderId,
    /// Its issuer.
    pub issuer: IssuerUrl,
    /// What is asked of tokens besides what the owner asks.
    pub settings: LinkFields,
    /// Whether it has a role map.
    pub has_role_map: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// For `If-Match`.
    #[schema(example = "\"s17\"")]
    pub etag: String,
}

impl LinkView {
    /// A link of an account.
    pub fn of(account: AccountId, link: &ProviderLink) -> Self {
        Self {
            id: link.id.clone(),
            arn: link.arn(account),
            name: link.name.clone(),
            provider_arn: link.provider.arn(),
            provider_id: link.provider.id.clone(),
            issuer: link.provider.issuer.clone(),
            settings: link.settings.clone().into(),
            has_role_map: link.role_map.is_some(),
            created_at: link.stamp.created_at,
            updated_at: link.stamp.updated_at,
            etag: etag_text(link.stamp.changed),
        }
    }
}

/// The link with its `ETag`.
pub fn reply<Op: Operation<Reply = LinkView>>(
    account: AccountId,
    link: &ProviderLink,
) -> Reply<Op> {
    Reply::new(LinkView::of(account, link)).etag(link.stamp.changed)
}
