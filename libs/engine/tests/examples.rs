//! The worked examples of evaluation, as cases of the simulator: one file per subject, one case a line.
//!
//! What each comes to, and the layer that settles it, stands in `verdicts.tsv`, told from the rules and not from answers.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "tests"
)]

use std::collections::BTreeMap;
use std::fs;

use trilby_engine::simulate::{self, Answer};
use trilby_model::json::{self, Node};

/// How many there are: a file that is not read would otherwise go unnoticed.
const EXAMPLES: usize = 144;

/// What an example comes to, and why.
struct Verdict {
    decision: String,
    layer: String,
    because: String,
}

/// By the example's id.
fn verdicts() -> BTreeMap<String, Verdict> {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/verdicts.tsv");
    let text = fs::read_to_string(file).unwrap();
    let mut verdicts = BTreeMap::new();
    for line in text.lines().skip(1) {
        let [id, decision, layer, because] = line.split('\t').collect::<Vec<_>>()[..] else {
            panic!("`{line}` has not four columns");
        };
        let verdict = Verdict {
            decision: decision.to_owned(),
            layer: layer.to_owned(),
            because: because.to_owned(),
        };
        assert!(
            verdicts.insert(id.to_owned(), verdict).is_none(),
            "{id} is there twice"
        );
    }
    verdicts
}

struct Example {
    id: String,
    says: String,
    decision: String,
    case: Node,
}

fn examples() -> Vec<Example> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/examples");
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    let read = |line: &str| {
        let node = json::parse(line).unwrap_or_else(|error| panic!("{error} in {line}"));
        let text = |name: &str| node.get(name).and_then(Node::as_str).unwrap().to_owned();
        let case = node.get("case").unwrap().clone();
        Example {
            id: case.get("id").and_then(Node::as_str).unwrap().to_owned(),
            says: text("says"),
            decision: text("decision"),
            case,
        }
    };
    files
        .iter()
        .flat_map(|file| {
            fs::read_to_string(file)
                .unwrap()
                .lines()
                .map(read)
                .collect::<Vec<_>>()
        })
        .collect()
}

#[test]
fn worked_examples_come_out_as_specified() {
    let examples = examples();
    let verdicts = verdicts();
    let mut ids: Vec<&str> = examples.iter().map(|example| example.id.as_str()).collect();
    ids.sort_unstable();
    assert_eq!(
        (ids.len(), ids),
        (EXAMPLES, verdicts.keys().map(String::as_str).collect()),
        "each example once, and a verdict for each"
    );

    let mut wrong = Vec::new();
    for example in &examples {
        let verdict = &verdicts[&example.id];
        assert_eq!(example.decision, verdict.decision, "{}", example.id);
        let wanted = format!("{} by {}", verdict.decision, verdict.layer);
        let got = match simulate::answer(&example.case, 0) {
            Answer::Decided(decided) => {
                format!(
                    "{} by {}",
                    decided.decision.as_str(),
                    decided.layer.as_str()
                )
            }
            Answer::Failed(failed) => format!(
                "error {} at {}: {}",
                failed.error.code, failed.error.path, failed.error.message
            ),
        };
        if got != wanted {
            wrong.push(format!(
                "{} ({}): {got}, not {wanted}: {}\n{}",
                example.id,
                example.says,
                verdict.because,
                simulate::explain_text(&example.case, 0)
            ));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {EXAMPLES} differ:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[test]
fn every_example_can_be_explained_in_full() {
    for example in examples() {
        let simulation = simulate::simulate(&example.case, 0).unwrap();
        let trace = simulation.decision.at_level(trilby_engine::Explain::Trace);
        assert_eq!(trace["decision"], *example.decision, "{}", example.id);
        assert!(
            trace["message"]
                .as_str()
                .unwrap()
                .contains(if example.decision == "allow" {
                    " may "
                } else {
                    " may not "
                }),
            "{}",
            example.id
        );
        let deciding = trace["deciding"].as_array().unwrap().len();
        match example.decision.as_str() {
            "implicit_deny" => assert!(
                deciding == 0 && !trace["unmet"].as_array().unwrap().is_empty(),
                "{}",
                example.id
            ),
            "explicit_deny" => assert!(deciding > 0, "{}", example.id),
            // A root user needs no statement in its own account.
            _ => assert!(deciding > 0 || example.id == "O09", "{}", example.id),
        }
    }
}
