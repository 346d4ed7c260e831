//! Our own tokens: what they claim, how they are signed and verified, when they are dead.
//!
//! Pure but for the library's own randomness in signatures and new keys: time arrives as an
//! argument, keys and revocations are looked up by the caller. Nothing here knows how a session
//! was earned; outside tokens are another crate's, and none of this code would take one.
//!
//! | module | what |
//! | --- | --- |
//! | [`claims`] | the strict claims of a session token |
//! | [`key`] | algorithms, public keys as JWKs, private keys |
//! | [`key_line`] | states of an account's signing keys and what is due next |
//! | [`verify`] | a presented token, step by step, to [`Verified`] |
//! | [`cache`] | verified tokens by hash; never their revocation |
//! | [`revocation`] | what ends sessions, and what a session rests on |
//! | [`lifetime`] | how long a session may live |
//! | [`packed`] | the size of a session's policies and tags |
//! | [`documents`] | JWKS and discovery |
#![cfg_attr(test, allow(clippy::as_conversions, reason = "tests"))]

pub mod cache;
pub mod claims;
pub mod documents;
pub mod key;
pub mod key_line;
pub mod lifetime;
pub mod packed;
pub mod revocation;
mod unverified;
pub mod verify;

pub use cache::TokenCache;
pub use claims::{Claims, Dependency, SessionKind};
pub use key::{Algorithm, Jwk, PublicKey, SigningKey};
pub use revocation::{RestsOn, Revocation, RevocationKind, RevocationTable, id_hash};
pub use verify::{Expected, KeyRecord, Presented, Refusal, Verified};

/// The audience of this installation's own APIs; a session for them names it.
pub const AUDIENCE: &str = "trilby";
/// The one audience of federated sessions: nobody but the token service takes them.
pub const FEDERATED_AUDIENCE: &str = "trilby:sts";
/// A finished token larger than this is a mistake of ours and is not sent.
pub const TOKEN_BYTES_MAX: usize = 6 * 1024;
/// A presented token larger than this is not looked at.
pub const PRESENTED_BYTES_MAX: usize = 8 * 1024;
/// Clock skew allowed between our own services, in seconds.
pub const SKEW_S: i64 = 5;

/// The issuer of an account's tokens. `public_url` is configuration, never a request's host.
pub fn issuer(public_url: &str, account: trilby_model::AccountId) -> String {
    format!("{}/iss/{account}", public_url.trim_end_matches('/'))
}
