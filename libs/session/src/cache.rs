//! Verified tokens by their digest, so that a signature is checked once and not at every use.
//!
//! What can change is never remembered: key state, time and audience are looked at again on every
//! hit, and revocation is not this type's business at all.

use std::sync::Arc;
use std::time::{Duration, Instant};

use moka::{Expiry, sync::Cache};
use trilby_model::{AccountId, Timestamp};

use crate::verify::{Expected, KeyRecord, Presented, Refusal, TokenDigest, Verified};

/// Tokens remembered at once.
pub const TOKENS_MAX: u64 = 100_000;

/// A bounded cache of verified tokens. Clones share it.
#[derive(Clone)]
pub struct TokenCache {
    tokens: Cache<TokenDigest, Entry>,
}

#[derive(Clone)]
struct Entry {
    verified: Arc<Verified>,
    /// How long from now it can be of use. Only bounds memory: `exp` is compared on every hit.
    useful: Duration,
}

struct UntilExp;

impl Expiry<TokenDigest, Entry> for UntilExp {
    fn expire_after_create(&self, _: &TokenDigest, entry: &Entry, _: Instant) -> Option<Duration> {
        Some(entry.useful)
    }
}

impl Default for TokenCache {
    fn default() -> Self {
        Self::new(TOKENS_MAX)
    }
}

impl TokenCache {
    /// A cache of at most `tokens_max` tokens.
    pub fn new(tokens_max: u64) -> Self {
        Self {
            tokens: Cache::builder()
                .max_capacity(tokens_max)
                .expire_after(UntilExp)
                .build(),
        }
    }

    /// The token, if its signature and claims were verified before. The caller looks its key up
    /// and asks [`Verified::recheck`].
    pub fn get(&self, token: &str) -> Option<Arc<Verified>> {
        self.tokens
            .get(&TokenDigest::of(token))
            .map(|entry| entry.verified)
    }

    /// Remembers a verified token until it expires.
    pub fn put(&self, verified: Arc<Verified>, now: Timestamp) {
        let left_s = verified.claims().exp.saturating_sub(now.unix_seconds());
        let useful = Duration::from_secs(u64::try_from(left_s).unwrap_or(0));
        self.tokens
            .insert(verified.digest(), Entry { verified, useful });
    }

    /// Verifies `token`, from memory where it can. `key_of` finds a key record by account and key
    /// id; it is asked on every call.
    pub fn verify(
        &self,
        token: &str,
        key_of: impl FnOnce(AccountId, &str) -> Option<KeyRecord>,
        expected: &Expected<'_>,
        now: Timestamp,
    ) -> Result<Arc<Verified>, Refusal> {
        if let Some(verified) = self.get(token) {
            let key = key_of(verified.claims().trilby.acct, verified.kid());
            verified.recheck(key.as_ref(), expected, now)?;
            return Ok(verified);
        }
        let presented = Presented::parse(token)?;
        let key = key_of(presented.account_hint(), presented.kid());
        let verified = Arc::new(presented.verify(key.as_ref(), expected, now)?);
        self.put(Arc::clone(&verified), now);
        Ok(verified)
    }

    /// How many tokens it holds, about.
    pub fn len(&self) -> u64 {
        self.tokens.entry_count()
    }

    /// Whether it holds none, about.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl std::fmt::Debug for TokenCache {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "TokenCache({} tokens)", self.len())
    }
}

#[cfg(test)]
mod tests;
