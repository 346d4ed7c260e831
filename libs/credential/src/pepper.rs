//! The pepper: a versioned key mixed into everything that is stored as a hash.
//!
//! Whoever steals the store without the pepper can test no password, secret or ticket. A new
//! version is added in front of the old ones; what is stored names the version it was made with,
//! so that old rows keep working until they are made anew.

use std::collections::BTreeMap;
use std::fmt;

use trilby_model::Entropy;

use crate::crypto::{KEY_BYTES, KeyBytes, hkdf_sha256, hmac_sha256, same};

/// Which pepper a stored value was made with; counted from 1.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(transparent)]
pub struct PepperVersion(u16);

impl PepperVersion {
    /// The version of a new installation's first pepper.
    pub const FIRST: Self = Self(1);

    /// `None` for 0.
    pub fn new(version: u16) -> Option<Self> {
        (version > 0).then_some(Self(version))
    }

    /// The number.
    pub fn get(self) -> u16 {
        self.0
    }
}

impl fmt::Display for PepperVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// One version of the pepper.
#[derive(Clone)]
pub struct Pepper {
    version: PepperVersion,
    key: KeyBytes,
}

impl Pepper {
    /// A pepper with the given 32 bytes.
    pub fn new(version: PepperVersion, key: [u8; KEY_BYTES]) -> Self {
        Self {
            version,
            key: KeyBytes::new(key),
        }
    }

    /// A fresh pepper.
    pub fn generate(version: PepperVersion, entropy: &mut Entropy) -> Self {
        Self::new(version, entropy.take::<KEY_BYTES>())
    }

    /// Which version this is.
    pub fn version(&self) -> PepperVersion {
        self.version
    }

    /// What a store remembers of this pepper, to refuse another one of its version.
    pub fn fingerprint(&self) -> [u8; 32] {
        *hkdf_sha256(&self.key, "trilby.fingerprint.v1").expose()
    }

    /// HMAC-SHA-256 of the whole of `secret` under this pepper.
    pub(crate) fn mac(&self, secret: &str) -> Mac {
        Mac {
            version: self.version,
            value: hmac_sha256(&self.key, secret.as_bytes()),
        }
    }

    pub(crate) fn key(&self) -> &KeyBytes {
        &self.key
    }
}

impl fmt::Debug for Pepper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pepper(version {}, …)", self.version)
    }
}

/// All peppers an installation can still check with; the highest version writes.
#[derive(Clone)]
pub struct Peppers {
    current: Pepper,
    older: BTreeMap<PepperVersion, Pepper>,
}

impl Peppers {
    /// A set with one pepper.
    pub fn single(pepper: Pepper) -> Self {
        Self {
            current: pepper,
            older: BTreeMap::new(),
        }
    }

    /// `None` if `peppers` is empty or names a version twice.
    pub fn new(peppers: impl IntoIterator<Item = Pepper>) -> Option<Self> {
        let mut all = BTreeMap::new();
        for pepper in peppers {
            if all.insert(pepper.version, pepper).is_some() {
                return None;
            }
        }
        let (_, current) = all.pop_last()?;
        Some(Self {
            current,
            older: all,
        })
    }

    /// The one that writes.
    pub fn current(&self) -> &Pepper {
        &self.current
    }

    /// The pepper of that version, if it is still held.
    pub fn get(&self, version: PepperVersion) -> Option<&Pepper> {
        if version == self.current.version {
            Some(&self.current)
        } else {
            self.older.get(&version)
        }
    }

    /// All of them, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &Pepper> {
        self.older.values().chain(std::iter::once(&self.current))
    }

    /// HMAC-SHA-256 of the whole of `secret` under the current pepper: what is stored of a secret
    /// with full entropy.
    pub fn mac(&self, secret: &str) -> Mac {
        self.current.mac(secret)
    }

    /// Whether `presented` is the secret that `stored` was made from.
    ///
    /// Exactly one HMAC whatever the arguments: an unknown id (`None`), a pepper no longer held
    /// and a malformed secret cost what a right one costs, and all but the right one are `false`.
    pub fn verify(&self, stored: Option<&Mac>, presented: &str) -> bool {
        let pepper = stored.and_then(|mac| self.get(mac.version));
        let computed = hmac_sha256(&pepper.unwrap_or(&self.current).key, presented.as_bytes());
        match (stored, pepper) {
            (Some(mac), Some(_)) => same(&mac.value, &computed),
            // Compared all the same: with itself one bit off.
            (_, None) | (None, _) => {
                let mut other = computed;
                if let Some(byte) = other.first_mut() {
                    *byte ^= 1;
                }
                same(&other, &computed)
            }
        }
    }
}

impl fmt::Debug for Peppers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

/// What is stored of a secret with full entropy: pepper version and HMAC.
///
/// Not a secret in itself, yet kept out of `Debug`: nobody needs it in a log.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Mac {
    version: PepperVersion,
    value: [u8; 32],
}

/// Length of [`Mac::to_bytes`].
const MAC_BYTES: usize = 34;

impl Mac {
    /// Which pepper made it.
    pub fn version(&self) -> PepperVersion {
        self.version
    }

    /// The HMAC itself, for stores that look a ticket up by its hash.
    pub fn value(&self) -> &[u8; 32] {
        &self.value
    }

    /// Stored form: version (big endian), then the 32 bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(MAC_BYTES);
        bytes.extend_from_slice(&self.version.0.to_be_bytes());
        bytes.extend_from_slice(&self.value);
        bytes
    }

    /// Reads [`Mac::to_bytes`]; `None` if it is anything else.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (version, value) = bytes.split_first_chunk::<2>()?;
        Some(Self {
            version: PepperVersion::new(u16::from_be_bytes(*version))?,
            value: value.try_into().ok()?,
        })
    }
}

impl fmt::Debug for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Mac(pepper {}, …)", self.version)
    }
}

#[cfg(test)]
mod tests;
