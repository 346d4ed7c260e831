//! Looking at an issuer because an administrator asks for it, not because a token came.

use trilby_model::AccountId;
use trilby_model::federation::{JwksUrl, KeySource, ProviderSettings};

use super::KeyCache;
use crate::discovery::{self, DiscoveryError};
use crate::fetch::FetchError;
use crate::guard::Refused;
use crate::key_set::{JWKS_BYTES_MAX, KeySet, KeySetError};

/// What an issuer shows of its keys now.
#[derive(Debug)]
pub struct Visited {
    /// Where they are: by the issuer's own description, or by the settings.
    pub jwks_uri: JwksUrl,
    /// The keys.
    pub keys: KeySet,
}

/// Why an issuer shows no keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum VisitError {
    /// The provider's keys are in its settings; there is nobody to visit.
    #[error("the provider has its keys in its settings")]
    Written,
    /// The account has caused too many fetches in this minute.
    #[error("too many fetches for the account's providers in this minute")]
    TooMany,
    /// The issuer does not describe itself.
    #[error("{0}")]
    Discovery(DiscoveryError),
    /// Its keys cannot be fetched.
    #[error("the issuer's keys cannot be fetched: {0}")]
    Keys(FetchError),
    /// What it shows is no key set.
    #[error("{0}")]
    KeySet(KeySetError),
}

/// A setting by which a provider's keys could never be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("may not be called: {refused}")]
pub struct Uncallable {
    /// JSON pointer to the address in the settings.
    pub setting: &'static str,
    /// Why it is not called.
    pub refused: Refused,
}

impl KeyCache {
    /// Whether this address could be called at all, by its looks; nothing is looked up.
    ///
    /// Errors: why not.
    pub fn allows(&self, url: &str) -> Result<(), Refused> {
        self.fetch.allows(url)
    }

    /// Whether what the settings name could be called at all. Plain `http` is for issuers that the operator lets us call,
    /// also where their keys are elsewhere.
    ///
    /// Errors: see [`Uncallable`].
    pub fn allows_settings(&self, settings: &ProviderSettings) -> Result<(), Uncallable> {
        let issuer = &settings.issuer;
        let refuse = |setting| move |refused| Uncallable { setting, refused };
        match &settings.keys {
            KeySource::Discovery { .. } => self.allows(&issuer.discovery_url()),
            KeySource::JwksUri { .. } | KeySource::Static { .. } if issuer.is_https() => Ok(()),
            KeySource::JwksUri { .. } | KeySource::Static { .. } => self.allows(issuer.as_str()),
        }
        .map_err(refuse("/issuer"))?;
        match &settings.keys {
            KeySource::JwksUri { jwks_uri } => self.allows(jwks_uri.as_str()),
            KeySource::Discovery { .. } | KeySource::Static { .. } => Ok(()),
        }
        .map_err(refuse("/keys/jwks_uri"))
    }

    /// Reads an issuer's description and its keys, whatever is known of it. Nothing is kept here: what is seen counts
    /// when it is in the log. One fetch of the account's budget.
    ///
    /// Only for callers who may change the provider: it makes this process call out.
    ///
    /// Errors: see [`VisitError`].
    pub async fn visit(
        &self,
        account: AccountId,
        settings: &ProviderSettings,
    ) -> Result<Visited, VisitError> {
        if matches!(settings.keys, KeySource::Static { .. }) {
            return Err(VisitError::Written);
        }
        if !self.budget.take(account, (self.now)()) {
            return Err(VisitError::TooMany);
        }
        let jwks_uri = match &settings.keys {
            KeySource::JwksUri { jwks_uri } => jwks_uri.clone(),
            KeySource::Discovery { .. } | KeySource::Static { .. } => {
                let discovered = discovery::discover(self.fetch.as_ref(), &settings.issuer).await;
                discovered.map_err(VisitError::Discovery)?.jwks_uri
            }
        };
        let fetched = self.fetch.get(jwks_uri.as_str(), JWKS_BYTES_MAX).await;
        let fetched = fetched.map_err(VisitError::Keys)?;
        let keys = KeySet::parse(&fetched.body).map_err(VisitError::KeySet)?;
        Ok(Visited { jwks_uri, keys })
    }
}
