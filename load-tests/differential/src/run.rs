//! A row of generated questions.

use anyhow::Context as _;
use trilby_naive::{Fault, Random, generate};

use crate::census::Census;
use crate::shape::{Differs, ask_naive, ask_naive_in_world, difference, difference_in_world};

/// What to run.
#[derive(Clone, Copy, Debug)]
pub struct Run {
    /// Of the generator; the same seed makes the same questions.
    pub seed: u64,
    /// How many cases. Each is asked again in a world.
    pub cases: u64,
    /// A mistake to plant in the naive evaluator.
    pub fault: Option<Fault>,
    /// Stops after so many differences.
    pub most: usize,
}

/// What a run found.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// How many cases were compared, and so many worlds.
    pub compared: u64,
    /// What they were, and how they were answered.
    pub census: Census,
    /// The differences.
    pub differences: Vec<Differs>,
}

/// Compares question by question: on a case the simulator with the naive evaluator, in a world the decision with the naive
/// evaluator and the decision into a buffer with the decision.
///
/// # Errors
/// A world was generated that is none.
pub fn run(run: &Run) -> anyhow::Result<Found> {
    let mut random = Random::new(run.seed);
    let mut found = Found::default();
    for id in 1..=run.cases {
        let case = generate::case(&mut random, id);
        let world = generate::world(&mut random, &case);
        found.compared += 1;

        let naive = ask_naive(&case, run.fault);
        found.census.count_case(&case, &naive);
        found.differences.extend(difference(&case, &naive));

        let naive = ask_naive_in_world(&world, run.fault);
        found.census.count_world(&world, &naive);
        let differs = difference_in_world(&world, &naive);
        let differs =
            differs.with_context(|| format!("case {id} of seed {}: {world}", run.seed))?;
        found.differences.extend(differs);

        if found.differences.len() >= run.most {
            break;
        }
    }
    Ok(found)
}
