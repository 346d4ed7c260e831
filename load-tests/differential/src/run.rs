//! A row of generated questions.

use std::thread;

use anyhow::{Context as _, anyhow};
use serde_json::Value;
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
    /// How many threads share the work.
    pub jobs: u64,
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

impl Run {
    /// A case and its world, whatever came before.
    #[must_use]
    pub fn question(&self, id: u64) -> (Value, Value) {
        let mut random = Random::of(self.seed, id);
        let case = generate::case(&mut random, id);
        let world = generate::world(&mut random, &case);
        (case, world)
    }
}

/// Compares question by question: on a case the simulator with the naive evaluator, in a world the decision with the naive
/// evaluator and the decision into a buffer with the decision.
///
/// # Errors
/// A world was generated that is none.
pub fn run(run: &Run) -> anyhow::Result<Found> {
    let jobs = run.jobs.max(1);
    let parts = thread::scope(|scope| {
        let started: Vec<_> = (0..jobs)
            .map(|first| scope.spawn(move || part(run, first + 1, jobs)))
            .collect();
        started
            .into_iter()
            .map(|part| part.join())
            .collect::<Vec<_>>()
    });
    let mut found = Found::default();
    for part in parts {
        let part = part.map_err(|_| anyhow!("a thread gave up"))??;
        found.compared += part.compared;
        found.census.add(&part.census);
        found.differences.extend(part.differences);
    }
    Ok(found)
}

/// Every so many of the cases, from this one on.
fn part(run: &Run, first: u64, step: u64) -> anyhow::Result<Found> {
    let mut found = Found::default();
    let mut id = first;
    while id <= run.cases && found.differences.len() < run.most {
        let (case, world) = run.question(id);
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
        id += step;
    }
    Ok(found)
}
