//! How a caller names a provider.

use std::str::FromStr;

use serde::Deserialize;
use trilby_model::federation::ProviderName;
use trilby_model::{AccountId, Arn, LinkId, ProviderId};
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

/// A provider, by its ARN or unique id; or by those of the link through which it counts.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum Named {
    /// By the ARN that its owner gives it.
    Provider {
        /// The owner.
        owner: AccountId,
        /// Its name there.
        name: ProviderName,
    },
    /// By its unique id.
    ProviderId(ProviderId),
    /// By the ARN of a link to it.
    Link {
        /// The account that accepts it.
        account: AccountId,
        /// The link's name there.
        name: ProviderName,
    },
    /// By the unique id of a link to it.
    LinkId(LinkId),
}

/// A text that names no provider.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a provider is named by its ARN or unique id, or by those of a link to it")]
pub struct NotNamed;

impl Named {
    /// The account that the name speaks of, if it does.
    #[must_use]
    pub fn account(&self) -> Option<AccountId> {
        match self {
            Self::Provider { owner, .. } => Some(*owner),
            Self::Link { account, .. } => Some(*account),
            Self::ProviderId(_) | Self::LinkId(_) => None,
        }
    }
}

impl FromStr for Named {
    type Err = NotNamed;

    fn from_str(text: &str) -> Result<Self, NotNamed> {
        if let Ok(id) = text.parse() {
            return Ok(Self::ProviderId(id));
        }
        if let Ok(id) = text.parse() {
            return Ok(Self::LinkId(id));
        }
        let arn: Arn = text.parse().map_err(|_| NotNamed)?;
        let account = arn.account_id().ok_or(NotNamed)?;
        let (kind, name) = arn.resource().split_once('/').ok_or(NotNamed)?;
        let name = name.parse().map_err(|_| NotNamed)?;
        match (arn.service(), kind) {
            ("iam", "oidc-provider") => Ok(Self::Provider {
                owner: account,
                name,
            }),
            ("iam", "oidc-provider-link") => Ok(Self::Link { account, name }),
            _ => Err(NotNamed),
        }
    }
}

impl TryFrom<String> for Named {
    type Error = NotNamed;

    fn try_from(text: String) -> Result<Self, NotNamed> {
        text.parse()
    }
}

impl PartialSchema for Named {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some(
                "an identity provider, by ARN or unique id; or a link to it, likewise",
            ))
            .examples(["arn:trilby:iam::111122223333:oidc-provider/accounts.google.com"])
            .into()
    }
}

impl ToSchema for Named {}
