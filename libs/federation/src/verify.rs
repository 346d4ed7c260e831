//! Verifying an outside token, in a fixed order.
//!
//! [`Presented::parse`] takes the text apart and checks its header; its issuer, unverified, is good for one thing, to
//! choose a provider that is registered here. [`Presented::for_provider`] checks what can be checked without keys, so that
//! nothing is fetched for a token that is refused anyway. [`Candidate::verify`] does the rest with the provider's keys.
//! Only what these functions did gives a [`VerifiedIdentity`].

use std::fmt;

use trilby_model::Timestamp;
use trilby_model::federation::{Nonce, SignatureAlgorithm};
use trilby_model::json::{self, Node};

use crate::claim_tests;
use crate::claims::Claims;
use crate::encoding;
use crate::header::{self, Header, Kind};
use crate::identity::VerifiedIdentity;
use crate::key_set::KeySet;
use crate::nonce::NonceHash;
use crate::provider::{self, Provider};
use crate::refusal::Refusal;

/// No provider's settings admit a longer token.
const TOKEN_BYTES_MAX: usize = 20_000;

/// A token whose form is right. Nothing it says is believed yet.
pub struct Presented {
    size_bytes: usize,
    header: Header,
    signing_input: String,
    claims: Node,
    signature: Vec<u8>,
}

/// A token that a provider could have issued, as far as one can tell without its keys. Nothing it says is believed yet.
pub struct Candidate<'a> {
    token: &'a Presented,
    provider: &'a Provider,
    algorithm: SignatureAlgorithm,
}

impl Presented {
    /// Steps 1 and 2: size, three parts, header.
    ///
    /// Errors: [`Refusal::Malformed`].
    pub fn parse(token: &str) -> Result<Self, Refusal> {
        if token.len() > TOKEN_BYTES_MAX {
            return Err(Refusal::malformed("it is too long"));
        }
        let mut parts = token.split('.');
        let (Some(header), Some(payload), Some(signature), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(Refusal::malformed("it has not three parts"));
        };
        let header_read = header::read(header)?;
        let payload_bytes =
            encoding::decode(payload).ok_or(Refusal::malformed("its claims are not base64url"))?;
        let claims = json::parse_bytes(&payload_bytes)
            .map_err(|_| Refusal::malformed("its claims are not JSON with each member once"))?;
        if claims.as_object().is_none() {
            return Err(Refusal::malformed("its claims are not an object"));
        }
        Ok(Self {
            size_bytes: token.len(),
            header: header_read,
            signing_input: format!("{header}.{payload}"),
            claims,
            signature: encoding::decode(signature)
                .ok_or(Refusal::malformed("its signature is not base64url"))?,
        })
    }

    /// The issuer it claims, unverified: good for choosing a provider that is registered here ([`crate::choose`]), and for
    /// nothing else.
    ///
    /// Errors: it claims none, or not as one string.
    pub fn issuer(&self) -> Result<&str, Refusal> {
        self.claims
            .get("iss")
            .ok_or_else(|| Refusal::missing("iss"))?
            .as_str()
            .ok_or_else(|| Refusal::mismatch("iss"))
    }

