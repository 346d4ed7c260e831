//! Which operations this binary serves, and the parts they need.

use anyhow::Context;
use trilby_access::{Registry, Services};
use trilby_credential::{HashPool, InstallationKeys};
use trilby_service::settings::Settings;

/// Version of the API in its documents; the crates' versions are another matter.
const API_VERSION: &str = "1.0.0";

/// Registers the operations of one service.
type Register = fn(&mut Registry);

const SERVICES: [(&str, &str, Register); 3] = [
    (
        "identity",
        "Accounts, users, groups, policies, applications, organizations.",
        trilby_identity::register,
    ),
    (
        "token",
        "Sessions: login, access keys, assumed roles, revocation.",
        trilby_token::register,
    ),
    (
        "decision",
        "May this principal do this to that: OpenID AuthZEN 1.0.",
        trilby_decision::register,
    ),
];

/// Every operation of the three services.
pub fn registry() -> Registry {
    let mut all = Registry::new();
    for (_, _, register) in SERVICES {
        register(&mut all);
    }
    all
}

/// The OpenAPI document of each service, as pretty JSON with a newline at its end.
pub fn documents() -> anyhow::Result<Vec<(&'static str, String)>> {
    SERVICES
        .into_iter()
        .map(|(name, description, register)| {
            let mut registry = Registry::new();
            register(&mut registry);
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
            let mut text = registry
                .openapi(info)
                .to_pretty_json()
                .context("an API document cannot be written")?;
            text.push('\n');
            Ok((name, text))
        })
        .collect()
}

/// Adds what single services need: keys that hash and sign, and the pool that hashes passwords.
pub fn with_parts(
    services: Services,
    keys: InstallationKeys,
    settings: &Settings,
) -> anyhow::Result<Services> {
    let hashers = match std::num::NonZeroUsize::new(settings.tokens.password_hashers) {
        Some(hashers) => HashPool::new(hashers, settings.tokens.password_queue_max),
        None => HashPool::for_this_host(),
    };
    Ok(services
        .with(keys.peppers)
        .with(keys.keks)
        .with(hashers.context("cannot start the password hashers")?))
}
