//! Signing keys: two algorithms, public keys as JWKs, private keys that only sign.
//!
//! A key's id is its RFC 7638 thumbprint, so an id cannot be given to another key. There is no
//! symmetric algorithm anywhere in this crate: nothing could be mistaken for its key.

use std::fmt;

use aws_lc_rs::{
    digest,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{DecodingKey, EncodingKey, crypto};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::claims::Claims;

/// A JWS algorithm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub enum Algorithm {
    /// ECDSA on P-256 with SHA-256: what every consumer of tokens knows.
    #[default]
    #[serde(rename = "ES256")]
    Es256,
    /// Ed25519.
    #[serde(rename = "EdDSA")]
    EdDsa,
}

impl Algorithm {
    /// Its name in headers and JWKs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Es256 => "ES256",
            Self::EdDsa => "EdDSA",
        }
    }

    fn of_library(self) -> jsonwebtoken::Algorithm {
        match self {
            Self::Es256 => jsonwebtoken::Algorithm::ES256,
            Self::EdDsa => jsonwebtoken::Algorithm::EdDSA,
        }
    }

    /// The algorithm of exactly that name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Es256, Self::EdDsa]
            .into_iter()
            .find(|alg| alg.as_str() == name)
    }
}

/// A public key.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum PublicKey {
    /// A point of P-256.
    P256 {
        /// Abscissa.
        x: [u8; 32],
        /// Ordinate.
        y: [u8; 32],
    },
    /// An Ed25519 key.
    Ed25519 {
        /// The encoded point.
        x: [u8; 32],
    },
}

/// A public key as it is published: these members and no others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Jwk {
    /// Key type.
    pub kty: String,
    /// Curve.
    pub crv: String,
    /// Abscissa, base64url.
    pub x: String,
    /// Ordinate, base64url.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub y: Option<String>,
    /// Thumbprint.
    pub kid: String,
    /// Algorithm.
    pub alg: Algorithm,
    /// Always `sig`.
    #[serde(rename = "use")]
    pub use_: String,
}

/// A key that cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// A JWK whose members do not fit each other, or whose `kid` is not its thumbprint.
    #[error("not a public signing key of ours")]
    Jwk,
    /// PKCS#8 bytes that are no private key of the wanted algorithm.
    #[error("not a private signing key of this algorithm")]
    Private,
    /// The library could not make or use a key.
    #[error("the cryptographic library refused")]
    Library,
}

impl PublicKey {
    /// The one algorithm it verifies.
    pub fn algorithm(&self) -> Algorithm {
        match self {
            Self::P256 { .. } => Algorithm::Es256,
            Self::Ed25519 { .. } => Algorithm::EdDsa,
        }
    }

