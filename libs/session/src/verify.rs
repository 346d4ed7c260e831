//! Verifying one of our own tokens, in a fixed order.
//!
//! [`Presented::parse`] takes the text apart and checks its header; the caller then looks up the
//! key record by account and key id, in the fold of that account's log; [`Presented::verify`] does
//! the rest. Only what these two functions did gives a [`Verified`]. Whether the session has been
//! revoked is asked after that, every time, of a [`crate::RevocationTable`].

use std::fmt;

use aws_lc_rs::digest;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use trilby_model::{AccountId, Timestamp, json};

use crate::claims::{self, Claims};
use crate::key::{Algorithm, PublicKey, TOKEN_TYPE};
use crate::revocation::RestsOn;
use crate::{PRESENTED_BYTES_MAX, unverified};

/// Largest header, in bytes. Ours has about 90.
const HEADER_BYTES_MAX: usize = 256;

/// Why a token is not taken. `code` is for the token's owner; as a bearer token every one of them
/// is simply `unauthenticated`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Size, parts, encoding, or a header that is not exactly ours.
    #[error("the token is malformed")]
    Malformed,
    /// No key of that id in that account, or it is no longer published.
    #[error("the token's key is not known")]
    UnknownKey,
    /// The header's algorithm is not the key's.
    #[error("the token's algorithm is not that of its key")]
    WrongAlgorithm,
    /// The signature does not verify.
    #[error("the token's signature does not verify")]
    BadSignature,
    /// The claims are not a session's.
    #[error("the token's claims are malformed")]
    Claims,
    /// Issuer, account and key do not belong together.
    #[error("the token's issuer, account and key do not belong together")]
    WrongIssuer,
    /// `nbf` or `iat` lies in the future.
    #[error("the token is not valid yet")]
    NotYetValid,
    /// `exp` has passed.
    #[error("the token has expired")]
    Expired,
    /// Not meant for us.
    #[error("the token is not meant for this audience")]
    WrongAudience,
    /// A version of the claims that this release does not read.
    #[error("the token's claims have an unknown version")]
    UnknownVersion,
}

impl Refusal {
    /// Stable code.
    pub fn code(self) -> &'static str {
        match self {
            Self::Malformed | Self::Claims | Self::UnknownVersion => "malformed_token",
            Self::UnknownKey => "key_not_found",
            Self::WrongAlgorithm => "unsupported_token_alg",
            Self::BadSignature => "bad_signature",
            Self::WrongIssuer => "claim_mismatch",
            Self::NotYetValid => "token_not_yet_valid",
            Self::Expired => "token_expired",
            Self::WrongAudience => "wrong_audience",
        }
    }
}

/// A signing key as the fold of its account knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRecord {
    /// Whose key it is.
    pub account: AccountId,
    /// That account's issuer.
    pub issuer: String,
    /// The key.
    pub public: PublicKey,
    /// Whether it is published now: pending, active or retiring.
    pub published: bool,
}

/// What the verifier asks of a token.
#[derive(Debug, Clone, Copy)]
pub struct Expected<'a> {
    /// One of the token's audiences must be this.
    pub audience: &'a str,
    /// Seconds by which clocks may differ.
    pub skew_s: i64,
}

impl Default for Expected<'static> {
    fn default() -> Self {
        Self {
            audience: crate::AUDIENCE,
            skew_s: crate::SKEW_S,
        }
    }
}

/// A token whose form is right. Nothing it says is believed yet.
pub struct Presented {
    kid: String,
    algorithm: Algorithm,
    account_hint: AccountId,
    signing_input: String,
    payload: String,
    signature: Vec<u8>,
    digest: TokenDigest,
}

/// SHA-256 of a whole token: its name in caches and logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TokenDigest([u8; 32]);

impl TokenDigest {
    /// Of this text.
    pub fn of(token: &str) -> Self {
        let mut bytes = [0; 32];
        let hash = digest::digest(&digest::SHA256, token.as_bytes());
        for (to, from) in bytes.iter_mut().zip(hash.as_ref()) {
            *to = *from;
        }
        Self(bytes)
    }
}

impl Presented {
    /// Step 1: size, three parts, a header of exactly `typ`, `alg` and `kid`.
    pub fn parse(token: &str) -> Result<Self, Refusal> {
        if token.len() > PRESENTED_BYTES_MAX {
            return Err(Refusal::Malformed);
        }
        let mut parts = token.split('.');
        let (Some(header), Some(payload), Some(signature), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(Refusal::Malformed);
        };
        if header.len() > HEADER_BYTES_MAX {
            return Err(Refusal::Malformed);
        }
        let (algorithm, kid) = read_header(&text_of(header)?).ok_or(Refusal::Malformed)?;
        let signature_bytes = bytes_of(signature)?;
        let payload_text = text_of(payload)?;
        let account_hint = unverified::account_hint(&payload_text).ok_or(Refusal::Malformed)?;
        let signing_len = token
            .len()
            .saturating_sub(signature.len())
            .saturating_sub(1);
        let signing_input = token
            .get(..signing_len)
            .ok_or(Refusal::Malformed)?
            .to_owned();
        Ok(Self {
            kid,
            algorithm,
            account_hint,
            signing_input,
            payload: payload_text,
            signature: signature_bytes,
            digest: TokenDigest::of(token),
        })
    }

