//! Outside ID tokens: providers, their keys, strict verification, and what an account makes of the claims.
//!
//! Knows nothing of our own tokens and of sessions: [`VerifiedIdentity`] is where this crate ends. Time arrives as an
//! argument, or as a clock that is handed in.
//!
//! | module | what |
//! | --- | --- |
//! | `verify` | a presented token, step by step, to [`VerifiedIdentity`] |
//! | `header`, `claims` | what the libraries leave to their callers: strict reading |
//! | `jwk`, `key_set` | an issuer's public keys |
//! | [`role_map`] | from claims to roles |
//! | [`guard`] | which addresses may be called at all |
//! | [`fetch`] | calling them: checked, pinned, capped |
//! | [`discovery`] | an issuer's own description |
//! | [`cache`] | providers' keys: fresh, bounded in age, fetched rarely |
//!
//! Invariants: no HMAC verification anywhere, so no key can be mistaken for a secret. Nothing is fetched because of what a
//! token says: keys are looked up from registered settings. No error text carries an address, a body or a claim's value.

pub mod cache;
mod claim_tests;
mod claims;
pub mod discovery;
mod encoding;
pub mod fetch;
pub mod guard;
mod header;
mod identity;
mod jwk;
mod kept;
mod key_set;
mod nonce;
mod provider;
mod refusal;
pub mod role_map;
mod verify;

pub use identity::{ConditionValue, ReplayKey, STANDARD_CLAIMS, VerifiedIdentity, is_exposed};
pub use kept::Kept;
pub use key_set::{JWKS_BYTES_MAX, KeySet, KeySetError};
pub use nonce::NonceHash;
pub use provider::{ChoiceError, Link, Provider, choose};
pub use refusal::Refusal;
pub use verify::{Candidate, Presented};
