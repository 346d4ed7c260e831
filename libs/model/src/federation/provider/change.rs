//! Making and changing a provider's settings.

use std::collections::BTreeSet;

use serde::{Deserialize, Deserializer};

use super::{
    Nonce, ProviderFields, ProviderSettings, ProviderTemplate, Replay, ReplayScope, RequiredClaim,
    Sharing,
};
use crate::federation::Invalid;
use crate::federation::algorithm::SignatureAlgorithm;
use crate::federation::claim::ClaimPath;
use crate::federation::claim_test::ClaimTest;
use crate::federation::key_source::KeySource;
use crate::federation::names::ProviderAudience;
use crate::federation::url::IssuerUrl;

/// Members of [`ProviderFields`], each of which may be absent: a new provider takes a default for it, an old one keeps
/// what it has.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ProviderChange {
    /// Who issues the tokens. Needed when made; never changes after.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer: Option<IssuerUrl>,
    /// For whom tokens may be: 1 to 50 exact values. Needed when made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audiences: Option<BTreeSet<ProviderAudience>>,
    /// How tokens may be signed; RS256, ES256 and EdDSA if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed_algs: Option<BTreeSet<SignatureAlgorithm>>,
    /// Where the keys come from; discovery if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keys: Option<KeySource>,
    /// Whether the issuer serves one organization or the whole world; private if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sharing: Option<Sharing>,
    /// Claims that each trust statement must pin, for a shared issuer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub required_claims: Option<Vec<RequiredClaim>>,
    /// Claims that conditions, rules and tags may read besides the standard ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exposed_claims: Option<BTreeSet<ClaimPath>>,
    /// 0 to 120; 30 if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock_skew_seconds: Option<u32>,
    /// 60 to 86,400; 3,600 if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_token_age_seconds: Option<u32>,
    /// 60 to 604,800; 86,400 if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_token_lifetime_seconds: Option<u32>,
    /// 512 to 20,000; 8,192 if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_token_bytes: Option<u32>,
    /// 0 to 604,800; 86,400 if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stale_max_seconds: Option<u32>,
    /// By the template if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replay: Option<Replay>,
    /// Once for each role if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replay_scope: Option<ReplayScope>,
    /// By the template if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<Nonce>,
    /// Tests that every token must pass.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub require_claims: Option<Vec<ClaimTest>>,
    /// The claim that names the session; `null` takes it away.
    #[serde(
        default,
        deserialize_with = "given",
        skip_serializing_if = "Option::is_none"
    )]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<ClaimPath>))]
    pub session_name_claim: Option<Option<ClaimPath>>,
    /// The claim that becomes the source identity; `null` takes it away.
    #[serde(
        default,
        deserialize_with = "given",
        skip_serializing_if = "Option::is_none"
    )]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<ClaimPath>))]
    pub source_identity_claim: Option<Option<ClaimPath>>,
    /// What kind of use defaults are for; login if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<ProviderTemplate>,
    /// Whether JWT access tokens are accepted; not if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accept_access_tokens: Option<bool>,
}

/// A member that is there, be it `null`.
fn given<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<ClaimPath>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

const fn replay_of(template: ProviderTemplate) -> Replay {
    match template {
        ProviderTemplate::Login | ProviderTemplate::Ci => Replay::SingleUse,
        ProviderTemplate::Workload => Replay::UntilExp,
    }
}

const fn nonce_of(template: ProviderTemplate) -> Nonce {
    match template {
        ProviderTemplate::Login => Nonce::Optional,
        ProviderTemplate::Ci | ProviderTemplate::Workload => Nonce::None,
    }
}

impl ProviderChange {
    /// The settings of a new provider.
    ///
    /// Errors: issuer or audiences are absent, or the first member that breaks a rule.
    pub fn create(self) -> Result<ProviderSettings, Invalid> {
        let template = self.template.unwrap_or_default();
        let issuer = self.issuer.clone();
        let defaults = ProviderFields {
            issuer: issuer.ok_or_else(|| Invalid::new("/issuer", "is missing"))?,
            audiences: BTreeSet::new(),
            allowed_algs: SignatureAlgorithm::DEFAULT.into(),
            keys: KeySource::Discovery {
                follow_jwks_uri: false,
            },
            sharing: Sharing::Private,
            required_claims: Vec::new(),
            exposed_claims: BTreeSet::new(),
            clock_skew_seconds: 30,
            max_token_age_seconds: 3_600,
            max_token_lifetime_seconds: 86_400,
            max_token_bytes: 8_192,
            stale_max_seconds: 86_400,
            replay: replay_of(template),
            replay_scope: ReplayScope::Role,
            nonce: nonce_of(template),
            require_claims: Vec::new(),
            session_name_claim: None,
            source_identity_claim: None,
            template,
            accept_access_tokens: false,
        };
        if self.audiences.is_none() {
            return Err(Invalid::new("/audiences", "is missing"));
        }
        self.over(defaults).try_into()
    }

    fn over(self, old: ProviderFields) -> ProviderFields {
        ProviderFields {
            issuer: self.issuer.unwrap_or(old.issuer),
            audiences: self.audiences.unwrap_or(old.audiences),
            allowed_algs: self.allowed_algs.unwrap_or(old.allowed_algs),
            keys: self.keys.unwrap_or(old.keys),
            sharing: self.sharing.unwrap_or(old.sharing),
            required_claims: self.required_claims.unwrap_or(old.required_claims),
            exposed_claims: self.exposed_claims.unwrap_or(old.exposed_claims),
            clock_skew_seconds: self.clock_skew_seconds.unwrap_or(old.clock_skew_seconds),
            max_token_age_seconds: self
                .max_token_age_seconds
                .unwrap_or(old.max_token_age_seconds),
            max_token_lifetime_seconds: self
                .max_token_lifetime_seconds
                .unwrap_or(old.max_token_lifetime_seconds),
            max_token_bytes: self.max_token_bytes.unwrap_or(old.max_token_bytes),
            stale_max_seconds: self.stale_max_seconds.unwrap_or(old.stale_max_seconds),
            replay: self.replay.unwrap_or(old.replay),
            replay_scope: self.replay_scope.unwrap_or(old.replay_scope),
            nonce: self.nonce.unwrap_or(old.nonce),
            require_claims: self.require_claims.unwrap_or(old.require_claims),
            session_name_claim: self.session_name_claim.unwrap_or(old.session_name_claim),
            source_identity_claim: self
                .source_identity_claim
                .unwrap_or(old.source_identity_claim),
            template: self.template.unwrap_or(old.template),
            accept_access_tokens: self
                .accept_access_tokens
                .unwrap_or(old.accept_access_tokens),
        }
    }
}

impl ProviderSettings {
    /// These settings with `change` applied, checked whole.
    ///
    /// Errors: the issuer would be another, or the first member that breaks a rule.
    pub fn changed_by(&self, change: ProviderChange) -> Result<Self, Invalid> {
        if change
            .issuer
            .as_ref()
            .is_some_and(|issuer| *issuer != self.issuer)
        {
            return Err(Invalid::new(
                "/issuer",
                "cannot change: make another provider",
            ));
        }
        change.over(self.0.clone()).try_into()
    }
}
