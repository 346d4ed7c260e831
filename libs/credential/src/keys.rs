//! The keys of an installation, as text: made at first start, read at every other.
//!
//! Three texts, because three circles of processes hold them: the store key everywhere, the
//! peppers where passwords and secrets are checked, the KEK in the token service alone. One line
//! a key: `trilby-<what>:1:…`, 32 bytes in base64url. Where they lie and who may read the file is
//! the binary's matter.

use std::fmt;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use trilby_model::Entropy;
use zeroize::Zeroizing;

use crate::crypto::{KEY_BYTES, KeyBytes, hkdf_sha256, hmac_sha256};
use crate::envelope::{Kek, Keks};
use crate::pepper::{Pepper, PepperVersion, Peppers};

/// Pepper versions that may be held at once.
const PEPPERS_MAX: usize = 16;

const STORE: &str = "trilby-store-key";
const PEPPER: &str = "trilby-pepper";
const KEK: &str = "trilby-kek";
const FORMAT: &str = "1";

/// A key text that cannot be used. Says what is wrong, never what it read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A line is not `name:1:…` of the expected name, or its key is not 32 bytes.
    #[error("line {line} is no `{expected}` of format 1")]
    Line {
        /// Counted from 1.
        line: usize,
        /// What kind of key was expected.
        expected: &'static str,
    },
    /// No key, or more than that kind may have.
    #[error("expected {least} to {most} lines of `{expected}`, found {found}")]
    Count {
        /// What kind of key was expected.
        expected: &'static str,
        /// Fewest.
        least: usize,
        /// Most.
        most: usize,
        /// How many there were.
        found: usize,
    },
    /// The same key or version stands there twice.
    #[error("a `{expected}` is named twice")]
    Twice {
        /// What kind of key.
        expected: &'static str,
    },
}

/// The store key: fixed for the life of the store. Used through sub-keys only.
#[derive(Clone)]
pub struct StoreKey(KeyBytes);

impl StoreKey {
    /// A fresh store key.
    pub fn generate(entropy: &mut Entropy) -> Self {
        Self(KeyBytes::new(entropy.take::<KEY_BYTES>()))
    }

    /// Text of the key file.
    pub fn encode(&self) -> Zeroizing<String> {
        line(STORE, None, &self.0)
    }

    /// Reads [`StoreKey::encode`].
    pub fn decode(text: &str) -> Result<Self, Error> {
        let lines = lines(text, STORE, 1)?;
        let mut keys = Vec::new();
        for (n, line) in lines {
            keys.push(Self(plain(STORE, n, line)?));
        }
        keys.pop().ok_or(Error::Count {
            expected: STORE,
            least: 1,
            most: 1,
            found: 0,
        })
    }

    /// What the store remembers of its key, to refuse another one.
    pub fn fingerprint(&self) -> [u8; 32] {
        *hkdf_sha256(&self.0, "trilby.fingerprint.v1").expose()
    }

    /// The key that makes claims: MACs of values that must be unique.
    pub fn claim_key(&self) -> ClaimKey {
        ClaimKey(hkdf_sha256(&self.0, "trilby.claim.v1"))
    }

    /// The key under which snapshots are sealed.
    pub fn snapshot_key(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(*hkdf_sha256(&self.0, "trilby.snapshot.v1").expose())
    }

    /// The key that seals cursors and page tokens.
    pub fn cursor_key(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(*hkdf_sha256(&self.0, "trilby.cursor.v1").expose())
    }
}

impl fmt::Debug for StoreKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StoreKey(…)")
    }
}

/// Makes the MACs under which unique values (e-mail, alias, …) are claimed.
#[derive(Clone)]
pub struct ClaimKey(KeyBytes);

impl ClaimKey {
    /// A claim key that is known already.
    pub fn new(key: [u8; KEY_BYTES]) -> Self {
        Self(KeyBytes::new(key))
    }

    /// HMAC-SHA-256 of the normalised value.
    pub fn mac(&self, value: &str) -> [u8; 32] {
        hmac_sha256(&self.0, value.as_bytes())
    }
}

impl ClaimKey {
    /// The bytes, for the store's own code.
    pub fn expose(&self) -> &[u8; 32] {
        self.0.expose()
    }
}

impl fmt::Debug for ClaimKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClaimKey(…)")
    }
}

impl Peppers {
    /// Text of the key file: oldest first, the last line writes.
    pub fn encode(&self) -> Zeroizing<String> {
        self.iter()
            .fold(Zeroizing::new(String::new()), |mut text, pepper| {
                text.push_str(&line(PEPPER, Some(pepper.version()), pepper.key()));
                text
            })
    }

