//! Nonces: given out to anybody, without a row in the store until one is used.
//!
//! A nonce says itself until when it is good, under a MAC of ours. That it is used once is the store's part: its hash is
//! put down, beside the token's replay key, in one step.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use trilby_credential::keys::ClaimKey;
use trilby_federation::NonceHash;
use trilby_model::{Entropy, Timestamp};

/// How long a nonce is good, in seconds.
pub(crate) const NONCE_TTL_S: i64 = 300;
const RANDOM_BYTES: usize = 16;
const TIME_BYTES: usize = 8;
const MAC_BYTES: usize = 16;
/// No value that claims are made of holds a zero byte: a MAC of a nonce is one of nothing else.
const PURPOSE: &str = "trilby.nonce.v1\0";

/// A fresh nonce.
pub(crate) fn give(key: &ClaimKey, entropy: &mut Entropy, now: Timestamp) -> String {
    let random: [u8; RANDOM_BYTES] = entropy.take();
    let until = now.plus_seconds(NONCE_TTL_S).unix_seconds().to_be_bytes();
    let body = [random.as_slice(), &until].concat();
    let mac = mac(key, &body);
    URL_SAFE_NO_PAD.encode([body, mac].concat())
}

/// The hash of a nonce of ours that is still good, and until when.
pub(crate) fn check(key: &ClaimKey, nonce: &str, now: Timestamp) -> Option<(NonceHash, Timestamp)> {
    let bytes = URL_SAFE_NO_PAD.decode(nonce).ok()?;
    let (body, given) = bytes.split_at_checked(RANDOM_BYTES.saturating_add(TIME_BYTES))?;
    if !bool::from(subtle::ConstantTimeEq::ct_eq(
        mac(key, body).as_slice(),
        given,
    )) {
        return None;
    }
    let (_, until) = body.split_at_checked(RANDOM_BYTES)?;
    let until = i64::from_be_bytes(until.try_into().ok()?);
    let until = Timestamp::from_unix_seconds(until);
    (until > now).then(|| (NonceHash::of(nonce), until))
}

fn mac(key: &ClaimKey, body: &[u8]) -> Vec<u8> {
    let text = format!("{PURPOSE}{}", URL_SAFE_NO_PAD.encode(body));
    let mac = key.mac(&text);
    mac.iter().take(MAC_BYTES).copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nonce_is_ours_whole_and_for_five_minutes() {
        let key = ClaimKey::new([1; 32]);
        let now = Timestamp::from_unix_seconds(1_000);
        let nonce = give(&key, &mut Entropy::new([2; 32]), now);
        let (hash, until) = check(&key, &nonce, now).unwrap();
        assert_eq!(hash, NonceHash::of(&nonce));
        assert_eq!(until, now.plus_seconds(NONCE_TTL_S));
        assert!(check(&key, &nonce, until).is_none());
        assert!(check(&ClaimKey::new([3; 32]), &nonce, now).is_none());
        for length in 0..nonce.len() {
            assert!(check(&key, &nonce[..length], now).is_none());
        }
        let other = if nonce.starts_with('A') { "B" } else { "A" };
        assert!(check(&key, &format!("{other}{}", &nonce[1..]), now).is_none());
    }
}
