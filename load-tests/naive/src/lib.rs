//! The rules of evaluation once more, slowly: a second opinion on every answer of the engine.
//!
//! [`decide`] interprets a simulation case from its JSON, [`decide_in_world`] a question with the accounts and
//! organizations it touches. Nothing is compiled, nothing is shared with the engine or the
//! policy crate, and every rule is written the way it is told rather than the way that is fast: wildcards by a table,
//! addresses as strings of bits, numbers as padded digits. [`generate`] makes the cases that both are asked.
//!
//! What this crate must not know: the engine, the policy crate, and how either of them matches anything.
//!
//! A case is taken to be valid; what a validator refuses is nobody's question here.

mod caller;
mod combine;
mod compare;
mod condition;
mod context;
mod date;
mod decide;
mod fault;
pub mod generate;
mod glob;
mod number;
mod pattern;
mod principal;
mod random;
mod seats;
mod seen;
mod statement;
mod world;

pub use decide::{
    Answer, Matched, decide, decide_in_world, decide_in_world_wrongly, decide_wrongly,
};
pub use fault::Fault;
pub use random::Random;
pub use seen::Seen;
