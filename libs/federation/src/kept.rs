//! An identity that was verified before, by what somebody kept of it: to ask again what may have changed since.
//!
//! Whoever holds one vouches for it; nothing here was verified. Claims are those that the provider exposes, nested as in
//! the token. Of others nobody kept anything, so a test of one fails, whatever it tests.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use trilby_model::federation::ClaimPath;

use crate::claim_tests;
use crate::identity::{ConditionValue, STANDARD_CLAIMS, condition_keys_of, is_exposed};
use crate::provider::{Provider, is_issuer};
use crate::refusal::Refusal;

/// What was kept of an identity, beside the provider as it is now.
#[derive(Debug, Clone, Copy)]
pub struct Kept<'a> {
    /// The provider, as it stands in the account where the identity is to count.
    pub provider: &'a Provider,
    /// The issuer that vouched.
    pub issuer: &'a str,
    /// Whom for.
    pub subject: &'a str,
    /// For which audience.
    pub audience: &'a str,
    /// The exposed claims.
    pub claims: &'a Map<String, Value>,
}

impl<'a> Kept<'a> {
    /// Whether the provider and its link would take it now, as far as what was kept can tell.
    ///
    /// Errors: the first that applies of unknown issuer, disabled provider, audience, and the tests of provider and link.
    pub fn check(&self) -> Result<(), Refusal> {
        if !is_issuer(&self.provider.settings.issuer, self.issuer) {
            return Err(Refusal::UnknownIssuer);
        }
        if !self.provider.enabled {
            return Err(Refusal::ProviderDisabled);
        }
        if !self.provider.accepts_audience(self.audience) {
            return Err(Refusal::WrongAudience);
        }
        let link = self.provider.link.iter();
        let tests = link.flat_map(|link| &link.settings.require_claims);
        for test in tests {
            let claim = test.claim.as_str();
            if !is_exposed(self.provider, &test.claim) {
                return Err(Refusal::missing(claim));
            }
            if !claim_tests::holds(test, self.claims) {
                return Err(Refusal::mismatch(claim));
            }
        }
        Ok(())
    }

    /// Condition keys of the claims, as [`crate::VerifiedIdentity::condition_keys`].
    #[must_use]
    pub fn condition_keys(&self) -> Vec<(String, ConditionValue)> {
        let standard = STANDARD_CLAIMS.iter().filter_map(|name| name.parse().ok());
        let named = self.provider.settings.exposed_claims.iter().cloned();
        let exposed: BTreeMap<ClaimPath, Value> = standard
            .chain(named)
            .filter_map(|claim: ClaimPath| {
                let value = claim.find(self.claims).filter(|value| !value.is_null())?;
                Some((claim.clone(), value.clone()))
            })
            .collect();
        let prefix = self.provider.settings.issuer.without_scheme();
        condition_keys_of(prefix, &self.provider.name, &exposed)
    }

    /// Whom it was vouched for.
    #[must_use]
    pub fn subject(&self) -> &'a str {
        self.subject
    }

    /// For which audience.
    #[must_use]
    pub fn audience(&self) -> &'a str {
        self.audience
    }
}
