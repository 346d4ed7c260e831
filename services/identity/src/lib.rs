//! Accounts, users, groups, policies, organizations: the admin API.
//!
//! [`register`] adds its operations to a registry. Each is one file below `api`: who may call, what comes in, which
//! command it becomes, what goes out. The rules are `libs/account`'s, the rights are the engine's.
//! [`register_operator`] adds those of the operator's port. [`bootstrap`] makes the ticket that opens an empty installation.
//!
//! What this crate must not know: which backend holds the log, and the other services.

#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        reason = "tests"
    )
)]

mod api;
pub mod bootstrap;
mod documents;
mod escalation;
mod filters;
mod hashing;
mod names;
mod passwords;
mod register_federation;
mod register_people;
mod register_policies;
mod segment;
mod written;

use trilby_access::Registry;

use api::operator;

/// Adds the operations of this service.
pub fn register(registry: &mut Registry) {
    register_people::register(registry);
    register_policies::register(registry);
    register_federation::register(registry);
}

/// Adds the operations for the operator of the installation, which are served on a port of their own.
pub fn register_operator(registry: &mut Registry) {
    registry
        .add::<operator::SuspendAnyAccount>()
        .add::<operator::ResumeAccount>();
}
