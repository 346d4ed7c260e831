//! A row of generated cases.

use std::collections::BTreeMap;

use serde_json::Value;
use trilby_naive::{Fault, Random, generate};

use crate::shape::{Differs, difference, of_naive};

/// What to run.
#[derive(Clone, Copy, Debug)]
pub struct Run {
    /// Of the generator; the same seed makes the same cases.
    pub seed: u64,
    /// How many cases.
    pub cases: u64,
    /// A mistake to plant in the naive evaluator.
    pub fault: Option<Fault>,
    /// Stops after so many differences.
    pub most: usize,
}

/// What a run found.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// How many cases were compared.
    pub compared: u64,
    /// How often each answer of the naive evaluator came, by decision and layer.
    pub answers: BTreeMap<String, u64>,
    /// The differences.
    pub differences: Vec<Differs>,
}

/// Compares case by case.
#[must_use]
pub fn run(run: &Run) -> Found {
    let mut random = Random::new(run.seed);
    let mut found = Found::default();
    for id in 1..=run.cases {
        let case = generate::case(&mut random, id);
        found.compared += 1;
        let said = of_naive(&case, None).0;
        let word = |name: &str| said.get(name).and_then(Value::as_str).unwrap_or("?");
        let answer = format!("{} {}", word("decision"), word("layer"));
        *found.answers.entry(answer).or_default() += 1;
        found.differences.extend(difference(&case, run.fault));
        if found.differences.len() >= run.most {
            break;
        }
    }
    found
}
