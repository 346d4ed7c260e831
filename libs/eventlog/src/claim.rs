//! Claims: names that only one thing may hold.
//!
//! The table holds keyed digests, never the names, so that a dump of it tells nothing. The events
//! say which names were taken; the table can be rebuilt from them by whoever has the store key.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use trilby_model::{LogId, Seq};

/// Within what a name must be the only one.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ClaimScope {
    /// The whole store.
    Store,
    /// One log.
    Log(LogId),
}

/// A name, as its table row has it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ClaimKey {
    /// Within what it is unique.
    pub scope: ClaimScope,
    /// What sort of name; numbered by whoever defines the events.
    pub kind: u16,
    /// [`mac`] of the normalised name.
    pub mac: [u8; 32],
}

/// A name that an event of a commit takes or gives up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The name.
    pub key: ClaimKey,
    /// The log that holds it; it must have events in the commit.
    pub log: LogId,
    /// Which of that log's events in the commit says so, from 0.
    pub event: usize,
}

/// Who holds a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimOwner {
    /// The log.
    pub log: LogId,
    /// The event that took it.
    pub seq: Seq,
}

/// HMAC-SHA-256 of a normalised name under the claim key, a sub-key of the store key.
pub fn mac(claim_key: &[u8; 32], value: &str) -> [u8; 32] {
    hmac_sha256(claim_key, value.as_bytes())
}

pub(crate) fn hmac_sha256(key: &[u8; 32], message: &[u8]) -> [u8; 32] {
    hmac_of(key, &[message]).finalize().into_bytes().into()
}

/// HMAC-SHA-256 of these parts, one after the other.
pub(crate) fn hmac_of(key: &[u8; 32], parts: &[&[u8]]) -> Hmac<Sha256> {
    // A 32-byte key is shorter than the hash's block and therefore used as it stands, zero-padded.
    let mut block = [0; 64];
    for (to, from) in block.iter_mut().zip(key) {
        *to = *from;
    }
    let mut hmac = Hmac::<Sha256>::new(&block.into());
    for part in parts {
        hmac.update(part);
    }
    hmac
}
