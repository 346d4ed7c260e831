//! Federation: what an account says about the outside issuers it accepts, and about whom it admits from them.
//!
//! [`ProviderSettings`] describe one issuer; [`LinkSettings`] narrow another account's; a [`RoleMap`] goes from claims to
//! roles. They are stored in events by the account's log and read by the verifier, so each is checked once, here, whole:
//! an update is checked as the settings it would lead to, never as the difference.
//!
//! No network and no cryptography: whether an address may be called, and whether a key fits, is asked elsewhere.

mod algorithm;
mod claim;
mod claim_test;
mod key_source;
mod link;
mod names;
mod provider;
mod role_map;
mod share;
mod tag_template;
mod url;

pub use algorithm::SignatureAlgorithm;
pub use claim::{CLAIM_DEPTH_MAX, ClaimPath};
pub use claim_test::{CLAIM_TESTS_MAX, CLAIM_VALUES_MAX, ClaimOp, ClaimTest, ClaimText, GlobText};
pub use key_source::{JWKS_KEYS_MAX, KeySource, STATIC_JWKS_MAX_BYTES, StaticJwks};
pub use link::{LinkChange, LinkFields, LinkSettings};
pub use names::{ProviderAudience, ProviderName, RuleId};
pub use provider::{
    Nonce, ProviderChange, ProviderFields, ProviderSettings, ProviderTemplate, Replay, ReplayScope,
    RequiredClaim, Sharing,
};
pub use role_map::{
    MapMode, OnAmbiguous, ROLES_PER_RULE_MAX, RULES_MAX, RoleMap, RoleMapFields, Rule, RuleEffect,
};
pub use share::{SHARES_MAX, ShareTarget};
pub use tag_template::{TagTemplate, TemplatePart};
pub use url::{IssuerUrl, JwksUrl};

/// Why settings were refused: where, and what is wrong there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{pointer}` {message}")]
pub struct Invalid {
    /// JSON pointer (RFC 6901) of the wrong member, from the settings' root.
    pub pointer: String,
    /// What is wrong, as the rest of a sentence about the member.
    pub message: String,
}

impl Invalid {
    /// `message` about the member at `pointer`.
    pub fn new(pointer: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            pointer: pointer.into(),
            message: message.into(),
        }
    }

    /// The same below `prefix`.
    #[must_use]
    pub fn below(self, prefix: &str) -> Self {
        Self {
            pointer: format!("{prefix}{}", self.pointer),
            message: self.message,
        }
    }
}

#[cfg(test)]
mod tests;
