//! An issuer's keys (RFC 7517).

use std::collections::HashMap;
use std::fmt;

use trilby_model::federation::{JWKS_KEYS_MAX, SignatureAlgorithm};
use trilby_model::json;

use crate::jwk::Key;
use crate::refusal::Refusal;

/// The largest document of keys, in bytes.
pub const JWKS_BYTES_MAX: usize = 256 * 1024;

/// The keys of one provider that can verify signatures.
pub struct KeySet {
    by_kid: HashMap<String, Key>,
    unnamed: Vec<Key>,
    document: String,
}

/// Why a document is no key set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeySetError {
    /// Larger than [`JWKS_BYTES_MAX`].
    #[error("the key set is larger than 256 KiB")]
    TooLarge,
    /// Not an object with an array `keys`, each member once.
    #[error("the key set is not a JSON Web Key Set")]
    Malformed,
    /// More than [`JWKS_KEYS_MAX`] keys.
    #[error("the key set has more than 100 keys")]
    TooMany,
    /// No key that could verify a token.
    #[error("the key set has no usable key")]
    NoneUsable,
}

impl KeySet {
    /// Reads a document. Keys of unknown types, secret, weak or broken ones are passed over; of keys that share an id
    /// none counts, because nobody could say which was meant.
    ///
    /// Errors: see [`KeySetError`].
    pub fn parse(document: &[u8]) -> Result<Self, KeySetError> {
        if document.len() > JWKS_BYTES_MAX {
            return Err(KeySetError::TooLarge);
        }
        let node = json::parse_bytes(document).map_err(|_| KeySetError::Malformed)?;
        let keys = node
            .get("keys")
            .and_then(json::Node::as_array)
            .ok_or(KeySetError::Malformed)?;
        if keys.len() > JWKS_KEYS_MAX {
            return Err(KeySetError::TooMany);
        }
        let mut n_named: HashMap<&str, usize> = HashMap::new();
        for kid in keys.iter().filter_map(|key| key.get("kid")?.as_str()) {
            let n = n_named.entry(kid).or_default();
            *n = n.saturating_add(1);
        }
        let mut set = Self {
            by_kid: HashMap::new(),
            unnamed: Vec::new(),
            document: node.to_serde().to_string(),
        };
        for key in keys.iter().filter_map(Key::read) {
            match key.kid.clone() {
                None => set.unnamed.push(key),
                Some(kid) if n_named.get(kid.as_str()) == Some(&1) => {
                    set.by_kid.insert(kid, key);
                }
                Some(_) => {}
            }
        }
        if set.by_kid.is_empty() && set.unnamed.is_empty() {
            return Err(KeySetError::NoneUsable);
        }
        Ok(set)
    }

    /// Whether a key has this id.
    #[must_use]
    pub fn has(&self, kid: &str) -> bool {
        self.by_kid.contains_key(kid)
    }

    /// Whether a token with this key id could find its key here; without an id it is looked for by algorithm.
    #[must_use]
    pub fn may_serve(&self, kid: Option<&str>) -> bool {
        kid.is_none_or(|kid| self.has(kid))
    }

    /// RFC 7638 thumbprints of all usable keys, in order.
    #[must_use]
    pub fn thumbprints(&self) -> Vec<String> {
        let mut all: Vec<String> = self.keys().map(|key| key.thumbprint.clone()).collect();
        all.sort();
        all
    }

    /// The document as JSON text, without what was insignificant in it.
    #[must_use]
    pub fn document(&self) -> &str {
        &self.document
    }

    fn keys(&self) -> impl Iterator<Item = &Key> {
        self.by_kid.values().chain(&self.unnamed)
    }

    /// The key of a token: the one named, which must fit the algorithm; if none is named, the only one that fits.
    pub(crate) fn select(
        &self,
        kid: Option<&str>,
        algorithm: SignatureAlgorithm,
    ) -> Result<&Key, Refusal> {
        if let Some(kid) = kid {
            let key = self.by_kid.get(kid);
            return key
                .filter(|key| key.fits(algorithm))
                .ok_or(Refusal::KeyNotFound);
        }
        let mut fitting = self.keys().filter(|key| key.fits(algorithm));
        match (fitting.next(), fitting.next()) {
            (Some(only), None) => Ok(only),
            (Some(_), Some(_)) | (None, _) => Err(Refusal::KeyNotFound),
        }
    }
}

impl fmt::Debug for KeySet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeySet({} keys)", self.keys().count())
    }
}

#[cfg(test)]
mod tests;
