//! Passwords: argon2id over an HMAC of the password under the pepper.
//!
//! A password is normalised to NFC before anything else, so that two keyboards give one password.
//! [`verify`] does the same work for a right password, a wrong one, a user without a password and
//! a user who does not exist. What may be chosen is [`rules`]' matter, not `verify`'s: a rule made
//! later locks nobody out.

pub mod rules;

use std::fmt;

use argon2::{Algorithm, Argon2, Version};
use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
use trilby_model::Entropy;
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

use crate::crypto::{hmac_sha256, same};
use crate::pepper::{Pepper, PepperVersion, Peppers};

/// Longest password in UTF-8 bytes, after normalisation.
pub const BYTES_MAX: usize = 256;
/// Longest text that is even normalised; NFC shrinks a text by less than this over [`BYTES_MAX`].
const INPUT_BYTES_MAX: usize = 4 * BYTES_MAX;
const SALT_BYTES: usize = 16;
const TAG_BYTES: usize = 32;

/// A password as somebody typed it, in NFC.
#[derive(Clone)]
pub struct Password(Zeroizing<String>);

/// Longer than [`BYTES_MAX`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a password has at most {BYTES_MAX} bytes")]
pub struct TooLong;

impl Password {
    /// Normalises `text`.
    pub fn new(text: &str) -> Result<Self, TooLong> {
        if text.len() > INPUT_BYTES_MAX {
            return Err(TooLong);
        }
        // Room for the longest NFC of such a text, so that no part of it is left in freed memory.
        let mut normalised = Zeroizing::new(String::with_capacity(3 * INPUT_BYTES_MAX));
        normalised.extend(text.nfc());
        if normalised.len() > BYTES_MAX {
            return Err(TooLong);
        }
        Ok(Self(normalised))
    }

    pub(crate) fn text(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

/// Cost of argon2id. Never below [`Params::FLOOR`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Params {
    memory_kib: u32,
    passes: u32,
    lanes: u32,
}

impl Params {
    /// 19 MiB, 2 passes, 1 lane: also the default (OWASP's minimum for argon2id).
    pub const FLOOR: Self = Self {
        memory_kib: 19_456,
        passes: 2,
        lanes: 1,
    };
    /// 64 MiB for each hash that runs at once; the rest keeps one login under a second.
    pub const CEILING: Self = Self {
        memory_kib: 65_536,
        passes: 16,
        lanes: 4,
    };

    /// `None` if any of the three is below [`Params::FLOOR`] or above [`Params::CEILING`].
    pub fn new(memory_kib: u32, passes: u32, lanes: u32) -> Option<Self> {
        let within = |value, floor, ceiling| (floor..=ceiling).contains(&value);
        (within(memory_kib, Self::FLOOR.memory_kib, Self::CEILING.memory_kib)
            && within(passes, Self::FLOOR.passes, Self::CEILING.passes)
            && within(lanes, Self::FLOOR.lanes, Self::CEILING.lanes))
        .then_some(Self {
            memory_kib,
            passes,
            lanes,
        })
    }

    /// The parameters by their short names, with argon2's version: what an event tells of a hash.
    pub fn named(self) -> [(&'static str, u32); 4] {
        [
            ("m", self.memory_kib),
            ("t", self.passes),
            ("p", self.lanes),
            ("v", 19),
        ]
    }

    fn weaker_than(self, other: Self) -> bool {
        self.memory_kib < other.memory_kib || self.passes < other.passes || self.lanes < other.lanes
    }
}

impl Default for Params {
    fn default() -> Self {
        Self::FLOOR
    }
}

impl fmt::Display for Params {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "m={},t={},p={}",
            self.memory_kib, self.passes, self.lanes
        )
    }
}

/// What is stored of a password. Not shown by `Debug`: it is the thing to steal.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash {
    pepper: PepperVersion,
    params: Params,
    salt: [u8; SALT_BYTES],
    tag: [u8; TAG_BYTES],
}

/// A stored hash cannot be read, or argon2 refused to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The stored bytes are no hash of ours.
    #[error("stored password hash is not readable")]
    Unreadable,
    /// argon2 could not run, for want of memory.
    #[error("password could not be hashed")]
    Hashing,
}

impl PasswordHash {
    /// The algorithm's name, for the event that tells of a new password.
    pub const ALGORITHM: &'static str = "argon2id";

