//! One file per endpoint.

mod body;
mod decisions;
mod evaluation;
mod evaluations;
mod metadata;
mod question;
mod simulate;

pub(crate) use decisions::{GetDecision, ListDecisions};
pub(crate) use evaluation::{Evaluate, EvaluateInAccount};
pub(crate) use evaluations::{EvaluateBatch, EvaluateBatchInAccount};
pub(crate) use metadata::{GetAccountMetadata, GetMetadata};
pub(crate) use simulate::Simulate;
