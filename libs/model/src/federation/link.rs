//! What an account says about a provider of another account that it accepts.

use std::collections::BTreeSet;
use std::ops::Deref;

use super::Invalid;
use super::claim_test::{CLAIM_TESTS_MAX, ClaimTest};
use super::names::ProviderAudience;
use super::provider::AUDIENCES_MAX;

/// The settings of a provider link: they narrow what the provider admits and can widen nothing.
///
/// Serialized as [`LinkFields`].
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "LinkFields", into = "LinkFields")]
pub struct LinkSettings(LinkFields);

/// The members of [`LinkSettings`].
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct LinkFields {
    /// Audiences of which a token must have one besides what the provider asks; empty: the provider's.
    #[serde(default)]
    pub audiences: BTreeSet<ProviderAudience>,
    /// Tests that a token must pass after the provider's; at most 10.
    #[serde(default)]
    pub require_claims: Vec<ClaimTest>,
}

/// A change of a link's settings: what is absent stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct LinkChange {
    /// See [`LinkFields::audiences`].
    pub audiences: Option<BTreeSet<ProviderAudience>>,
    /// See [`LinkFields::require_claims`].
    pub require_claims: Option<Vec<ClaimTest>>,
}

impl LinkSettings {
    /// These settings with `change` applied, checked whole.
    ///
    /// Errors: the first member that breaks a rule.
    pub fn changed_by(&self, change: LinkChange) -> Result<Self, Invalid> {
        let LinkChange {
            audiences,
            require_claims,
        } = change;
        LinkFields {
            audiences: audiences.unwrap_or_else(|| self.audiences.clone()),
            require_claims: require_claims.unwrap_or_else(|| self.require_claims.clone()),
        }
        .try_into()
    }
}

impl TryFrom<LinkFields> for LinkSettings {
    type Error = Invalid;

    fn try_from(fields: LinkFields) -> Result<Self, Invalid> {
        if fields.audiences.len() > AUDIENCES_MAX {
            return Err(Invalid::new("/audiences", "has more than 50 audiences"));
        }
        if fields.require_claims.len() > CLAIM_TESTS_MAX {
            return Err(Invalid::new("/require_claims", "has more than 10 tests"));
        }
        Ok(Self(fields))
    }
}

impl From<LinkSettings> for LinkFields {
    fn from(settings: LinkSettings) -> Self {
        settings.0
    }
}

impl Deref for LinkSettings {
    type Target = LinkFields;

    fn deref(&self) -> &LinkFields {
        &self.0
    }
}
