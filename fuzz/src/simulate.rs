//! Cases of the simulator: the engine against the naive evaluator, and against itself with the statements in another order.
//!
//! Input: a case, as JSON.

use serde_json::Value;
use trilby_differential::{Shape, ask_naive, of_engine, of_naive};
use trilby_engine::simulate::{Answer, answer_text, explain_text};
use trilby_model::json;

/// The naive evaluator is slow.
const BYTES_MAX: usize = 8_192;
/// Digits and places of a number that the naive evaluator keeps.
const DIGITS_MAX: usize = 100;

pub fn run(input: &str, planted: bool) {
    let answer = answer_text(input, 1);
    assert!(serde_json::to_string(&answer).is_ok());
    if let Ok(node) = json::parse(input) {
        assert!(!explain_text(&node, 1).is_empty());
    }
    if matches!(answer, Answer::Failed(_)) {
        return;
    }
    // Through a value, so that both see the same digits.
    let case: Value = serde_json::from_str(input).expect("what was read is JSON");
    let mut engine = of_engine(&case);
    if engine.0.get("error").is_some() {
        return;
    }
    if planted && input.contains("IfExists") && input.contains("ForAllValues:") {
        engine.0["decision"] = Value::from("explicit_deny");
    }
    if input.len() <= BYTES_MAX && is_comparable(&case.to_string()) {
        assert_eq!(engine, of_naive(&ask_naive(&case, None)), "{input}");
    }
    let (Shape(straight), Shape(turned)) = (&engine, of_engine(&turned(case)));
    for said in ["decision", "layer", "layers"] {
        assert_eq!(
            turned[said], straight[said],
            "{said} in another order: {input}"
        );
    }
}

/// The case with the statements of each document in the opposite order.
fn turned(case: Value) -> Value {
    match case {
        Value::Object(members) => {
            let members = members.into_iter().map(|(name, value)| {
                let value = match (name.as_str(), turned(value)) {
                    ("Statement", Value::Array(items)) => items.into_iter().rev().collect(),
                    (_, value) => value,
                };
                (name, value)
            });
            Value::Object(members.collect())
        }
        Value::Array(items) => items.into_iter().map(turned).collect(),
        other => other,
    }
}

/// Whether the naive evaluator reads everything of a case as the language says: it keeps few digits, and ends a variable
/// at the first brace, also in a default.
pub fn is_comparable(case: &str) -> bool {
    let digits = case.split(|c: char| !c.is_ascii_digit());
    let short = digits.map(str::len).all(|n| n <= DIGITS_MAX);
    let exponents = case.split(['e', 'E']).skip(1).all(|after| {
        let after = after.trim_start_matches(['+', '-']);
        after.bytes().take_while(u8::is_ascii_digit).count() <= 2
    });
    let defaults = case
        .split(", '")
        .skip(1)
        .filter_map(|after| after.split('\'').next())
        .all(|default| !default.contains('}'));
    short && exponents && defaults
}
