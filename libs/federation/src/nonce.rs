//! Nonces that we gave out, by their hash.

use crate::encoding;

/// SHA-256 of a nonce: what is stored of one, and compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct NonceHash([u8; 32]);

impl NonceHash {
    /// Of this nonce.
    #[must_use]
    pub fn of(nonce: &str) -> Self {
        Self(encoding::sha256(&[nonce.as_bytes()]))
    }

    /// The hash.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}