    /// RFC 7638 thumbprint, base64url.
    pub fn kid(&self) -> String {
        let text = match self {
            Self::P256 { x, y } => format!(
                r#"{{"crv":"P-256","kty":"EC","x":"{}","y":"{}"}}"#,
                URL_SAFE_NO_PAD.encode(x),
                URL_SAFE_NO_PAD.encode(y)
            ),
            Self::Ed25519 { x } => format!(
                r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#,
                URL_SAFE_NO_PAD.encode(x)
            ),
        };
        URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, text.as_bytes()))
    }

    /// As it is published.
    pub fn to_jwk(&self) -> Jwk {
        let (kty, crv, x, y) = match self {
            Self::P256 { x, y } => ("EC", "P-256", x, Some(URL_SAFE_NO_PAD.encode(y))),
            Self::Ed25519 { x } => ("OKP", "Ed25519", x, None),
        };
        Jwk {
            kty: kty.to_owned(),
            crv: crv.to_owned(),
            x: URL_SAFE_NO_PAD.encode(x),
            y,
            kid: self.kid(),
            alg: self.algorithm(),
            use_: "sig".to_owned(),
        }
    }

    /// Reads [`PublicKey::to_jwk`] and nothing else.
    pub fn from_jwk(jwk: &Jwk) -> Result<Self, KeyError> {
        let coordinate = |text: &str| -> Result<[u8; 32], KeyError> {
            let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| KeyError::Jwk)?;
            bytes.try_into().map_err(|_| KeyError::Jwk)
        };
        let key = match (jwk.kty.as_str(), jwk.crv.as_str(), &jwk.y) {
            ("EC", "P-256", Some(y)) => Self::P256 {
                x: coordinate(&jwk.x)?,
                y: coordinate(y)?,
            },
            ("OKP", "Ed25519", None) => Self::Ed25519 {
                x: coordinate(&jwk.x)?,
            },
            _ => return Err(KeyError::Jwk),
        };
        if key.to_jwk() == *jwk {
            Ok(key)
        } else {
            Err(KeyError::Jwk)
        }
    }

    /// Whether `signature` over `message` was made with this key. A point off the curve verifies
    /// nothing.
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        let key = match self {
            Self::P256 { x, y } => DecodingKey::from_ec_components(
                &URL_SAFE_NO_PAD.encode(x),
                &URL_SAFE_NO_PAD.encode(y),
            ),
            Self::Ed25519 { x } => DecodingKey::from_ed_components(&URL_SAFE_NO_PAD.encode(x)),
        };
        let Ok(key) = key else { return false };
        let signature = URL_SAFE_NO_PAD.encode(signature);
        crypto::verify(&signature, message, &key, self.algorithm().of_library()).unwrap_or(false)
    }
}

/// A private key. Signs session tokens and the account's own metadata; shows nothing.
pub struct SigningKey {
    pair: Pair,
    signer: EncodingKey,
    public: PublicKey,
    kid: String,
}

enum Pair {
    P256(Box<EcdsaKeyPair>),
    Ed25519(Ed25519KeyPair),
}

/// A finished token, on its way to its owner. `Debug` shows its length.
#[derive(Clone)]
pub struct Token(Zeroizing<String>);

impl Token {
    /// The token.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Token({} bytes)", self.0.len())
    }
}

/// Why a token was not made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignError {
    /// Claims that we would not take ourselves.
    #[error("claims are not fit to be signed")]
    Claims(#[source] crate::claims::Error),
    /// Larger than [`crate::TOKEN_BYTES_MAX`].
    #[error("the token would have {bytes} bytes")]
    TooLarge {
        /// How large it would be.
        bytes: usize,
    },
    /// The library could not sign.
    #[error("signing failed")]
    Library,
}

/// `typ` of a session token (RFC 9068).
pub(crate) const TOKEN_TYPE: &str = "at+jwt";

