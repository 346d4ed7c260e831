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
use trilby_differential::{
    Run, ask_naive, ask_naive_in_world, difference_in_world, of_engine, of_naive,
    of_naive_in_world, run,
};
use trilby_naive::Fault;

/// Of the short form; the long one is a command.
const CASES: u64 = 6_000;
/// By then the rarest mistake has been met.
const CASES_MAX: u64 = 40_000;
const SEED: u64 = 20_260_101;
/// How many worked examples there are.
const EXAMPLES: usize = 144;

/// What must come up, and how often at least.
const KINDS: [(&str, u64); 27] = [
    ("principal user", 1_400),
    ("principal role_session", 850),
    ("principal federated_user", 350),
    ("principal root", 300),
    ("principal service", 150),
    ("principal web_identity", 150),
    ("principal anonymous", 150),
    ("relation same_account", 1_400),
    ("relation cross_account", 1_050),
    ("relation trust", 500),
    ("NotPrincipal", 150),
    ("NotPrincipal, exempt", 35),
    ("a document without variables", 950),
    ("a null variable", 650),
    ("a value of no such type", 95),
    ("a key that is missing", 300),
    ("by explicit_deny rcp", 45),
    ("by explicit_deny scp", 35),
    ("by explicit_deny identity", 100),
    ("by explicit_deny resource", 55),
    ("by explicit_deny boundary", 30),
    ("by explicit_deny session", 9),
    ("by implicit_deny rcp", 100),
    ("by implicit_deny scp", 85),
    ("by implicit_deny resource", 900),
    ("by implicit_deny boundary", 55),
    ("by implicit_deny session", 60),
];

#[test]
fn both_answer_generated_questions_alike() {
    let found = run(&Run {
        seed: SEED,
        cases: CASES,
        fault: None,
        most: 1,
        jobs: 2,
    })
    .unwrap();
    if let Some(differs) = found.differences.first() {
        panic!(
            "seed {SEED}, asked {}\nengine {}\nother  {}",
            differs.case, differs.engine.0, differs.other.0
        );
    }
    assert_eq!(found.compared, CASES);
    let census = &found.census;
    for of in ["case", "world"] {
        for (kind, least) in KINDS {
            let kind = format!("{of}: {kind}");
            let came = census.of(&kind).total();
            assert!(came >= least, "`{kind}` came {came} times\n{census}");
        }
        // Whoever asks is allowed at times and denied at times, either way.
        for (kind, _) in KINDS.iter().filter(|(kind, _)| !kind.starts_with("by ")) {
            let tally = census.of(&format!("{of}: {kind}"));
            let answered = [tally.allow, tally.explicit, tally.implicit];
            assert!(
                answered.iter().all(|times| *times >= 3),
                "`{of}: {kind}`\n{census}"
            );
        }
        for by in ["identity", "resource"] {
            assert!(census.of(&format!("{of}: by allow {by}")).allow > 150);
        }
    }
    for (kind, least) in [
        ("bypass direct_resource_grant", 20),
        ("bypass root_repair", 2),
        ("by error ", 20),
    ] {
        let came = census.of(&format!("world: {kind}")).total();
        assert!(came >= least, "`{kind}` came {came} times\n{census}");
    }
}

#[test]
fn every_planted_mistake_is_found() {
    let run = Run {
        seed: SEED,
        cases: CASES_MAX,
        fault: None,
        most: 1,
        jobs: 1,
    };
    let mut unnoticed: Vec<Fault> = Fault::OF_CASES
        .into_iter()
        .chain(Fault::OF_WORLDS)
        .collect();
    for id in 1..=CASES_MAX {
        let (case, world) = run.question(id);
        let said = of_engine(&case);
        let right = ask_naive_in_world(&world, None);
        unnoticed.retain(|fault| {
            if Fault::OF_CASES.contains(fault) {
                return of_naive(&ask_naive(&case, Some(*fault))) == said;
            }
            // Asking the engine takes time, and where the mistake changes nothing there is nothing to notice.
            let wrong = ask_naive_in_world(&world, Some(*fault));
            of_naive_in_world(&wrong) == of_naive_in_world(&right)
                || difference_in_world(&world, &wrong).unwrap().is_none()
        });
        if unnoticed.is_empty() {
            return;
        }
    }
    panic!("nobody noticed {unnoticed:?}");
}

#[test]
fn the_naive_evaluator_answers_the_worked_examples() {
    let folder = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../libs/engine/tests/examples"
    );
    let verdicts = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../libs/engine/tests/verdicts.tsv"
    );
    let verdicts = fs::read_to_string(verdicts).unwrap();
    let verdict = |id: &str| {
        let mut columns = verdicts
            .lines()
            .map(|line| line.split('\t'))
            .find(|columns| columns.clone().next() == Some(id))
            .unwrap()
            .skip(1);
        (columns.next().unwrap(), columns.next().unwrap())
    };
    let mut count = 0;
    for file in fs::read_dir(folder).unwrap() {
        for line in fs::read_to_string(file.unwrap().path()).unwrap().lines() {
            let example: Value = serde_json::from_str(line).unwrap();
            let answer = ask_naive(&example["case"], None);
            let wanted = verdict(example["case"]["id"].as_str().unwrap());
            assert_eq!((answer.decision, answer.layer), wanted, "{line}");
            assert_eq!(of_naive(&answer), of_engine(&example["case"]), "{line}");
            count += 1;
        }
    }
    assert_eq!(count, EXAMPLES);
}
