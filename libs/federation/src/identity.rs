//! What a verified token proves.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde_json::Value;
use trilby_model::federation::{ClaimPath, ProviderName, Replay, ReplayScope};
use trilby_model::{LinkId, ProviderId, RoleId, Timestamp};

use crate::claims::{All, Claims};
use crate::encoding;
use crate::nonce::NonceHash;
use crate::provider::Provider;

mod conditions;

pub use conditions::ConditionValue;

/// Claims that conditions, rules and tags may read without being named in a provider's settings.
pub const STANDARD_CLAIMS: [&str; 9] = [
    "sub",
    "aud",
    "azp",
    "amr",
    "acr",
    "email",
    "email_verified",
    "hd",
    "tid",
];

/// Somebody for whom a registered issuer vouched, to us, now.
///
/// There is no way to make one but [`crate::Candidate::verify`]:
///
/// ```compile_fail
/// use trilby_federation::VerifiedIdentity;
///
/// fn forged(real: VerifiedIdentity) -> VerifiedIdentity {
///     VerifiedIdentity { subject: "root".to_owned(), ..real }
/// }
/// ```
///
/// Who this is, for good, is provider, issuer and subject, exact bytes; nothing else about a person is an identity.
#[derive(Clone, PartialEq)]
pub struct VerifiedIdentity {
    provider: ProviderId,
    provider_name: ProviderName,
    link: Option<LinkId>,
    issuer: String,
    issuer_prefix: String,
    subject: String,
    audience: String,
    issued_at: Timestamp,
    expires_at: Timestamp,
    skew_s: i64,
    replay: Replay,
    replay_scope: ReplayScope,
    exposed: BTreeMap<ClaimPath, Value>,
    readable: BTreeSet<ClaimPath>,
    all: All,
    session_name: Option<String>,
    source_identity: Option<String>,
    digest: [u8; 32],
    key_thumbprint: String,
    nonce: Option<NonceHash>,
}

impl VerifiedIdentity {
    pub(crate) fn new(provider: &Provider, claims: Claims, digest: [u8; 32]) -> Self {
        let settings = &provider.settings;
        let text = |path: &Option<ClaimPath>| {
            let value = path.as_ref()?.find(&claims.all)?;
            value.as_str().map(str::to_owned)
        };
        Self {
            provider: provider.id.clone(),
            provider_name: provider.name.clone(),
            link: provider.link.as_ref().map(|link| link.id.clone()),
            issuer: settings.issuer.as_str().to_owned(),
            issuer_prefix: settings.issuer.without_scheme().to_owned(),
            session_name: text(&settings.session_name_claim),
            source_identity: text(&settings.source_identity_claim),
            exposed: exposed(provider, &claims.all),
            readable: settings.exposed_claims.clone(),
            all: claims.all,
            subject: claims.subject,
            audience: claims.audience,
            issued_at: Timestamp::from_unix_seconds(claims.issued_at),
            expires_at: Timestamp::from_unix_seconds(claims.expires_at),
            skew_s: i64::from(settings.clock_skew_seconds),
            replay: settings.replay,
            replay_scope: settings.replay_scope,
            digest,
            key_thumbprint: String::new(),
            nonce: None,
        }
    }

    pub(crate) fn signed_with(self, key_thumbprint: String, nonce: Option<NonceHash>) -> Self {
        Self {
            key_thumbprint,
            nonce,
            ..self
        }
    }

    /// The provider that vouched.
    #[must_use]
    pub const fn provider(&self) -> &ProviderId {
        &self.provider
    }

    /// The link through which its word counts here, if it is another account's.
    #[must_use]
    pub const fn link(&self) -> Option<&LinkId> {
        self.link.as_ref()
    }

    /// Its issuer: the value of `trilby:FederatedIssuer`.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Whom it vouched for: the value of `trilby:FederatedSubject`.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// For which of our audiences: the value of `trilby:FederatedAudience`.
    #[must_use]
    pub fn audience(&self) -> &str {
        &self.audience
    }

    /// When the token was issued.
    #[must_use]
    pub const fn issued_at(&self) -> Timestamp {
        self.issued_at
    }

    /// When the token expires.
    #[must_use]
    pub const fn expires_at(&self) -> Timestamp {
        self.expires_at
    }

    /// The subject of a federated session: provider id, a colon, and a hash of issuer and subject.
    #[must_use]
    pub fn session_subject(&self) -> String {
        let hash = encoding::sha256(&[self.issuer.as_bytes(), &[0], self.subject.as_bytes()]);
        let text = encoding::encode(&hash);
        format!("{}:{}", self.provider, text.get(..22).unwrap_or(&text))
    }

    /// The claim that the provider's settings name for session names, as it came.
    #[must_use]
    pub fn session_name(&self) -> Option<&str> {
        self.session_name.as_deref()
    }

