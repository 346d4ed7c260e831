//! What each fuzz target does with one input. A target panics where an answer is wrong.
//!
//! The same modules are compiled into the workspace's tests, which replay the kept inputs (`fuzz/seeds`) and those that
//! the worked examples give ([`examples`]).
//!
//! `planted`: one answer is taken to be another than it is, which the fuzzer has to find.

pub mod arn;
pub mod condition;
pub mod document;
pub mod examples;
pub mod glob;
#[cfg(not(test))]
pub mod mutate;
mod naive;
#[cfg(not(test))]
pub mod seeds;
pub mod simulate;

/// Asks about an input; with the flag, of something wrong on purpose.
pub type Target = fn(&str, bool);

/// The targets by name.
pub const TARGETS: [(&str, Target); 5] = [
    ("document", document::run),
    ("arn", arn::run),
    ("glob", glob::run),
    ("condition", condition::run),
    ("simulate", simulate::run),
];