    /// Key id of the header: good for a look-up among the keys of [`Presented::account_hint`].
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The account whose log to ask for the key. Good for that and for nothing else.
    pub fn account_hint(&self) -> AccountId {
        self.account_hint
    }

    /// Steps 2 to 7. `key` is what the fold of [`Presented::account_hint`] has under
    /// [`Presented::kid`].
    pub fn verify(
        &self,
        key: Option<&KeyRecord>,
        expected: &Expected<'_>,
        now: Timestamp,
    ) -> Result<Verified, Refusal> {
        let key = key.filter(|key| key.published).ok_or(Refusal::UnknownKey)?;
        // The id of a key is made from the key: a record under a wrong id is a fault of the caller.
        if key.public.kid() != self.kid {
            return Err(Refusal::UnknownKey);
        }
        if key.public.algorithm() != self.algorithm {
            return Err(Refusal::WrongAlgorithm);
        }
        if !key
            .public
            .verifies(self.signing_input.as_bytes(), &self.signature)
        {
            return Err(Refusal::BadSignature);
        }
        let claims = Claims::parse(&self.payload).map_err(|error| match error {
            claims::Error::Malformed | claims::Error::Inconsistent { .. } => Refusal::Claims,
            claims::Error::Version { .. } => Refusal::UnknownVersion,
        })?;
        let verified = Verified {
            rests_on: RestsOn::of(&claims),
            claims,
            kid: self.kid.clone(),
            digest: self.digest,
        };
        verified.recheck(Some(key), expected, now)?;
        Ok(verified)
    }
}

impl fmt::Debug for Presented {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Presented(key {}, …)", self.kid)
    }
}

/// A token that was ours, for us and in time when it was verified. Not: that its session still
/// stands.
#[derive(Clone)]
pub struct Verified {
    claims: Claims,
    kid: String,
    digest: TokenDigest,
    rests_on: RestsOn,
}

impl Verified {
    /// What it says.
    pub fn claims(&self) -> &Claims {
        &self.claims
    }

    /// The key that signed it.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The token's digest.
    pub fn digest(&self) -> TokenDigest {
        self.digest
    }

    /// What its session rests on, ready to be looked up.
    pub fn rests_on(&self) -> &RestsOn {
        &self.rests_on
    }

    /// Everything about a verified token that can change: its key, the time, who asks. Asked again
    /// for a token from the cache.
    pub fn recheck(
        &self,
        key: Option<&KeyRecord>,
        expected: &Expected<'_>,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let key = key.filter(|key| key.published).ok_or(Refusal::UnknownKey)?;
        let claims = &self.claims;
        let together = key.account == claims.trilby.acct
            && key.issuer == claims.iss
            && claims.trilby.arn.account_id() == Some(key.account);
        if !together {
            return Err(Refusal::WrongIssuer);
        }
        let now = now.unix_seconds();
        if claims.iat.max(claims.nbf) > now.saturating_add(expected.skew_s) {
            return Err(Refusal::NotYetValid);
        }
        if claims.exp <= now.saturating_sub(expected.skew_s) {
            return Err(Refusal::Expired);
        }
        if !claims
            .aud
            .iter()
            .any(|audience| audience == expected.audience)
        {
            return Err(Refusal::WrongAudience);
        }
        Ok(())
    }
}

impl fmt::Debug for Verified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Verified({:?})", self.claims)
    }
}

/// Exactly `{"typ":"at+jwt","alg":…,"kid":…}`: three strings, each once, nothing else.
fn read_header(text: &str) -> Option<(Algorithm, String)> {
    let node = json::parse(text).ok()?;
    let json::Value::Object(members) = &node.value else {
        return None;
    };
    if members.len() != 3 {
        return None;
    }
    let string = |name: &str| match &node.get(name)?.value {
        json::Value::String(text) => Some(text.as_str()),
        json::Value::Null
        | json::Value::Bool(_)
        | json::Value::Number(_)
        | json::Value::Array(_)
        | json::Value::Object(_) => None,
    };
    if string("typ")? != TOKEN_TYPE {
        return None;
    }
    Some((
        Algorithm::from_name(string("alg")?)?,
        string("kid")?.to_owned(),
    ))
}

/// Base64url without padding, in its one form: stray bits at the end are refused.
fn bytes_of(part: &str) -> Result<Vec<u8>, Refusal> {
    if part.is_empty() {
        return Err(Refusal::Malformed);
    }
    URL_SAFE_NO_PAD.decode(part).map_err(|_| Refusal::Malformed)
}

fn text_of(part: &str) -> Result<String, Refusal> {
    String::from_utf8(bytes_of(part)?).map_err(|_| Refusal::Malformed)
}

#[cfg(test)]
pub(crate) mod tests;
