//! The policy language: what a document may say, and when one of its statements covers a request.
//!
//! Text becomes a [`Document`] in one step that checks everything and compiles everything: patterns
//! are tokenised, condition values are typed, variables are split out. What is left for the moment of
//! a decision is comparing: [`ActionElement::covers`], [`ResourceElement::covers`],
//! [`Condition::evaluate`].
//!
//! What this crate must not know: who asks, where policies are kept, how layers combine. A principal
//! element is parsed and kept here, but only the engine knows what a caller's chain of identities is.
//!
//! Invariants:
//! * A `Document` in hand passed every rule of its [`Kind`]; there is no half-checked document.
//! * `parse(canonical(d)) == d`; white space, lone values for lists and member order leave no trace.
//! * Nothing here reads a clock, random numbers or the environment.

#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::as_conversions,
        reason = "tests"
    )
)]

mod action;
pub mod actions;
mod codes;
pub mod condition;
mod context;
mod document;
mod finding;
pub mod keys;
mod kind;
pub mod limits;
mod lint;
mod parse;
pub mod pattern;
mod principal;
mod resource;
mod statement;
pub mod trust;

pub use action::{ActionElement, ActionPattern, ActionPatternError};
pub use codes::CODES;
pub use condition::{Condition, ConditionFailure, ConditionOutcome, TypeMismatch};
pub use context::{Context, ContextError, ContextValue, Keys};
pub use document::{Document, Version};
pub use finding::{Finding, Severity};
pub use kind::{Grammar, Kind};
pub use lint::{Catalogue, lint, lint_attached, lint_catalogue};
pub use principal::{AwsPrincipal, PrincipalElement, PrincipalSet};
pub use resource::ResourceElement;
pub use statement::{Effect, Statement};
