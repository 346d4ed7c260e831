//! The identity service from outside: its operations over HTTP, on a store in memory.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "tests"
)]

#[path = "api/access_keys.rs"]
mod access_keys;
#[path = "api/accounts.rs"]
mod accounts;
#[path = "api/bootstrap.rs"]
mod bootstrap;
#[path = "api/boundaries.rs"]
mod boundaries;
#[path = "api/escalation_paths.rs"]
mod escalation_paths;
#[path = "api/external_ids.rs"]
mod external_ids;
#[path = "api/groups.rs"]
mod groups;
#[path = "api/guards.rs"]
mod guards;
#[path = "api/login_profile.rs"]
mod login_profile;
#[path = "api/oidc_provider_links.rs"]
mod oidc_provider_links;
#[path = "api/oidc_providers.rs"]
mod oidc_providers;
#[path = "api/role_maps.rs"]
mod role_maps;
#[path = "api/roles.rs"]
mod roles;
#[path = "api/settings.rs"]
mod settings;
#[path = "api/tags.rs"]
mod tags;
#[path = "api/users.rs"]
mod users;
#[path = "api/world.rs"]
mod world;
