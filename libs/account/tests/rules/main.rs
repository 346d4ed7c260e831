//! The rules of commands, as sentences: given, when, then.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "tests"
)]

mod access_keys;
mod account;
mod applications;
mod boundaries;
mod build;
mod control_policies;
mod deletion;
mod external_ids;
mod grants;
mod groups;
mod organization;
mod organization_members;
mod organization_units;
mod passwords;
mod platform;
mod policies;
mod provider_links;
mod providers;
mod resources;
mod revocations;
mod roles;
mod signing_keys;
mod subject_aliases;
mod tags;
mod trust_in_providers;
mod users;
