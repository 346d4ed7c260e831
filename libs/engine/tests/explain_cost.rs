//! Explaining takes time in proportion to what is asked, however it is made.
//!
//! The limits are far above what each case takes, and far below what it would take if the work grew with the square.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "tests"
)]

use std::time::Duration;

use serde_json::{Map, Value, json};
use trilby_engine::simulate::simulate_with_advice;
use trilby_engine::{Budget, Decision, Explain};
use trilby_model::json as text;

const LIMIT: Duration = Duration::from_secs(10);

/// Time that this thread had a processor; where that is not told, time.
fn clock() -> Duration {
    let stat = std::fs::read_to_string("/proc/thread-self/stat").unwrap_or_default();
    // After the name in brackets, user and system time are the 12th and 13th field, in hundredths of a second.
    let after = stat.rsplit(')').next().unwrap_or_default();
    let fields: Vec<u64> = after
        .split(' ')
        .skip(12)
        .take(2)
        .flat_map(str::parse)
        .collect();
    match fields.as_slice() {
        [user, system] => Duration::from_millis((user + system) * 10),
        _ => std::time::UNIX_EPOCH.elapsed().unwrap_or_default(),
    }
}

fn explain(policies: &Value, context: &Value) -> Decision {
    let case = json!({
        "request": { "principal": "arn:aws:iam::111122223333:user/ana", "action": "docs:Read",
            "resource": "arn:aws:docs::111122223333:doc/1", "context": context },
        "policies": policies,
    });
    let node = text::parse(&case.to_string()).unwrap();
    let begun = clock();
    let simulation = simulate_with_advice(&node, 1, &mut Budget::default()).unwrap();
    let told = simulation.decision.at_level(Explain::Trace);
    let taken = clock().saturating_sub(begun);
    assert!(taken < LIMIT, "{taken:?}");
    assert!(told["would_allow_if"].is_object());
    simulation.decision
}

fn statement(effect: &str, condition: Value) -> Value {
    json!({ "Effect": effect, "Action": "docs:*", "Resource": "*", "Condition": condition })
}

fn document(statements: Vec<Value>) -> Value {
    json!([{ "document": { "Version": "2012-10-17", "Statement": statements } }])
}

#[test]
fn many_statements_that_each_miss_a_key() {
    let statements = (0..20_000)
        .map(|n| {
            statement(
                "Allow",
                json!({ "StringEquals": { format!("app:k{n}"): "x" } }),
            )
        })
        .collect();
    let decision = explain(
        &json!({ "identity": document(statements), "scp": [[]] }),
        &json!({}),
    );
    assert_eq!(decision.missing_keys.len(), 20_000);
    assert_eq!(decision.near_misses.len(), 20);
}

#[test]
fn many_statements_that_all_miss_the_same_keys() {
    let keys: Map<String, Value> = (0..20).map(|n| (format!("app:k{n}"), json!("x"))).collect();
    let statements = (0..3_000)
        .map(|_| statement("Deny", json!({ "StringNotEquals": keys })))
        .collect();
    let decision = explain(&json!({ "identity": document(statements) }), &json!({}));
    assert_eq!(decision.matched.len(), 3_000);
    assert_eq!(decision.advice.unwrap().in_the_way.len(), 20);
}

#[test]
fn many_values_that_cannot_be_read() {
    let statements = (0..2_000)
        .map(|n| {
            statement(
                "Allow",
                json!({ "ForAnyValue:NumericEquals": { "app:n": n } }),
            )
        })
        .collect();
    let values: Vec<String> = (0..500).map(|n| format!("no number {n}")).collect();
    explain(
        &json!({ "identity": document(statements) }),
        &json!({ "app:n": values }),
    );
}

#[test]
fn one_long_value_that_many_tests_got() {
    let operators = [
        "StringLike",
        "StringEquals",
        "StringEqualsIgnoreCase",
        "ForAnyValue:StringLike",
        "ForAnyValue:StringEquals",
    ];
    let tests: Map<String, Value> = operators
        .iter()
        .map(|operator| ((*operator).to_owned(), json!({ "app:v": "x" })))
        .collect();
    let statements: Vec<Value> = (0..2_000)
        .map(|_| statement("Allow", json!(tests)))
        .collect();
    for value in [json!("a".repeat(30_000)), json!(vec!["aaaa"; 1_000])] {
        let policies = json!({ "identity": document(statements.clone()) });
        let told = explain(&policies, &json!({ "app:v": value })).at_level(Explain::Trace);
        let got = told["near_misses"][0]["detail"][0]["got"].to_string();
        assert!(got.contains('…'), "{got}");
        let near_misses = told["near_misses"].to_string();
        assert!(near_misses.len() < 200_000, "{}", near_misses.len());
    }
}

#[test]
fn patterns_made_to_be_slow() {
    let slow = "*a".repeat(400);
    let statements = (0..200)
        .map(|n| {
            let patterns: Vec<String> = (0..10).map(|m| format!("{slow}*{n}-{m}")).collect();
            statement(
                "Allow",
                json!({ "StringLike": { "app:p": patterns }, "StringNotLike": { "app:p": "*" } }),
            )
        })
        .collect();
    let told = explain(
        &json!({ "identity": document(statements), "boundary": [] }),
        &json!({}),
    );
    assert!(!told.advice.unwrap().none_exists, "that much was not tried");
}

#[test]
fn one_key_that_everything_waits_for() {
    let statements = (0..5_000)
        .map(|n| {
            let limits =
                json!({ "NumericGreaterThan": { "app:n": n }, "NumericLessThan": { "app:n": n } });
            statement("Allow", limits)
        })
        .collect();
    explain(&json!({ "identity": document(statements) }), &json!({}));
}

#[test]
fn a_chain_of_more_levels_than_any_tree_has_is_refused() {
    let case = json!({
        "request": { "principal": { "anonymous": true }, "action": "docs:Read" },
        "policies": { "rcp": vec![json!([]); 65] },
    });
    let node = text::parse(&case.to_string()).unwrap();
    let failed = simulate_with_advice(&node, 1, &mut Budget::default()).unwrap_err();
    assert_eq!(failed.error.path, "/policies/rcp");
}