    /// The claim that the provider's settings name for the source identity, as it came.
    #[must_use]
    pub fn source_identity(&self) -> Option<&str> {
        self.source_identity.as_deref()
    }

    /// Claims that may be shown and kept: the standard ones and those that the provider exposes, as JSON.
    #[must_use]
    pub const fn exposed_claims(&self) -> &BTreeMap<ClaimPath, Value> {
        &self.exposed
    }

    /// Whether conditions, rules and tags may read `claim` of this token.
    pub(crate) fn exposes(&self, claim: &ClaimPath) -> bool {
        is_standard(claim) || self.readable.contains(claim)
    }

    pub(crate) const fn claims(&self) -> &All {
        &self.all
    }

    /// SHA-256 of what was signed: how logs name the token.
    #[must_use]
    pub const fn token_digest(&self) -> &[u8; 32] {
        &self.digest
    }

    /// RFC 7638 thumbprint of the key that signed.
    #[must_use]
    pub fn key_thumbprint(&self) -> &str {
        &self.key_thumbprint
    }

    /// The nonce that this token uses up: taken back in the same step in which the replay key is put down.
    #[must_use]
    pub const fn nonce(&self) -> Option<&NonceHash> {
        self.nonce.as_ref()
    }

    /// What to put down, if it is not there yet, before the token may open `role` (`None`: a federated session); and until
    /// when to keep it. `None` if the provider's tokens may be used again.
    #[must_use]
    pub fn replay_key(&self, role: Option<&RoleId>) -> Option<(ReplayKey, Timestamp)> {
        match self.replay {
            Replay::UntilExp => None,
            Replay::SingleUse => {
                let target = match self.replay_scope {
                    ReplayScope::Role => role.map_or("-", RoleId::as_str),
                    ReplayScope::Token => "*",
                };
                let key = ReplayKey::new(&self.provider, target, &self.digest);
                Some((key, self.expires_at.plus_seconds(self.skew_s)))
            }
        }
    }

    /// `trilby:`-less condition keys of this identity's claims: each as `<issuer without scheme>:<claim>` and as
    /// `oidc/<provider name>:<claim>`.
    #[must_use]
    pub fn condition_keys(&self) -> Vec<(String, ConditionValue)> {
        condition_keys_of(&self.issuer_prefix, &self.provider_name, &self.exposed)
    }
}

/// Each claim's keys: under the issuer without scheme, and under the provider's name.
pub(crate) fn condition_keys_of(
    issuer_prefix: &str,
    provider: &ProviderName,
    exposed: &BTreeMap<ClaimPath, Value>,
) -> Vec<(String, ConditionValue)> {
    let short = format!("oidc/{provider}");
    let prefixes = [issuer_prefix, &short];
    conditions::of(exposed)
        .into_iter()
        .flat_map(|(claim, value)| {
            prefixes.map(|prefix| (format!("{prefix}:{claim}"), value.clone()))
        })
        .collect()
}

/// Names one use of one token, whoever looks: SHA-256 of purpose, provider, target and the token's digest, each with its
/// length before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ReplayKey([u8; 32]);

impl ReplayKey {
    const PURPOSE: &'static str = "wi";

    fn new(provider: &ProviderId, target: &str, digest: &[u8; 32]) -> Self {
        let parts: [&[u8]; 4] = [
            Self::PURPOSE.as_bytes(),
            provider.as_str().as_bytes(),
            target.as_bytes(),
            digest,
        ];
        let framed: Vec<Vec<u8>> = parts
            .iter()
            .map(|part| {
                [
                    &u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes(),
                    *part,
                ]
                .concat()
            })
            .collect();
        let framed: Vec<&[u8]> = framed.iter().map(Vec::as_slice).collect();
        Self(encoding::sha256(&framed))
    }

    /// The key.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// Whether conditions, rules and tags may read `claim` of this provider's tokens.
#[must_use]
pub fn is_exposed(provider: &Provider, claim: &ClaimPath) -> bool {
    is_standard(claim) || provider.settings.exposed_claims.contains(claim)
}

fn is_standard(claim: &ClaimPath) -> bool {
    STANDARD_CLAIMS.contains(&claim.as_str())
}

fn exposed(provider: &Provider, all: &All) -> BTreeMap<ClaimPath, Value> {
    let standard = STANDARD_CLAIMS.iter().filter_map(|name| name.parse().ok());
    standard
        .chain(provider.settings.exposed_claims.iter().cloned())
        .filter_map(|claim: ClaimPath| {
            let value = claim.find(all).filter(|value| !value.is_null())?.clone();
            Some((claim, value))
        })
        .collect()
}

impl fmt::Debug for VerifiedIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifiedIdentity(of {}, …)", self.provider)
    }
}
