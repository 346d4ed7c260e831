//! What a store says about itself.

/// The one row of `store_meta`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreMeta {
    /// Random id of the store (a UUID's bytes); every chain begins with it.
    pub store_id: [u8; 16],
    /// Raised by a fence after a restore, so that hashes of both timelines differ.
    pub incarnation: u32,
    /// Fingerprint of the store key. A service with another key must not start.
    pub store_key_fingerprint: [u8; 32],
    /// Readers below this level would meet events they cannot fold, and must not start.
    pub min_reader_level: u32,
}

/// What the folds of this release can read. Each release that brings a type or a version of an event which the release
/// before cannot fold has the next level, and writes it only to stores that need it ([`StoreMeta::min_reader_level`]):
/// while processes of both are at work nobody meets what it does not know.
pub const READER_LEVEL: u32 = 1;

/// Says which store key a store belongs to, and nothing about the key.
pub fn store_key_fingerprint(store_key: &[u8; 32]) -> [u8; 32] {
    crate::claim::hmac_sha256(store_key, b"trilby.store-key-fingerprint.v1")
}
