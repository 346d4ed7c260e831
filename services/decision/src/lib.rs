//! The decision service: may this session do this to that?
//!
//! [`register`] adds its operations to a registry: evaluation and batch of OpenID AuthZEN 1.0, their metadata, the simulation of
//! self-contained cases, and the record of what was decided. Every answer is `engine::decide` on states the directory gives; nothing here combines policies.
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
mod authzen;
mod parts;
mod record;

pub use parts::DecisionParts;
pub use record::is_record;
use trilby_access::Registry;

/// Adds the operations of this service.
pub fn register(registry: &mut Registry) {
    registry
        .add::<api::Evaluate>()
        .add::<api::EvaluateBatch>()
        .add::<api::EvaluateInAccount>()
        .add::<api::EvaluateBatchInAccount>()
        .add::<api::GetMetadata>()
        .add::<api::GetAccountMetadata>()
        .add::<api::Simulate>()
        .add::<api::ListDecisions>()
        .add::<api::GetDecision>();
}