impl SigningKey {
    /// A fresh key, from the library's own randomness.
    pub fn generate(algorithm: Algorithm) -> Result<Self, KeyError> {
        let pair = match algorithm {
            Algorithm::Es256 => Pair::P256(Box::new(
                EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)
                    .map_err(|_| KeyError::Library)?,
            )),
            Algorithm::EdDsa => {
                Pair::Ed25519(Ed25519KeyPair::generate().map_err(|_| KeyError::Library)?)
            }
        };
        Self::of(pair)
    }

    /// A key from PKCS#8 v1 bytes.
    pub fn from_pkcs8(algorithm: Algorithm, bytes: &[u8]) -> Result<Self, KeyError> {
        let pair = match algorithm {
            Algorithm::Es256 => Pair::P256(Box::new(
                EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, bytes)
                    .map_err(|_| KeyError::Private)?,
            )),
            Algorithm::EdDsa => Pair::Ed25519(
                Ed25519KeyPair::from_pkcs8_maybe_unchecked(bytes).map_err(|_| KeyError::Private)?,
            ),
        };
        Self::of(pair)
    }

    fn of(pair: Pair) -> Result<Self, KeyError> {
        let public = match &pair {
            Pair::P256(pair) => {
                let point = pair.public_key().as_ref();
                let (format, coordinates) = point.split_first().ok_or(KeyError::Library)?;
                let (x, y) = coordinates
                    .split_first_chunk::<32>()
                    .ok_or(KeyError::Library)?;
                if *format != 4 {
                    return Err(KeyError::Library);
                }
                PublicKey::P256 {
                    x: *x,
                    y: y.try_into().map_err(|_| KeyError::Library)?,
                }
            }
            Pair::Ed25519(pair) => PublicKey::Ed25519 {
                x: pair
                    .public_key()
                    .as_ref()
                    .try_into()
                    .map_err(|_| KeyError::Library)?,
            },
        };
        let kid = public.kid();
        let private = pair.to_pkcs8()?;
        let signer = match &pair {
            Pair::P256(_) => EncodingKey::from_ec_der(&private),
            Pair::Ed25519(_) => EncodingKey::from_ed_der(&private),
        };
        Ok(Self {
            pair,
            signer,
            public,
            kid,
        })
    }

    /// PKCS#8 v1, to be sealed at once.
    pub fn to_pkcs8(&self) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        self.pair.to_pkcs8()
    }

    /// Its public half.
    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    /// Its id.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// Makes the token of a session.
    pub fn sign(&self, claims: &Claims) -> Result<Token, SignError> {
        claims.check().map_err(SignError::Claims)?;
        let payload = Zeroizing::new(serde_json::to_vec(claims).map_err(|_| SignError::Library)?);
        let token = self.jws(TOKEN_TYPE, &payload)?;
        if token.expose().len() > crate::TOKEN_BYTES_MAX {
            return Err(SignError::TooLarge {
                bytes: token.expose().len(),
            });
        }
        Ok(token)
    }

    /// Signs a document of the account itself, such as its metadata. Its `typ` is never that of a
    /// session token, so the one cannot pass for the other.
    pub fn sign_document(&self, document: &serde_json::Value) -> Result<String, SignError> {
        let payload = serde_json::to_vec(document).map_err(|_| SignError::Library)?;
        self.jws("JWT", &payload)
            .map(|token| token.expose().to_owned())
    }

    fn jws(&self, typ: &str, payload: &[u8]) -> Result<Token, SignError> {
        let header = format!(
            r#"{{"typ":"{typ}","alg":"{}","kid":"{}"}}"#,
            self.public.algorithm().as_str(),
            self.kid
        );
        let mut text = Zeroizing::new(String::with_capacity(crate::PRESENTED_BYTES_MAX));
        URL_SAFE_NO_PAD.encode_string(header, &mut text);
        text.push('.');
        URL_SAFE_NO_PAD.encode_string(payload, &mut text);
        let algorithm = self.public.algorithm().of_library();
        let signature = crypto::sign(text.as_bytes(), &self.signer, algorithm)
            .map_err(|_| SignError::Library)?;
        text.push('.');
        text.push_str(&signature);
        Ok(Token(text))
    }
}

impl Pair {
    fn to_pkcs8(&self) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        let document = match self {
            Self::P256(pair) => pair.to_pkcs8v1(),
            Self::Ed25519(pair) => pair.to_pkcs8v1(),
        };
        let document = document.map_err(|_| KeyError::Library)?;
        Ok(Zeroizing::new(document.as_ref().to_vec()))
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "SigningKey({}, {}, …)",
            self.public.algorithm().as_str(),
            self.kid
        )
    }
}

#[cfg(test)]
mod tests;

/// Signs anything: for tests that forge tokens.
#[cfg(test)]
pub(crate) mod tests_support {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

    use super::{SigningKey, crypto};

    pub(crate) fn sign(key: &SigningKey, message: &[u8]) -> Vec<u8> {
        let algorithm = key.public.algorithm().of_library();
        let signature = crypto::sign(message, &key.signer, algorithm).unwrap();
        URL_SAFE_NO_PAD.decode(signature).unwrap()
    }
}
