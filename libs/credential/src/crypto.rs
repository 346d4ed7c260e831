//! The few primitives this crate stands on, in one place: HMAC, HKDF, SHA-256, AES-256-GCM.

use aws_lc_rs::{aead, constant_time, digest, hkdf, hmac};
use zeroize::Zeroizing;

/// Bytes of every symmetric key in this crate.
pub(crate) const KEY_BYTES: usize = 32;
/// Bytes of an AES-GCM nonce.
pub(crate) const NONCE_BYTES: usize = 12;

/// A key that is wiped on drop and never printed.
#[derive(Clone)]
pub(crate) struct KeyBytes(Zeroizing<[u8; KEY_BYTES]>);

impl KeyBytes {
    pub(crate) fn new(bytes: [u8; KEY_BYTES]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    pub(crate) fn expose(&self) -> &[u8; KEY_BYTES] {
        &self.0
    }
}

pub(crate) fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    let mut context = digest::Context::new(&digest::SHA256);
    for part in parts {
        context.update(part);
    }
    to_32(context.finish().as_ref())
}

pub(crate) fn hmac_sha256(key: &KeyBytes, data: &[u8]) -> [u8; 32] {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key.expose());
    to_32(hmac::sign(&key, data).as_ref())
}

/// One 32-byte sub-key of `key` for the purpose `label` (RFC 5869, empty salt).
pub(crate) fn hkdf_sha256(key: &KeyBytes, label: &str) -> KeyBytes {
    struct Len;
    impl hkdf::KeyType for Len {
        fn len(&self) -> usize {
            KEY_BYTES
        }
    }
    let prk = hkdf::Salt::new(hkdf::HKDF_SHA256, &[]).extract(key.expose());
    let mut out = [0_u8; KEY_BYTES];
    // A length of 32 is within what HKDF-SHA-256 can give, so neither step can refuse. Were one to,
    // a random-looking constant key would be worse than none; HMAC of the label keeps it keyed.
    let filled = prk
        .expand(&[label.as_bytes()], Len)
        .and_then(|okm| okm.fill(&mut out));
    if filled.is_err() {
        out = hmac_sha256(key, label.as_bytes());
    }
    KeyBytes::new(out)
}

/// Constant in time for equal lengths.
pub(crate) fn same(a: &[u8], b: &[u8]) -> bool {
    constant_time::verify_slices_are_equal(a, b).is_ok()
}

/// A refusal of the cipher: wrong key, wrong context or changed bytes. It never says which.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Refused;

pub(crate) fn seal(
    key: &KeyBytes,
    nonce: [u8; NONCE_BYTES],
    aad: &[u8],
    plain: &[u8],
) -> Result<Vec<u8>, Refused> {
    let mut buffer = Zeroizing::new(Vec::with_capacity(
        plain.len().saturating_add(aead::MAX_TAG_LEN),
    ));
    buffer.extend_from_slice(plain);
    aes(key)?
        .seal_in_place_append_tag(
            aead::Nonce::assume_unique_for_key(nonce),
            aead::Aad::from(aad),
            &mut *buffer,
        )
        .map_err(|_| Refused)?;
    Ok(buffer.to_vec())
}

pub(crate) fn open(
    key: &KeyBytes,
    nonce: [u8; NONCE_BYTES],
    aad: &[u8],
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>, Refused> {
    let mut buffer = Zeroizing::new(sealed.to_vec());
    let plain_len = aes(key)?
        .open_in_place(
            aead::Nonce::assume_unique_for_key(nonce),
            aead::Aad::from(aad),
            &mut buffer,
        )
        .map_err(|_| Refused)?
        .len();
    buffer.truncate(plain_len);
    Ok(buffer)
}

fn aes(key: &KeyBytes) -> Result<aead::LessSafeKey, Refused> {
    aead::UnboundKey::new(&aead::AES_256_GCM, key.expose())
        .map(aead::LessSafeKey::new)
        .map_err(|_| Refused)
}

fn to_32(bytes: &[u8]) -> [u8; 32] {
    let mut out = [0_u8; 32];
    for (to, from) in out.iter_mut().zip(bytes) {
        *to = *from;
    }
    out
}
