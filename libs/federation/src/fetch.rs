//! Calling an issuer: behind a trait, so that the cache and discovery do not know how.

use crate::guard::Refused;

mod http;
mod resolver;

pub use http::{GuardedFetch, TIMEOUT_S};
pub use resolver::{Resolver, SystemResolver};

/// A document as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// Its bytes.
    pub body: Vec<u8>,
    /// For how long it may be kept, as `Cache-Control` said; 0 for `no-store` and `no-cache`.
    pub max_age_s: Option<u64>,
}

/// Why there is no document. Says nothing about addresses and nothing of what came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// The address may not be called.
    #[error("the address may not be called: {0}")]
    Refused(Refused),
    /// No connection, or it broke.
    #[error("the issuer could not be reached")]
    Unreachable,
    /// Too slow.
    #[error("the issuer did not answer in time")]
    TimedOut,
    /// An answer other than 200; also a redirect.
    #[error("the issuer answered with status {0}")]
    Status(u16),
    /// Not JSON by its content type, or compressed.
    #[error("the issuer's answer is not plain JSON")]
    WrongType,
    /// Longer than allowed.
    #[error("the issuer's answer is too large")]
    TooLarge,
    /// Too many fetches at once, or by this account.
    #[error("too many fetches")]
    TooMany,
}

/// A way to get JSON documents from issuers.
#[async_trait::async_trait]
pub trait Fetch: Send + Sync {
    /// Whether this URL could be called at all, by its looks; nothing is looked up.
    ///
    /// Errors: see [`Refused`].
    fn allows(&self, url: &str) -> Result<(), Refused>;

    /// Gets the document at `url`, of at most `bytes_max` bytes.
    ///
    /// Errors: see [`FetchError`].
    async fn get(&self, url: &str, bytes_max: usize) -> Result<Fetched, FetchError>;
}
