//! Envelope encryption: things are sealed under an account's data key, data keys under the KEK.
//!
//! Changing the KEK re-wraps the data keys and touches nothing below them. Everything is
//! AES-256-GCM; what a sealed value is *for* is authenticated with it, so that one account's key
//! put into another account's row, or a seed into a key's, does not open.

use std::fmt;

use trilby_model::{AccountId, Entropy};
use zeroize::Zeroizing;

use crate::crypto::{KEY_BYTES, KeyBytes, NONCE_BYTES, Refused, open, seal, sha256};

/// Version of the sealed bytes: one byte of this, the nonce, ciphertext with tag.
const FORMAT: u8 = 1;

/// What a sealed value is for. Part of the authenticated data, never stored with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Purpose<'a> {
    /// The account's data key, under a KEK.
    DataKey {
        /// Whose.
        account: AccountId,
    },
    /// A private signing key (PKCS#8), under the data key.
    SigningKey {
        /// Whose.
        account: AccountId,
        /// The key's id.
        kid: &'a str,
        /// Its JWS algorithm.
        alg: &'a str,
    },
    /// The seed of a second factor, under the data key.
    OtpSeed {
        /// Whose.
        account: AccountId,
        /// The device's unique id.
        device: &'a str,
    },
}

impl Purpose<'_> {
    /// Fields are joined by `|`, which none of them can hold: ids and algorithm names are ours.
    fn authenticated(&self) -> String {
        match self {
            Self::DataKey { account } => format!("{account}|data-key|{FORMAT}"),
            Self::SigningKey { account, kid, alg } => format!("{account}|{kid}|{alg}|{FORMAT}"),
            Self::OtpSeed { account, device } => format!("{account}|{device}|otp-seed|{FORMAT}"),
        }
    }
}

/// Sealed bytes as they are stored.
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed(Vec<u8>);

impl Sealed {
    /// Bytes from a store; whether they are any good shows when they are opened.
    pub fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// The bytes to store.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The bytes to store.
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    fn make(
        key: &KeyBytes,
        purpose: &Purpose<'_>,
        plain: &[u8],
        entropy: &mut Entropy,
    ) -> Result<Self, Error> {
        let nonce = entropy.take::<NONCE_BYTES>();
        let sealed = seal(key, nonce, purpose.authenticated().as_bytes(), plain)?;
        let mut bytes = vec![FORMAT];
        bytes.extend_from_slice(&nonce);
        bytes.extend_from_slice(&sealed);
        Ok(Self(bytes))
    }

    fn open(&self, key: &KeyBytes, purpose: &Purpose<'_>) -> Result<Zeroizing<Vec<u8>>, Error> {
        let (format, rest) = self.0.split_first().ok_or(Error::Refused)?;
        if *format != FORMAT {
            return Err(Error::Format { found: *format });
        }
        let (nonce, sealed) = rest
            .split_first_chunk::<NONCE_BYTES>()
            .ok_or(Error::Refused)?;
        Ok(open(
            key,
            *nonce,
            purpose.authenticated().as_bytes(),
            sealed,
        )?)
    }
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sealed({} bytes)", self.0.len())
    }
}

/// Why sealed bytes do not open.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Wrong key, other purpose or changed bytes; the cipher cannot tell which.
    #[error("sealed bytes do not open under this key for this purpose")]
    Refused,
    /// Written by a newer release.
    #[error("sealed bytes have format {found}, this release reads {FORMAT}")]
    Format {
        /// The format found.
        found: u8,
    },
    /// The data key is wrapped by a KEK that is not configured.
    #[error("the data key is wrapped by KEK `{id}`, which this process does not hold")]
    UnknownKek {
        /// The KEK that wrapped it.
        id: KekId,
    },
}

impl From<Refused> for Error {
    fn from(_: Refused) -> Self {
        Self::Refused
    }
}

/// Fingerprint of a KEK: tells KEKs apart, says nothing about the key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KekId(String);

