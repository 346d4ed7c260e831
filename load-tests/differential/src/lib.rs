//! Asks the engine and the naive evaluator the same questions, and tells where they differ.
//!
//! A case goes to both as it would go to `trilby simulate`: as text. Compared are the decision, the layer that settled it,
//! what each layer says alone, and every statement that matched.

mod run;
mod shape;

pub use run::{Found, Run, run};
pub use shape::{Differs, Shape, difference, of_engine, of_naive};
