//! Why an outside token is not taken.

/// Why an outside token is not taken. The first reason in the fixed order of verification.
///
/// Texts name claims and nothing that they hold: a token's owner knows them, a log need not.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Size, parts, encoding, or a header that may not be.
    #[error("the token is malformed: {why}")]
    Malformed {
        /// What is wrong with its form.
        why: &'static str,
    },
    /// No provider of that issuer is registered or linked here.
    #[error("no identity provider of the token's issuer is registered here")]
    UnknownIssuer,
    /// The provider, or the link to it, is switched off.
    #[error("the identity provider is disabled")]
    ProviderDisabled,
    /// The header's algorithm is none that the provider may use.
    #[error("the token's algorithm is not one that the identity provider may use")]
    UnsupportedAlgorithm,
    /// None of the provider's keys is the one named, or fits.
    #[error("the identity provider has no such key")]
    KeyNotFound,
    /// The signature does not verify.
    #[error("the token's signature does not verify")]
    BadSignature,
    /// The token is for somebody else.
    #[error("the token is not meant for an audience of the identity provider")]
    WrongAudience,
    /// `exp` has passed.
    #[error("the token has expired")]
    Expired,
    /// `iat` or `nbf` lies in the future.
    #[error("the token is not valid yet")]
    NotYetValid,
    /// `iat` is longer ago than the provider's settings allow.
    #[error("the token was issued too long ago")]
    TooOld,
    /// A claim that must be there is not.
    #[error("the token has no claim `{claim}`")]
    ClaimMissing {
        /// Which.
        claim: String,
    },
    /// A claim has another type or value than it must.
    #[error("the token's claim `{claim}` is not what it must be")]
    ClaimMismatch {
        /// Which.
        claim: String,
    },
    /// The nonce is not the one that was given out.
    #[error("the token's nonce is not the one that was given out")]
    NonceMismatch,
    /// The token was used before. Found by whoever keeps replay keys.
    #[error("the token has been used already")]
    Replayed,
    /// The provider's keys cannot be had, and none that are known are fresh enough.
    #[error("the identity provider's keys are not available at the moment")]
    KeysUnavailable,
}

impl Refusal {
    /// Stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Malformed { .. } => "malformed_token",
            Self::UnknownIssuer => "unknown_issuer",
            Self::ProviderDisabled => "provider_disabled",
            Self::UnsupportedAlgorithm => "unsupported_token_alg",
            Self::KeyNotFound => "key_not_found",
            Self::BadSignature => "bad_signature",
            Self::WrongAudience => "wrong_audience",
            Self::Expired => "token_expired",
            Self::NotYetValid => "token_not_yet_valid",
            Self::TooOld => "token_too_old",
            Self::ClaimMissing { .. } => "claim_missing",
            Self::ClaimMismatch { .. } => "claim_mismatch",
            Self::NonceMismatch => "nonce_mismatch",
            Self::Replayed => "token_replayed",
            Self::KeysUnavailable => "issuer_keys_unavailable",
        }
    }

    pub(crate) const fn malformed(why: &'static str) -> Self {
        Self::Malformed { why }
    }

    pub(crate) fn missing(claim: &str) -> Self {
        Self::ClaimMissing {
            claim: claim.to_owned(),
        }
    }

    pub(crate) fn mismatch(claim: &str) -> Self {
        Self::ClaimMismatch {
            claim: claim.to_owned(),
        }
    }
}
