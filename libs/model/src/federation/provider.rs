//! What an account says about one outside issuer.

use std::collections::BTreeSet;
use std::ops::Deref;

use super::Invalid;
use super::algorithm::SignatureAlgorithm;
use super::claim::ClaimPath;
use super::claim_test::ClaimTest;
use super::key_source::KeySource;
use super::names::ProviderAudience;
use super::url::IssuerUrl;

mod change;
mod check;

pub use change::ProviderChange;
pub(super) use check::AUDIENCES_MAX;

/// The settings of an identity provider, whole and consistent.
///
/// Serialized as [`ProviderFields`], whose members it lends for reading. Made by [`ProviderChange::create`] or
/// [`ProviderSettings::changed_by`]. Name, state and sharing over accounts are not here: they change by operations of
/// their own.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "ProviderFields", into = "ProviderFields")]
pub struct ProviderSettings(ProviderFields);

/// The members of [`ProviderSettings`].
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ProviderFields {
    /// Who issues the tokens; compared with `iss` byte for byte.
    pub issuer: IssuerUrl,
    /// For whom tokens may be: 1 to 50 exact values.
    pub audiences: BTreeSet<ProviderAudience>,
    /// How tokens may be signed; at least one.
    pub allowed_algs: BTreeSet<SignatureAlgorithm>,
    /// Where the keys come from.
    pub keys: KeySource,
    /// Whether the issuer serves one organization or the whole world.
    pub sharing: Sharing,
    /// Claims that each trust statement must pin; for a shared issuer at least one, else none.
    #[serde(default)]
    pub required_claims: Vec<RequiredClaim>,
    /// Claims that conditions, rules and tags may read besides the standard ones; at most 50.
    #[serde(default)]
    pub exposed_claims: BTreeSet<ClaimPath>,
    /// How far the issuer's clock may be from ours, 0 to 120 s.
    pub clock_skew_seconds: u32,
    /// The oldest `iat` that is accepted, 60 to 86,400 s ago.
    pub max_token_age_seconds: u32,
    /// The longest `exp - iat` that is accepted, 60 to 604,800 s.
    pub max_token_lifetime_seconds: u32,
    /// The longest token, 512 to 20,000 bytes.
    pub max_token_bytes: u32,
    /// How long known keys serve while the issuer cannot be reached, up to 7 days.
    pub stale_max_seconds: u32,
    /// How often one token may be used.
    pub replay: Replay,
    /// What one use of a token is.
    #[serde(default)]
    pub replay_scope: ReplayScope,
    /// Whether tokens carry a nonce of ours.
    pub nonce: Nonce,
    /// Tests that every token must pass before anything else; at most 10.
    #[serde(default)]
    pub require_claims: Vec<ClaimTest>,
    /// The claim that names the session when the caller does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_name_claim: Option<ClaimPath>,
    /// The claim that becomes the source identity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_identity_claim: Option<ClaimPath>,
    /// What kind of use the defaults were taken for.
    pub template: ProviderTemplate,
    /// Whether JWT access tokens (`typ: at+jwt`, RFC 9068) are accepted as well as ID tokens.
    #[serde(default)]
    pub accept_access_tokens: bool,
}

/// Whether an issuer serves one organization or anybody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Sharing {
    /// Everyone it vouches for belongs to one organization.
    Private,
    /// Anyone may get a token from it: trust statements must say whom they mean.
    Shared,
}

/// Claims of which a trust statement must pin one.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct RequiredClaim {
    /// One of these suffices; 1 to 10.
    pub any_of: Vec<ClaimPath>,
}

/// How often one token may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Replay {
    /// Once.
    SingleUse,
    /// Until it expires, for workloads that keep a token in a file.
    UntilExp,
}

/// What one use of a token is, where only one is allowed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ReplayScope {
    /// One for each role.
    #[default]
    Role,
    /// One in all.
    Token,
}

/// Whether tokens carry a nonce that we gave out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Nonce {
    /// A nonce is not looked at.
    None,
    /// A nonce that the caller names must be the token's.
    Optional,
    /// Every token must have one.
    Required,
}

/// What kind of use the defaults are for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ProviderTemplate {
    /// People who log in: single use, a nonce if there is one.
    #[default]
    Login,
    /// Jobs of a build service: single use, no nonce.
    Ci,
    /// Programs with a token in a file: until it expires, no nonce.
    Workload,
}

impl TryFrom<ProviderFields> for ProviderSettings {
    type Error = Invalid;

    fn try_from(fields: ProviderFields) -> Result<Self, Invalid> {
        check::check(&fields)?;
        Ok(Self(fields))
    }
}

impl From<ProviderSettings> for ProviderFields {
    fn from(settings: ProviderSettings) -> Self {
        settings.0
    }
}

impl Deref for ProviderSettings {
    type Target = ProviderFields;

    fn deref(&self) -> &ProviderFields {
        &self.0
    }
}
