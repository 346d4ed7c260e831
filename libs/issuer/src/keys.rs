//! Key pairs and how they are published.

use aws_lc_rs::digest;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    self, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RsaKeyPair,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::Error;

/// How a token is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256, 2048 bits.
    Rs256,
    /// ECDSA on P-256 with SHA-256.
    Es256,
}

impl Algorithm {
    /// Its name in headers and keys.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Es256 => "ES256",
        }
    }
}

pub struct KeyPair {
    /// RFC 7638 thumbprint.
    pub kid: String,
    /// The public half as a JSON Web Key.
    pub public: Value,
    secret: Secret,
}

enum Secret {
    Rsa(RsaKeyPair),
    P256(EcdsaKeyPair),
}

impl KeyPair {
    pub fn generate(algorithm: Algorithm) -> Result<Self, Error> {
        match algorithm {
            Algorithm::Rs256 => {
                let pair = RsaKeyPair::generate(KeySize::Rsa2048).map_err(|_| Error::Crypto)?;
                let public = pair.public_key();
                let n = encode(public.modulus().big_endian_without_leading_zero());
                let e = encode(public.exponent().big_endian_without_leading_zero());
                let kid = thumbprint(&format!(r#"{{"e":"{e}","kty":"RSA","n":"{n}"}}"#));
                let public = json!({ "kty": "RSA", "n": n, "e": e, "alg": "RS256", "use": "sig", "kid": kid });
                Ok(Self {
                    kid,
                    public,
                    secret: Secret::Rsa(pair),
                })
            }
            Algorithm::Es256 => {
                let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)
                    .map_err(|_| Error::Crypto)?;
                let point = pair.public_key().as_ref();
                let x = encode(point.get(1..33).ok_or(Error::Crypto)?);
                let y = encode(point.get(33..65).ok_or(Error::Crypto)?);
                let kid = thumbprint(&format!(
                    r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#
                ));
                let public = json!({ "kty": "EC", "crv": "P-256", "x": x, "y": y, "alg": "ES256", "use": "sig", "kid": kid });
                Ok(Self {
                    kid,
                    public,
                    secret: Secret::P256(pair),
                })
            }
        }
    }

    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        let random = SystemRandom::new();
        match &self.secret {
            Secret::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(
                    &signature::RSA_PKCS1_SHA256,
                    &random,
                    message,
                    &mut signature,
                )
                .map_err(|_| Error::Crypto)?;
                Ok(signature)
            }
            Secret::P256(pair) => {
                let signature = pair.sign(&random, message).map_err(|_| Error::Crypto)?;
                Ok(signature.as_ref().to_vec())
            }
        }
    }
}

/// One key pair for each algorithm.
pub struct KeyRing {
    rs256: KeyPair,
    es256: KeyPair,
}

impl KeyRing {
    pub fn generate() -> Result<Self, Error> {
        Ok(Self {
            rs256: KeyPair::generate(Algorithm::Rs256)?,
            es256: KeyPair::generate(Algorithm::Es256)?,
        })
    }

    pub const fn of(&self, algorithm: Algorithm) -> &KeyPair {
        match algorithm {
            Algorithm::Rs256 => &self.rs256,
            Algorithm::Es256 => &self.es256,
        }
    }

    pub fn public(&self) -> [Value; 2] {
        [self.rs256.public.clone(), self.es256.public.clone()]
    }
}

pub fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn thumbprint(canonical: &str) -> String {
    encode(digest::digest(&digest::SHA256, canonical.as_bytes()).as_ref())
}
