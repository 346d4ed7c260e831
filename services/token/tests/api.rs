//! The token service from outside: its operations over HTTP, on a store in memory.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "tests"
)]

#[path = "api/assumable_roles.rs"]
mod assumable_roles;
#[path = "api/assume_role.rs"]
mod assume_role;
#[path = "api/client_credentials.rs"]
mod client_credentials;
#[path = "api/console_login.rs"]
mod console_login;
#[path = "api/documents.rs"]
mod documents;
#[path = "api/facts.rs"]
mod facts;
#[path = "api/federated_sessions.rs"]
mod federated_sessions;
#[path = "api/introspection.rs"]
mod introspection;
#[path = "api/matrix.rs"]
mod matrix;
#[path = "api/member.rs"]
mod member;
#[path = "api/nonces.rs"]
mod nonces;
#[path = "api/outside.rs"]
mod outside;
#[path = "api/pages.rs"]
mod pages;
#[path = "api/password.rs"]
mod password;
#[path = "api/provider_claims.rs"]
mod provider_claims;
#[path = "api/provider_keys.rs"]
mod provider_keys;
#[path = "api/provider_links.rs"]
mod provider_links;
#[path = "api/refusals.rs"]
mod refusals;
#[path = "api/revocations.rs"]
mod revocations;
#[path = "api/role_maps.rs"]
mod role_maps;
#[path = "api/session_policies.rs"]
mod session_policies;
#[path = "api/session_tags.rs"]
mod session_tags;
#[path = "api/simulate_web_identity.rs"]
mod simulate_web_identity;
#[path = "api/web_identity.rs"]
mod web_identity;
#[path = "api/world.rs"]
mod world;
