//! Outside identities: which provider counts where, its keys, nonces, and what a role map makes of claims.
//!
//! A provider belongs to one account; in another it counts only through a link, and only while link and share both
//! stand. Which one is meant is decided by what is registered, never by what a token says; nothing is fetched for an
//! issuer that nobody registered.

pub(crate) mod claims;
mod door;
pub(crate) mod keys;
pub(crate) mod mapped;
mod named;
pub(crate) mod nonce;

pub(crate) use door::{Door, candidates, view};
pub use named::Named;
