//! Asks the engine and the naive evaluator the same questions, and tells where they differ.
//!
//! A case goes to both as it would go to `trilby simulate`: as text. Compared are the decision, the layer that settled it,
//! what each layer says alone, every statement that matched, and the keys that were missing. Then the same is asked in a
//! world: of the accounts and organizations that a decision stands on, compiled as the directory compiles them. There the
//! decision into a buffer is compared with the decision too, with its notes.

mod census;
mod run;
mod shape;
mod world;

pub use census::{Census, Tally};
pub use run::{Found, Run, run};
pub use shape::{
    Differs, Shape, ask_naive, ask_naive_in_world, difference, difference_in_world, of_engine,
    of_naive, of_naive_in_world,
};
pub use world::World;
