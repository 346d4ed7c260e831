//! Which operations this binary serves, and the parts they need.

use std::sync::Arc;

use anyhow::Context;
use trilby_access::{Registry, Services};
use trilby_credential::password::Params;
use trilby_credential::password::rules::RefusedPasswords;
use trilby_credential::{HashPool, InstallationKeys};
use trilby_decision::DecisionParts;
use trilby_federation::cache::KeyCache;
use trilby_federation::fetch::{Fetch, GuardedFetch, SystemResolver};
use trilby_federation::guard::{Guard, PrivateHost};
use trilby_service::settings::Settings;
use trilby_token::TokenParts;

/// Version of the API in its documents; the crates' versions are another matter.
const API_VERSION: &str = "1.0.0";

/// The operations of one service.
type Operations = fn() -> Registry;

const SERVICES: [(&str, &str, Operations); 3] = [
    (
        "identity",
        "Accounts, users, groups, policies, applications, organizations.",
        identity,
    ),
    (
        "token",
        "Sessions: login, access keys, assumed roles, revocation.",
        trilby_token::registry,
    ),
    (
        "decision",
        "May this principal do this to that: OpenID AuthZEN 1.0.",
        decision,
    ),
];

fn identity() -> Registry {
    let mut registry = Registry::new();
    trilby_identity::register(&mut registry);
    registry
}

fn decision() -> Registry {
    let mut registry = Registry::new();
    trilby_decision::register(&mut registry);
    registry
}

/// Every operation of the three services.
pub fn registry() -> Registry {
    SERVICES
        .into_iter()
        .fold(Registry::new(), |all, (_, _, operations)| {
            all.and(operations())
        })
}

/// The OpenAPI document of each service, as pretty JSON with a newline at its end.
pub fn documents() -> anyhow::Result<Vec<(&'static str, String)>> {
    SERVICES
        .into_iter()
        .map(|(name, description, operations)| {
            let info = utoipa::openapi::InfoBuilder::new()
                .title(format!("Trilby {name}"))
                .version(API_VERSION)
                .description(Some(description))
                .license(Some(
                    utoipa::openapi::LicenseBuilder::new()
                        .name("Apache-2.0")
                        .identifier(Some("Apache-2.0"))
                        .build(),
                ))
                .build();
            let mut text = operations()
                .openapi(info)
                .to_pretty_json()
                .context("an API document cannot be written")?;
            text.push('\n');
            Ok((name, text))
        })
        .collect()
}

/// Adds what single services need: keys that hash and sign, the pool that hashes passwords,
/// and the keys of identity providers, read through the outbound guard.
pub fn with_parts(
    services: Services,
    keys: InstallationKeys,
    settings: &Settings,
) -> anyhow::Result<Services> {
    let hashers = match std::num::NonZeroUsize::new(settings.tokens.password_hashers) {
        Some(hashers) => HashPool::new(hashers, settings.tokens.password_queue_max),
        None => HashPool::for_this_host(),
    };
    let decisions = DecisionParts::start(Arc::clone(services.log()))
        .context("cannot start the writer of decision records")?;
    let fetch = issuers(settings);
    let clock = Arc::clone(services.clock());
    let provider_keys = KeyCache::new(Arc::clone(&fetch), Arc::new(move || clock.now()));
    let token = TokenParts::new(
        keys.keks,
        keys.store.claim_key(),
        Arc::clone(&provider_keys),
    );
    Ok(services
        .with(keys.peppers)
        .with(Params::default())
        .with(RefusedPasswords::shipped())
        .with(hashers.context("cannot start the password hashers")?)
        .with(decisions)
        .with(fetch)
        .with(provider_keys)
        .with(token))
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
