//! Which operations this binary serves, and the parts they need.

use std::sync::Arc;

use anyhow::{Context, bail};
use trilby_access::{Registry, Services};
use trilby_credential::HashPool;
use trilby_credential::password::Params;
use trilby_credential::password::rules::RefusedPasswords;
use trilby_decision::DecisionParts;
use trilby_federation::cache::KeyCache;
use trilby_federation::fetch::{Fetch, GuardedFetch, SystemResolver};
use trilby_federation::guard::{Guard, PrivateHost};
use trilby_service::settings::Settings;
use trilby_token::TokenParts;

use crate::keys::Keys;
use crate::role::Role;
use crate::store::Store;

/// Version of the API in its documents; the crates' versions are another matter.
const API_VERSION: &str = "1.0.0";

/// The document of the operator's port.
const OPERATOR: &str = "operator";
const ABOUT_OPERATOR: &str = "The operator's port: accounts out of service and back.";

/// Every operation of these services.
pub fn registry(roles: &[Role]) -> Registry {
    roles
        .iter()
        .fold(Registry::new(), |all, role| all.and(role.operations()))
}

/// The operations of the services that are not among these, each with its service.
pub fn elsewhere(roles: &[Role]) -> Vec<(&'static str, Registry)> {
    let others = Role::ALL.iter().filter(|role| !roles.contains(role));
    others
        .map(|role| (role.name(), role.operations()))
        .collect()
}

/// What these services serve on the operator's port.
pub fn operator(roles: &[Role]) -> Registry {
    roles.iter().fold(Registry::new(), |all, role| {
        all.and(role.operator_operations())
    })
}

/// The OpenAPI document of each of these services and of their part of the operator's port, as pretty JSON with a newline
/// at its end.
pub fn documents(roles: &[Role]) -> anyhow::Result<Vec<(&'static str, String)>> {
    let services = roles
        .iter()
        .map(|role| (role.name(), role.about(), role.operations()));
    let operator = operator(roles);
    let operator = (!operator.rows().is_empty()).then_some((OPERATOR, ABOUT_OPERATOR, operator));
    services
        .chain(operator)
        .map(|(name, about, operations)| Ok((name, document(name, about, &operations)?)))
        .collect()
}

fn document(name: &str, about: &str, operations: &Registry) -> anyhow::Result<String> {
    let info = utoipa::openapi::InfoBuilder::new()
        .title(format!("Trilby {name}"))
        .version(API_VERSION)
        .description(Some(about))
        .license(Some(
            utoipa::openapi::LicenseBuilder::new()
                .name("Apache-2.0")
                .identifier(Some("Apache-2.0"))
                .build(),
        ))
        .build();
    let mut text = operations
        .openapi(info)
        .to_pretty_json()
        .context("an API document cannot be written")?;
    text.push('\n');
    Ok(text)
}

/// Adds what these services need besides what every service has, each its own. A role gets no part of another.
pub fn with_parts(
    services: Services,
    roles: &[Role],
    keys: Keys,
    store: &Store,
    settings: &Settings,
) -> anyhow::Result<Services> {
    let claim_key = keys.store.claim_key();
    let services = match keys.peppers {
        Some(peppers) => with_passwords(services.with(peppers), settings)?,
        None => services,
    };
    let has = |role| roles.contains(&role);
    let (services, provider_keys) = match has(Role::Identity) || has(Role::Token) {
        true => with_issuers(services, settings),
        false => (services, None),
    };
    let services = match (has(Role::Token), keys.keks, provider_keys) {
        (true, Some(keks), Some(provider_keys)) => {
            services.with(TokenParts::new(keks, claim_key, provider_keys))
        }
        (true, _, _) => bail!("the token service has no KEK"),
        (false, _, _) => services,
    };
    let waiting_bytes_max = settings.decisions.records_mib.saturating_mul(1024 * 1024);
    Ok(match has(Role::Decision) {
        true => services.with(
            DecisionParts::start(Arc::clone(&store.decisions), waiting_bytes_max)
                .context("cannot start the writer of decision records")?,
        ),
        false => services,
    })
}

/// What checks and makes passwords.
fn with_passwords(services: Services, settings: &Settings) -> anyhow::Result<Services> {
    let hashers = match std::num::NonZeroUsize::new(settings.tokens.password_hashers) {
        Some(hashers) => HashPool::new(hashers, settings.tokens.password_queue_max),
        None => HashPool::for_this_host(),
    };
    Ok(services
        .with(Params::default())
        .with(RefusedPasswords::shipped())
        .with(hashers.context("cannot start the password hashers")?))
}

/// The keys of identity providers, read through the outbound guard.
fn with_issuers(services: Services, settings: &Settings) -> (Services, Option<Arc<KeyCache>>) {
    let fetch = issuers(settings);
    let clock = Arc::clone(services.clock());
    let keys = KeyCache::new(Arc::clone(&fetch), Arc::new(move || clock.now()));
    let services = services.with(fetch).with(Arc::clone(&keys));
    (services, Some(keys))
}

/// The one way to outside issuers: the public web by https, and what the operator has set beside it.
fn issuers(settings: &Settings) -> Arc<dyn Fetch> {
    let private = settings.tokens.private_issuer_hosts.iter();
    let private = private.map(|host| PrivateHost {
        host: host.host.clone(),
        port: host.port,
        addresses: host.addresses.iter().copied().collect(),
        http: host.http,
    });
    let guard = Guard::new(private.collect());
    Arc::new(GuardedFetch::new(guard, Arc::new(SystemResolver)))
}
