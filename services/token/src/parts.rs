//! What this service has that no other has: the KEK, the throttles, loaded signing keys, keys of outside issuers.

use std::sync::Arc;

use trilby_credential::{Keks, keys::ClaimKey};
use trilby_federation::cache::KeyCache;

use crate::signing::SigningKeys;
use crate::throttle::Throttles;

/// The token service's own parts, found by its operations with [`trilby_access::Services::part`].
///
/// Besides them the operations need, as parts of their own, `trilby_credential::Peppers`, `HashPool`,
/// `password::Params` and `password::rules::RefusedPasswords`, which the identity service shares.
#[derive(Debug)]
pub struct TokenParts {
    pub(crate) keks: Keks,
    pub(crate) claim_key: ClaimKey,
    pub(crate) signing: SigningKeys,
    pub(crate) throttles: Throttles,
    pub(crate) provider_keys: Arc<KeyCache>,
}

impl TokenParts {
    /// Parts with fresh throttles and no key loaded yet.
    #[must_use]
    pub fn new(keks: Keks, claim_key: ClaimKey, provider_keys: Arc<KeyCache>) -> Self {
        Self {
            keks,
            claim_key,
            signing: SigningKeys::default(),
            throttles: Throttles::default(),
            provider_keys,
        }
    }
}
