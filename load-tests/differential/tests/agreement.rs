//! The engine and the naive evaluator say the same, and a mistake in either is noticed.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "tests"
)]

use std::fs;

use serde_json::Value;
use trilby_differential::{Run, of_engine, of_naive, run};
use trilby_naive::{Fault, Random, generate};

/// Of the short form; the long one is a command.
const CASES: u64 = 20_000;
const SEED: u64 = 20_260_101;
/// How many worked examples there are.
const EXAMPLES: usize = 144;

#[test]
fn both_answer_generated_cases_alike() {
    let found = run(&Run {
        seed: SEED,
        cases: CASES,
        fault: None,
        most: 1,
    });
    if let Some(differs) = found.differences.first() {
        panic!(
            "seed {SEED}, case {}\nengine {}\nnaive  {}",
            differs.case, differs.engine.0, differs.naive.0
        );
    }
    assert_eq!(found.compared, CASES);
    // Each layer can settle a case either way, and all of it comes up.
    for answer in [
        "allow identity",
        "allow resource",
        "explicit_deny rcp",
        "explicit_deny scp",
        "explicit_deny identity",
        "explicit_deny resource",
        "explicit_deny boundary",
        "explicit_deny session",
        "implicit_deny rcp",
        "implicit_deny scp",
        "implicit_deny identity",
        "implicit_deny resource",
        "implicit_deny boundary",
        "implicit_deny session",
    ] {
        let times = found.answers.get(answer).copied().unwrap_or_default();
        assert!(times >= 20, "`{answer}` came {times} times");
    }
}

#[test]
fn every_planted_mistake_is_found() {
    let mut random = Random::new(SEED);
    let cases: Vec<(Value, _)> = (1..=CASES)
        .map(|id| {
            let case = generate::case(&mut random, id);
            let said = of_engine(&case);
            (case, said)
        })
        .collect();
    let unnoticed: Vec<Fault> = Fault::ALL
        .into_iter()
        .filter(|fault| {
            !cases
                .iter()
                .any(|(case, said)| of_naive(case, Some(*fault)) != *said)
        })
        .collect();
    assert!(unnoticed.is_empty(), "nobody noticed {unnoticed:?}");
}

#[test]
fn the_naive_evaluator_answers_the_worked_examples() {
    let folder = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../libs/engine/tests/examples"
    );
    let mut count = 0;
    for file in fs::read_dir(folder).unwrap() {
        for line in fs::read_to_string(file.unwrap().path()).unwrap().lines() {
            let example: Value = serde_json::from_str(line).unwrap();
            let said = of_naive(&example["case"], None);
            assert_eq!(said.0["decision"], example["decision"], "{line}");
            assert_eq!(said, of_engine(&example["case"]), "{line}");
            count += 1;
        }
    }
    assert_eq!(count, EXAMPLES);
}
