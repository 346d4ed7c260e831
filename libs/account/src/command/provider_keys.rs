//! Keys of providers, as they are seen over the network, and where they may be read.

use std::collections::BTreeSet;

use trilby_model::ProviderId;
use trilby_model::federation::{Invalid, JWKS_KEYS_MAX, JwksUrl, KeySource, STATIC_JWKS_MAX_BYTES};

use crate::decide::{Desk, Verdict};
use crate::event::{Event, ProviderKeysObserved, ProviderKeysUriChanged, ProviderKeysUriConfirmed};
use crate::id::ProviderRef;
use crate::rejection::{Rejection, ThingKind};
use crate::state::Provider;

/// A key set as it was read: only keys that can be used, or it may not fit into an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenKeys {
    /// Where.
    pub jwks_uri: JwksUrl,
    /// RFC 7638 thumbprint of each key; 1 to 100.
    pub thumbprints: BTreeSet<String>,
    /// The set as JSON text; at most 64 KiB.
    pub document: String,
}

/// Records a provider's keys where they have changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObserveProviderKeys {
    /// The provider.
    pub provider: ProviderRef,
    /// Its keys. From another address than the pinned one they count only where the provider's
    /// settings let it move them; else the move waits for an administrator.
    pub keys: SeenKeys,
}

/// Lets a provider's keys be read where the provider says that they are now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfirmKeysUri {
    /// The provider.
    pub provider: ProviderRef,
    /// The address that the administrator has seen and means.
    pub jwks_uri: JwksUrl,
}

impl SeenKeys {
    /// The fact that a provider has these keys.
    pub(super) fn observed(&self, provider: &ProviderId) -> Result<Event, Rejection> {
        if !(1..=JWKS_KEYS_MAX).contains(&self.thumbprints.len()) {
            return Err(Invalid::new("/keys", "must be 1 to 100 keys").into());
        }
        if self.document.len() > STATIC_JWKS_MAX_BYTES {
            return Err(Invalid::new("/keys", "has more than 64 KiB").into());
        }
        let fact = ProviderKeysObserved {
            provider: provider.clone(),
            jwks_uri: Some(self.jwks_uri.clone()),
            thumbprints: self.thumbprints.clone(),
            document: self.document.clone(),
        };
        Ok(fact.into())
    }

    fn are_known(&self, provider: &Provider) -> bool {
        provider.keys.observed.as_ref().is_some_and(|seen| {
            (&seen.thumbprints, &seen.document) == (&self.thumbprints, &self.document)
        })
    }
}

impl ObserveProviderKeys {
    pub(super) fn decide(&self, desk: &mut Desk<'_>) -> Verdict {
        let provider = desk.provider(&self.provider)?;
        let found = &self.keys.jwks_uri;
        let follows = match &provider.settings.keys {
            KeySource::Discovery { follow_jwks_uri } => *follow_jwks_uri,
            KeySource::JwksUri { .. } => false,
            KeySource::Static { .. } => {
                let why = "has its keys in its settings";
                return Err(Rejection::state(ThingKind::Provider, &provider.name, why));
            }
        };
        match provider.jwks_uri() {
            Some(pinned) if pinned != found && follows => {
                let moved = ProviderKeysUriConfirmed {
                    provider: provider.id.clone(),
                    jwks_uri: found.clone(),
                };
                Ok(vec![moved.into(), self.keys.observed(&provider.id)?])
            }
            Some(pinned) if pinned != found => self.wait_for_review(provider),
            Some(_) | None if self.keys.are_known(provider) => Ok(Vec::new()),
            Some(_) | None => Ok(vec![self.keys.observed(&provider.id)?]),
        }
    }

    /// Keys at an address that nobody has confirmed are not taken in.
    fn wait_for_review(&self, provider: &Provider) -> Verdict {
        let found = &self.keys.jwks_uri;
        match &provider.settings.keys {
            KeySource::Discovery { .. } if provider.keys.in_review.as_ref() == Some(found) => {
                Ok(Vec::new())
            }
            KeySource::Discovery { .. } => {
                let fact = ProviderKeysUriChanged {
                    provider: provider.id.clone(),
                    jwks_uri: found.clone(),
                };
                Ok(vec![fact.into()])
            }
            KeySource::JwksUri { .. } | KeySource::Static { .. } => {
                let why = "has its keys at another address";
                Err(Rejection::state(ThingKind::Provider, &provider.name, why))
            }
        }
    }
}

impl ConfirmKeysUri {
    pub(super) fn decide(&self, desk: &mut Desk<'_>) -> Verdict {
        let provider = desk.provider(&self.provider)?;
        desk.require(Some(provider.stamp.changed))?;
        if provider.keys.in_review.as_ref() != Some(&self.jwks_uri) {
            let why = "does not say that its keys are there";
            return Err(Rejection::state(ThingKind::Provider, &provider.name, why));
        }
        let fact = ProviderKeysUriConfirmed {
            provider: provider.id.clone(),
            jwks_uri: self.jwks_uri.clone(),
        };
        Ok(vec![fact.into()])
    }
}