    /// Hashes `password` with a fresh salt. Expensive: run it on a [`crate::HashPool`].
    pub fn make(
        password: &Password,
        peppers: &Peppers,
        params: Params,
        entropy: &mut Entropy,
    ) -> Result<Self, Error> {
        let salt = entropy.take::<SALT_BYTES>();
        let tag = argon2id(password, peppers.current(), params, &salt)?;
        Ok(Self {
            pepper: peppers.current().version(),
            params,
            salt,
            tag,
        })
    }

    /// The cost it was made with.
    pub fn params(&self) -> Params {
        self.params
    }

    /// Stored form: pepper version, a colon, the PHC string.
    pub fn encode(&self) -> String {
        format!(
            "{}:$argon2id$v=19${}${}${}",
            self.pepper,
            self.params,
            STANDARD_NO_PAD.encode(self.salt),
            STANDARD_NO_PAD.encode(self.tag),
        )
    }

    /// Reads exactly what [`PasswordHash::encode`] writes.
    pub fn decode(stored: &str) -> Result<Self, Error> {
        let hash = Self::read(stored).ok_or(Error::Unreadable)?;
        // One text per hash: leading zeros, other orders and the like are not ours.
        if hash.encode() == stored {
            Ok(hash)
        } else {
            Err(Error::Unreadable)
        }
    }

    fn read(stored: &str) -> Option<Self> {
        let (pepper, phc) = stored.split_once(':')?;
        let mut parts = phc.strip_prefix("$argon2id$v=19$")?.split('$');
        let mut costs = parts.next()?.split(',');
        let mut cost = |name: &str| costs.next()?.strip_prefix(name)?.parse::<u32>().ok();
        let params = Params::new(cost("m=")?, cost("t=")?, cost("p=")?)?;
        let salt = STANDARD_NO_PAD.decode(parts.next()?).ok()?;
        let tag = STANDARD_NO_PAD.decode(parts.next()?).ok()?;
        Some(Self {
            pepper: PepperVersion::new(pepper.parse().ok()?)?,
            params,
            salt: salt.try_into().ok()?,
            tag: tag.try_into().ok()?,
        })
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "PasswordHash({}, pepper {}, …)",
            self.params, self.pepper
        )
    }
}

/// Outcome of [`verify`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Not this password; or none is set, or nobody is there.
    Wrong,
    /// This password.
    Right {
        /// It was hashed under an older pepper or a lower cost: hash it anew now that it is known.
        rehash: bool,
    },
}

/// Whether `presented` is the password that `stored` was made from.
///
/// One argon2 run whatever the arguments; `None` for a user without a password or no user at all.
/// Expensive: run it on a [`crate::HashPool`].
pub fn verify(
    stored: Option<&PasswordHash>,
    presented: &str,
    peppers: &Peppers,
    params: Params,
) -> Result<Verdict, Error> {
    let password = Password::new(presented);
    let known = stored.and_then(|hash| Some((hash, peppers.get(hash.pepper)?)));
    match (known, password) {
        (Some((hash, pepper)), Ok(password)) => {
            let tag = argon2id(&password, pepper, hash.params, &hash.salt)?;
            if !same(&tag, &hash.tag) {
                return Ok(Verdict::Wrong);
            }
            let rehash =
                hash.pepper != peppers.current().version() || hash.params.weaker_than(params);
            Ok(Verdict::Right { rehash })
        }
        (Some(_) | None, password) => {
            // Same work for nothing, so that time does not tell who exists.
            let password = password.unwrap_or_else(|_| Password(Zeroizing::new(String::new())));
            let tag = argon2id(&password, peppers.current(), params, &[0; SALT_BYTES])?;
            let _ = same(&tag, &[0; TAG_BYTES]);
            Ok(Verdict::Wrong)
        }
    }
}

fn argon2id(
    password: &Password,
    pepper: &Pepper,
    params: Params,
    salt: &[u8; SALT_BYTES],
) -> Result<[u8; TAG_BYTES], Error> {
    let peppered = Zeroizing::new(hmac_sha256(pepper.key(), password.text().as_bytes()));
    let params = argon2::Params::new(
        params.memory_kib,
        params.passes,
        params.lanes,
        Some(TAG_BYTES),
    )
    .map_err(|_| Error::Hashing)?;
    let mut tag = [0_u8; TAG_BYTES];
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(peppered.as_slice(), salt, &mut tag)
        .map_err(|_| Error::Hashing)?;
    Ok(tag)
}

#[cfg(test)]
mod tests;