impl KekId {
    /// An id from a store.
    pub fn from_stored(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// 16 lower-case hex digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KekId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The key that wraps data keys.
#[derive(Clone)]
pub struct Kek {
    id: KekId,
    key: KeyBytes,
}

impl Kek {
    /// A KEK of the given 32 bytes.
    pub fn new(key: [u8; KEY_BYTES]) -> Self {
        let hash = sha256(&[b"trilby.kek-id.v1\0", &key]);
        let id = hash
            .iter()
            .take(8)
            .map(|byte| format!("{byte:02x}"))
            .collect();
        Self {
            id: KekId(id),
            key: KeyBytes::new(key),
        }
    }

    /// A fresh KEK.
    pub fn generate(entropy: &mut Entropy) -> Self {
        Self::new(entropy.take::<KEY_BYTES>())
    }

    /// Its fingerprint.
    pub fn id(&self) -> &KekId {
        &self.id
    }

    pub(crate) fn key(&self) -> &KeyBytes {
        &self.key
    }
}

impl fmt::Debug for Kek {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Kek({}, …)", self.id)
    }
}

/// The KEKs of an installation: one writes, at most one more is still readable.
#[derive(Debug, Clone)]
pub struct Keks {
    writing: Kek,
    readable: Option<Kek>,
}

/// A data key in its stored form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrappedDataKey {
    /// Which KEK wrapped it.
    pub kek: KekId,
    /// The wrapped key.
    pub sealed: Sealed,
}

impl Keks {
    /// `writing` wraps from now on; `readable` still unwraps.
    pub fn new(writing: Kek, readable: Option<Kek>) -> Self {
        Self { writing, readable }
    }

    /// The one that writes.
    pub fn writing(&self) -> &Kek {
        &self.writing
    }

    /// The other one, if there is one.
    pub fn readable(&self) -> Option<&Kek> {
        self.readable.as_ref()
    }

    /// Wraps an account's data key.
    pub fn wrap(
        &self,
        account: AccountId,
        data_key: &DataKey,
        entropy: &mut Entropy,
    ) -> Result<WrappedDataKey, Error> {
        let purpose = Purpose::DataKey { account };
        let sealed = Sealed::make(&self.writing.key, &purpose, data_key.0.expose(), entropy)?;
        Ok(WrappedDataKey {
            kek: self.writing.id.clone(),
            sealed,
        })
    }

    /// Unwraps an account's data key.
    pub fn unwrap(&self, account: AccountId, wrapped: &WrappedDataKey) -> Result<DataKey, Error> {
        let kek = [Some(&self.writing), self.readable.as_ref()]
            .into_iter()
            .flatten()
            .find(|kek| kek.id == wrapped.kek)
            .ok_or_else(|| Error::UnknownKek {
                id: wrapped.kek.clone(),
            })?;
        let plain = wrapped
            .sealed
            .open(&kek.key, &Purpose::DataKey { account })?;
        let bytes = <[u8; KEY_BYTES]>::try_from(plain.as_slice()).map_err(|_| Error::Refused)?;
        Ok(DataKey(KeyBytes::new(bytes)))
    }

    /// Whether a wrapped key should be wrapped anew, because the KEK has changed.
    pub fn wants_rewrap(&self, wrapped: &WrappedDataKey) -> bool {
        wrapped.kek != self.writing.id
    }
}

/// An account's key for its own sealed things.
#[derive(Clone)]
pub struct DataKey(KeyBytes);

impl DataKey {
    /// A fresh data key.
    pub fn generate(entropy: &mut Entropy) -> Self {
        Self(KeyBytes::new(entropy.take::<KEY_BYTES>()))
    }

    /// Seals `plain` for `purpose`.
    pub fn seal(
        &self,
        purpose: &Purpose<'_>,
        plain: &[u8],
        entropy: &mut Entropy,
    ) -> Result<Sealed, Error> {
        Sealed::make(&self.0, purpose, plain, entropy)
    }

    /// Opens what was sealed for the same `purpose`.
    pub fn open(
        &self,
        purpose: &Purpose<'_>,
        sealed: &Sealed,
    ) -> Result<Zeroizing<Vec<u8>>, Error> {
        sealed.open(&self.0, purpose)
    }
}

impl fmt::Debug for DataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DataKey(…)")
    }
}

#[cfg(test)]
mod tests;