    /// Reads [`Peppers::encode`], in any order: the highest version writes.
    pub fn decode(text: &str) -> Result<Self, Error> {
        let mut peppers = Vec::new();
        for (n, line) in lines(text, PEPPER, PEPPERS_MAX)? {
            let wrong = Error::Line {
                line: n,
                expected: PEPPER,
            };
            let (version, key) = line.split_once(':').ok_or(wrong)?;
            let number = version
                .parse()
                .ok()
                .and_then(PepperVersion::new)
                .ok_or(wrong)?;
            if number.to_string() != version {
                return Err(wrong);
            }
            peppers.push(Pepper::new(number, *plain(PEPPER, n, key)?.expose()));
        }
        Self::new(peppers).ok_or(Error::Twice { expected: PEPPER })
    }
}

impl Keks {
    /// Text of the key file: the first line writes, a second one is readable.
    pub fn encode(&self) -> Zeroizing<String> {
        let mut text = line(KEK, None, self.writing().key());
        if let Some(readable) = self.readable() {
            text.push_str(&line(KEK, None, readable.key()));
        }
        text
    }

    /// Reads [`Keks::encode`].
    pub fn decode(text: &str) -> Result<Self, Error> {
        let mut keks = Vec::new();
        for (n, line) in lines(text, KEK, 2)? {
            keks.push(Kek::new(*plain(KEK, n, line)?.expose()));
        }
        let mut keks = keks.into_iter();
        let writing = keks.next();
        let readable = keks.next();
        match (writing, readable) {
            (Some(writing), Some(readable)) if writing.id() == readable.id() => {
                Err(Error::Twice { expected: KEK })
            }
            (Some(writing), readable) => Ok(Self::new(writing, readable)),
            (None, _) => Err(Error::Count {
                expected: KEK,
                least: 1,
                most: 2,
                found: 0,
            }),
        }
    }
}

/// All three, as the embedded run holds them.
#[derive(Debug, Clone)]
pub struct InstallationKeys {
    /// Claims and cursors.
    pub store: StoreKey,
    /// Passwords, access-key secrets, tickets.
    pub peppers: Peppers,
    /// Data keys.
    pub keks: Keks,
}

impl InstallationKeys {
    /// The keys of a new installation.
    pub fn generate(entropy: &mut Entropy) -> Self {
        Self {
            store: StoreKey::generate(entropy),
            peppers: Peppers::single(Pepper::generate(PepperVersion::FIRST, entropy)),
            keks: Keks::new(Kek::generate(entropy), None),
        }
    }
}

/// The non-empty lines with their numbers, each without `name:1:`. Commas part lines as well, so
/// that an environment variable can hold several.
fn lines<'a>(
    text: &'a str,
    expected: &'static str,
    most: usize,
) -> Result<Vec<(usize, &'a str)>, Error> {
    let mut found = Vec::new();
    for (n, line) in (1..).zip(text.split(['\n', ','])) {
        let line = line.trim();
        if line.is_empty() {
            continue;
        }
        let body = line
            .strip_prefix(expected)
            .and_then(|rest| rest.strip_prefix(':'))
            .and_then(|rest| rest.strip_prefix(FORMAT))
            .and_then(|rest| rest.strip_prefix(':'))
            .ok_or(Error::Line { line: n, expected })?;
        found.push((n, body));
    }
    if found.is_empty() || found.len() > most {
        return Err(Error::Count {
            expected,
            least: 1,
            most,
            found: found.len(),
        });
    }
    Ok(found)
}

fn plain(expected: &'static str, line: usize, text: &str) -> Result<KeyBytes, Error> {
    let wrong = Error::Line { line, expected };
    let bytes = Zeroizing::new(URL_SAFE_NO_PAD.decode(text).map_err(|_| wrong)?);
    let bytes = <[u8; KEY_BYTES]>::try_from(bytes.as_slice()).map_err(|_| wrong)?;
    Ok(KeyBytes::new(bytes))
}

fn line(name: &str, version: Option<PepperVersion>, key: &KeyBytes) -> Zeroizing<String> {
    let key = Zeroizing::new(URL_SAFE_NO_PAD.encode(key.expose()));
    let version = version
        .map(|version| format!("{version}:"))
        .unwrap_or_default();
    Zeroizing::new(format!("{name}:{FORMAT}:{version}{}\n", key.as_str()))
}

#[cfg(test)]
mod tests;
