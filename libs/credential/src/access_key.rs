//! Access-key secrets: `tbk_`, 43 base62 digits of 32 random bytes, 6 of a checksum.
//!
//! The prefix lets secret scanners find a leaked one, the checksum lets them (and us) tell it from
//! a random word without asking anybody. The checksum proves nothing: recognising a secret is
//! [`crate::Peppers::verify`] over the whole text.

use std::fmt;

use trilby_model::{Entropy, brand::secrets};
use zeroize::Zeroizing;

use crate::base62::{self, DIGITS_OF_4_BYTES, DIGITS_OF_32_BYTES};
use crate::crypto::sha256;
use crate::pepper::{Mac, Peppers};

/// The secret half of an access key. Shown once, when it is made.
#[derive(Clone)]
pub struct AccessKeySecret(Zeroizing<String>);

impl AccessKeySecret {
    /// A fresh secret.
    pub fn generate(entropy: &mut Entropy) -> Self {
        let random = Zeroizing::new(entropy.take::<32>());
        let mut text = Zeroizing::new(String::from(secrets::ACCESS_KEY));
        text.push_str(&base62::encode(random.as_slice(), DIGITS_OF_32_BYTES));
        let checksum = checksum(&text);
        text.push_str(&checksum);
        Self(text)
    }

    /// Whether `text` has the form of a secret, checksum included. For scanners and for friendly
    /// messages before a secret is sent; never part of recognising one.
    pub fn is_well_formed(text: &str) -> bool {
        let Some(body) = text.strip_prefix(secrets::ACCESS_KEY) else {
            return false;
        };
        if body.len() != DIGITS_OF_32_BYTES.saturating_add(DIGITS_OF_4_BYTES)
            || !body.bytes().all(base62::is_digit)
        {
            return false;
        }
        let split = text.len().saturating_sub(DIGITS_OF_4_BYTES);
        match text.split_at_checked(split) {
            Some((covered, check)) => checksum(covered).as_str() == check,
            None => false,
        }
    }

    /// The text, to hand it to its owner.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What is stored of it.
    pub fn mac(&self, peppers: &Peppers) -> Mac {
        peppers.mac(&self.0)
    }
}

impl fmt::Debug for AccessKeySecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AccessKeySecret(…)")
    }
}

/// First 4 bytes of SHA-256 of prefix and digits, in base62.
fn checksum(covered: &str) -> Zeroizing<String> {
    let hash = sha256(&[covered.as_bytes()]);
    let (four, _) = hash.split_at(4);
    base62::encode(four, DIGITS_OF_4_BYTES)
}

#[cfg(test)]
mod tests;
