//! From policies and a request to a decision with its reason.
//!
//! [`decide`] collects the layers that bear on a request from the compiled form of at most two accounts and their
//! organizations; [`evaluate`] combines layers into a [`Decision`]. Both are pure: no clock, no randomness, no waiting.
//! [`simulate`] asks the same question of policies that exist nowhere but in the case itself.
//!
//! What this crate must not know: tokens, storage, networks, and how an account came to be what it is.
//!
//! Invariants:
//! * Without an Allow the answer is no; a matching Deny in any layer beats every Allow.
//! * What cannot be evaluated is an [`Error`], never an Allow.
//! * Named principals of stored policies are matched by unique id, so a name made again inherits nothing.

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

mod account;
mod advice;
mod arn_text;
mod bind;
mod code;
mod compiled;
pub mod context;
mod decide;
mod decision;
mod effort;
mod error;
mod evaluate;
mod filter;
mod formula;
mod gates;
mod layer;
mod matching;
mod message;
mod note;
mod organization;
mod principal;
mod quick;
mod ready;
mod request;
pub mod simulate;
mod table;
mod tally;
mod trace;
mod values;

pub use account::{Account, AccountBuilder, Named, RegisteredResource, Role, User};
pub use advice::{Addition, Advice, Budget, Obstacle, Reader, decide_with_advice};
pub use compiled::{CompiledPolicy, Resolution};
pub use decide::{Worlds, decide};
pub use decision::{
    Brief, Bypass, Decision, Detail, Explain, ExplainError, Explanation, LayerVerdicts,
    LevelVerdict, Levels, MissingKey, NearMiss, NearMissReason, Outcome, Relation, ResourceClasses,
    StatementRef, Visible,
};
pub use effort::{STEPS_MAX, takes_too_long};
pub use error::Error;
pub use evaluate::{evaluate, evaluate_into};
pub use gates::{Gate, Gates};
pub use layer::{LayerKind, Layers, Level, Standing, Verdict};
pub use matching::Class;
pub use note::{Answered, KeyNames, Noted, Notes, Ruled, Sink};
pub use organization::{Organization, OrganizationBuilder, Position};
pub use principal::{FederatedUser, Principal, RoleSession, RootUser, SessionFacts, UserPrincipal};
pub use quick::decide_into;
pub use ready::Ready;
pub use request::{Precedence, Request, Resource, TagPrecedence};