    /// SHA-256 of header and claims as signed: the token's name in logs and replay keys.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        encoding::sha256(&[self.signing_input.as_bytes()])
    }

    /// The hash of the nonce it carries, unverified: good for looking up whether it was given out.
    #[must_use]
    pub fn nonce(&self) -> Option<NonceHash> {
        self.claims.get("nonce")?.as_str().map(NonceHash::of)
    }

    /// Steps 3 and 4: the provider is this one and stands, and may use the algorithm.
    ///
    /// Errors: [`Refusal::UnknownIssuer`], [`Refusal::ProviderDisabled`], [`Refusal::Malformed`] (too long or of another
    /// kind for this provider), [`Refusal::UnsupportedAlgorithm`].
    pub fn for_provider<'a>(&'a self, provider: &'a Provider) -> Result<Candidate<'a>, Refusal> {
        let settings = &provider.settings;
        if !provider::is_issuer(&settings.issuer, self.issuer()?) {
            return Err(Refusal::UnknownIssuer);
        }
        if !provider.enabled {
            return Err(Refusal::ProviderDisabled);
        }
        let longest = usize::try_from(settings.max_token_bytes).unwrap_or(TOKEN_BYTES_MAX);
        if self.size_bytes > longest {
            return Err(Refusal::malformed("it is too long"));
        }
        match self.header.kind {
            Kind::Plain => {}
            Kind::Access if settings.accept_access_tokens => {}
            Kind::Access => return Err(Refusal::malformed("it is an access token")),
        }
        let algorithm = self.header.algorithm.ok_or(Refusal::UnsupportedAlgorithm)?;
        if !settings.allowed_algs.contains(&algorithm) {
            return Err(Refusal::UnsupportedAlgorithm);
        }
        Ok(Candidate {
            token: self,
            provider,
            algorithm,
        })
    }
}

impl Candidate<'_> {
    /// The key id of its header: good for a look-up among this provider's keys.
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.token.header.kid.as_deref()
    }

    /// Steps 5 to 9: key, signature, claims, the provider's tests and then the link's, nonce.
    ///
    /// `keys` are this provider's and nobody else's. `outstanding` is a nonce that was given out and not used yet; a
    /// provider that wants none does not look at it. Whether the token was used before is asked after everything else,
    /// with [`VerifiedIdentity::replay_key`].
    ///
    /// Errors: the first that applies of [`Refusal::KeyNotFound`], [`Refusal::BadSignature`], the refusals about claims,
    /// [`Refusal::NonceMismatch`].
    pub fn verify(
        &self,
        keys: &KeySet,
        outstanding: Option<&NonceHash>,
        now: Timestamp,
    ) -> Result<VerifiedIdentity, Refusal> {
        let key = keys.select(self.kid(), self.algorithm)?;
        let message = self.token.signing_input.as_bytes();
        if !key.verifies(self.algorithm, message, &self.token.signature) {
            return Err(Refusal::BadSignature);
        }
        let claims = Claims::read(&self.token.claims, self.provider, now.unix_seconds())?;
        self.require(&claims)?;
        let nonce = self.nonce(&claims, outstanding)?;
        let identity = VerifiedIdentity::new(self.provider, claims, self.token.digest());
        Ok(identity.signed_with(key.thumbprint.clone(), nonce))
    }

    fn require(&self, claims: &Claims) -> Result<(), Refusal> {
        let owner = &self.provider.settings.require_claims;
        let link = self
            .provider
            .link
            .iter()
            .flat_map(|link| &link.settings.require_claims);
        for test in owner.iter().chain(link) {
            if claim_tests::holds(test, &claims.all) {
                continue;
            }
            let claim = test.claim.as_str();
            return Err(match test.claim.find(&claims.all) {
                None => Refusal::missing(claim),
                Some(_) => Refusal::mismatch(claim),
            });
        }
        Ok(())
    }

    /// The nonce that this token uses up, if it uses one.
    fn nonce(
        &self,
        claims: &Claims,
        outstanding: Option<&NonceHash>,
    ) -> Result<Option<NonceHash>, Refusal> {
        let expected = match (self.provider.settings.nonce, outstanding) {
            (Nonce::None, _) | (Nonce::Optional, None) => return Ok(None),
            (Nonce::Required, None) => return Err(Refusal::NonceMismatch),
            (Nonce::Optional | Nonce::Required, Some(expected)) => expected,
        };
        let carried = claims.nonce.as_deref().map(NonceHash::of);
        if carried.as_ref() != Some(expected) {
            return Err(Refusal::NonceMismatch);
        }
        Ok(carried)
    }
}

impl fmt::Debug for Presented {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Presented({} bytes, …)", self.size_bytes)
    }
}

impl fmt::Debug for Candidate<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Candidate({} of {})", self.algorithm, self.provider.id)
    }
}
