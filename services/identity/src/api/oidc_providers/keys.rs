//! Reading a provider's keys over the network, for somebody who may change the provider.

use std::sync::Arc;

use trilby_access::Services;
use trilby_account::command::SeenKeys;
use trilby_federation::cache::{KeyCache, VisitError};
use trilby_model::AccountId;
use trilby_model::federation::ProviderSettings;
use trilby_service::problem::{Code, Problem};

/// Whether keys could ever be read with these settings. Nobody is called.
///
/// Errors: `invalid_parameter` at the address that may not be called.
pub fn check(services: &Services, settings: &ProviderSettings) -> Result<(), Problem> {
    let cache = services.part::<Arc<KeyCache>>()?;
    let checked = cache.allows_settings(settings);
    checked.map_err(|uncallable| {
        let pointer = format!("/settings{}", uncallable.setting);
        Problem::invalid(pointer, uncallable.to_string())
    })
}

/// What the issuer shows now.
///
/// Errors: `issuer_keys_unavailable` with what is wrong, never with addresses or what came; `invalid_state` for a
/// provider whose keys are in its settings; `rate_limited` if the account asks too often.
pub async fn visit(
    services: &Services,
    account: AccountId,
    settings: &ProviderSettings,
) -> Result<SeenKeys, Problem> {
    let cache = services.part::<Arc<KeyCache>>()?;
    let visited = cache.visit(account, settings).await;
    let visited = visited.map_err(|error| match error {
        VisitError::Written => Problem::new(Code::InvalidState, error.to_string()),
        VisitError::TooMany => Problem::new(Code::RateLimited, error.to_string()).retry_after(60),
        VisitError::Discovery(_) | VisitError::Keys(_) | VisitError::KeySet(_) => {
            Problem::new(Code::IssuerKeysUnavailable, error.to_string()).retry_after(5)
        }
    })?;
    Ok(SeenKeys {
        jwks_uri: visited.jwks_uri,
        thumbprints: visited.keys.thumbprints().into_iter().collect(),
        document: visited.keys.document().to_owned(),
    })
}
