//! Every kept input of the fuzz targets, and those that the worked examples give, through the targets.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use std::fs;
use std::path::Path;

#[path = "../../../fuzz/src/lib.rs"]
mod fuzz;

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

fn kept(target: &str) -> Vec<String> {
    let file = root().join(format!("fuzz/seeds/{target}.jsonl"));
    let text = fs::read_to_string(&file).unwrap();
    let inputs: Vec<String> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert!(
        inputs.len() >= 100,
        "only {} inputs of {target}",
        inputs.len()
    );
    inputs
}

#[test]
fn every_kept_input_is_answered_right() {
    for (target, run) in fuzz::TARGETS {
        for input in kept(target) {
            run(&input, false);
        }
    }
}

#[test]
fn every_worked_example_is_answered_right() {
    let inputs = fuzz::examples::inputs(root());
    for (target, run) in fuzz::TARGETS {
        let of_target: Vec<&String> = inputs
            .iter()
            .filter(|(name, _)| *name == target)
            .map(|(_, input)| input)
            .collect();
        assert!(
            of_target.len() >= 10,
            "only {} of {target}",
            of_target.len()
        );
        for input in of_target {
            run(input, false);
        }
    }
}
