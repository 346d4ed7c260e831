//! Properties of single statements: lone values are lists of one, case of actions and keys is nothing,
//! a negated operator is the opposite of the positive one; and reading what was written.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use proptest::prelude::*;
use serde_json::{Value, json};
use trilby_model::{Action, Arn};
use trilby_policy::{Context, ContextValue, Document, Effect, Grammar, Kind, Statement};

/// Pairs of an operator and its negation, each with values it can read.
const PAIRS: &[(&str, &str, &[&str])] = &[
    (
        "StringEquals",
        "StringNotEquals",
        &["a", "A", "b*", "", "${app:v}"],
    ),
    (
        "StringEqualsIgnoreCase",
        "StringNotEqualsIgnoreCase",
        &["a", "A", "ä", "${app:v}"],
    ),
    (
        "StringLike",
        "StringNotLike",
        &["a", "a*", "?", "*", "${app:v}*"],
    ),
    (
        "NumericEquals",
        "NumericNotEquals",
        &["1", "1.0", "-2", "1e2"],
    ),
    (
        "DateEquals",
        "DateNotEquals",
        &["2026", "1700000000", "2026-01-01T00:00:00Z"],
    ),
    (
        "IpAddress",
        "NotIpAddress",
        &["10.0.0.0/8", "2001:db8::/32", "10.0.0.1"],
    ),
    (
        "ArnEquals",
        "ArnNotEquals",
        &["arn:aws:s3:::a", "arn:aws:s3:::*", "*"],
    ),
    (
        "ArnLike",
        "ArnNotLike",
        &["arn:aws:s3:::a", "arn:trilby:*:::a?", "${app:v}"],
    ),
];

fn request_value() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::sample::select(vec![
            "a",
            "A",
            "ab",
            "",
            "*",
            "1",
            "1.00",
            "100",
            "-2",
            "2026",
            "1700000000",
            "10.0.0.1",
            "2001:db8::1",
            "arn:aws:s3:::a",
            "arn:trilby:s3:::ab",
            "five",
            "Ä",
            "true",
        ])
        .prop_map(str::to_owned),
        "[ -~]{0,6}",
    ]
}

fn context(value: Option<ContextValue>) -> Context {
    let mut context = Context::new();
    if let Some(value) = value {
        context.insert("app:k", value);
    }
    context.insert("app:v", "a");
    context
}

fn statement(value: &Value) -> Statement {
    let document = json!({ "Version": "2012-10-17", "Statement": value });
    Document::from_value(&document, Kind::Identity, &Grammar::stored())
        .unwrap_or_else(|findings| panic!("{value}: {findings:?}"))
        .statements
        .remove(0)
}

fn conditioned(operator: &str, key: &str, values: Value) -> Statement {
    statement(&json!({
        "Effect": "Allow", "Action": "*", "Resource": "*", "Condition": { operator: { key: values } }
    }))
}

fn case_flipped(text: &str, flips: &[bool]) -> String {
    text.chars()
        .zip(flips.iter().cycle())
        .map(|(c, flip)| match (flip, c.is_ascii_lowercase()) {
            (true, true) => c.to_ascii_uppercase(),
            (true, false) => c.to_ascii_lowercase(),
            (false, _) => c,
        })
        .collect()
}

fn covers(statement: &Statement, action: &str, resource: &str, context: &Context) -> bool {
    let action: Action = action.parse().unwrap();
    let resource: Arn = resource.parse().unwrap();
    let element = statement.resource.as_ref().unwrap();
    statement.action.covers(&action)
        && element.covers(&resource, statement.effect, context)
        && statement.condition.holds(context)
}

proptest! {
    #[test]
    fn a_negated_operator_is_the_opposite_for_a_scalar(
        pair in prop::sample::select(PAIRS),
        chosen in prop::collection::vec(any::<prop::sample::Index>(), 1..4),
        value in request_value(),
        if_exists in any::<bool>(),
    ) {
        let (positive, negated, values) = pair;
        let suffix = if if_exists { "IfExists" } else { "" };
        let values: Vec<&str> = chosen.iter().map(|index| *index.get(values)).collect();
        let context = context(Some(ContextValue::Scalar(value)));
        let positive = conditioned(&format!("{positive}{suffix}"), "app:k", json!(values));
        let negated = conditioned(&format!("{negated}{suffix}"), "app:k", json!(values));
        prop_assert_ne!(positive.condition.holds(&context), negated.condition.holds(&context));
    }

    #[test]
    fn holding_and_evaluating_agree(
        pair in prop::sample::select(PAIRS),
        prefix in prop::sample::select(vec!["", "ForAllValues:", "ForAnyValue:"]),
        value in prop::option::of(prop_oneof![
            request_value().prop_map(ContextValue::Scalar),
            prop::collection::vec(request_value(), 0..3).prop_map(ContextValue::List),
        ]),
    ) {
        let context = context(value);
        let condition = conditioned(&format!("{prefix}{}", pair.0), "app:k", json!(pair.2)).condition;
        let outcome = condition.evaluate(&context);
        prop_assert_eq!(outcome.holds, condition.holds(&context));
        prop_assert_eq!(outcome.holds, outcome.failures.is_empty());
    }

    #[test]
    fn a_lone_value_is_a_list_of_one(
        action in "app:[A-Za-z*?]{1,6}",
        resource in "arn:aws:app:::[a-c/*?]{1,6}",
        value in "[a-z*]{0,4}",
    ) {
        let lone = json!({
            "Effect": "Deny", "Action": action, "Resource": resource,
            "Condition": { "StringLike": { "app:k": value } }
        });
        let listed = json!([{
            "Effect": "Deny", "Action": [action], "Resource": [resource],
            "Condition": { "StringLike": { "app:k": [value] } }
        }]);
        prop_assert_eq!(statement(&lone), statement(&listed));
    }

    #[test]
    fn case_of_actions_and_keys_is_nothing(
        flips in prop::collection::vec(any::<bool>(), 1..8),
        name in "[A-Za-z]{1,6}",
        pattern in "[A-Za-z*?]{1,6}",
        value in "[ab]{0,2}",
    ) {
        let read = |pattern: &str, key: &str| statement(&json!({
            "Effect": "Allow", "Action": pattern, "Resource": "arn:aws:app:::x",
            "Condition": { "StringEquals": { key: "a" } }
        }));
        let pattern = format!("app:{pattern}");
        let action = format!("app:{name}");
        let plain = read(&pattern, "app:k");
        let flipped = read(&case_flipped(&pattern, &flips), &case_flipped("app:k", &flips));
        let context = context(Some(ContextValue::Scalar(value)));
        prop_assert_eq!(
            covers(&plain, &action, "arn:aws:app:::x", &context),
            covers(&flipped, &case_flipped(&action, &flips), "arn:aws:app:::x", &context)
        );
    }

    #[test]
    fn case_of_a_resource_is_everything(name in "[a-z]{1,6}", flips in prop::collection::vec(any::<bool>(), 1..6)) {
        let read = statement(&json!({
            "Effect": "Allow", "Action": "*", "Resource": format!("arn:aws:app:::{name}")
        }));
        let other = case_flipped(&name, &flips);
        prop_assert_eq!(
            covers(&read, "app:Read", &format!("arn:aws:app:::{other}"), &Context::new()),
            other == name
        );
    }

    #[test]
    fn what_is_written_reads_back(
        allow in any::<bool>(),
        actions in prop::collection::vec("app:[A-Za-z*?]{1,5}", 1..3),
        resources in prop::collection::vec("arn:aws:app:::[a-z/*?]{1,5}(\\$\\{app:v\\})?", 1..3),
        not_action in any::<bool>(),
        not_resource in any::<bool>(),
        pair in prop::sample::select(PAIRS),
        everyone in any::<bool>(),
    ) {
        let principal = if everyone { json!("*") } else { json!({ "AWS": "111111111111" }) };
        let action = if not_action { "NotAction" } else { "Action" };
        let resource = if not_resource { "NotResource" } else { "Resource" };
        let value = json!({ "Version": "2012-10-17", "Id": "x", "Statement": {
            "Sid": "One", "Effect": if allow { "Allow" } else { "Deny" }, "Principal": principal,
            action: actions, resource: resources,
            "Condition": { pair.0: { "app:k": pair.2 }, pair.1: { "app:l": pair.2[0] } }
        } });
        let document = Document::from_value(&value, Kind::Resource, &Grammar::stored()).unwrap();
        let text = document.canonical();
        let again = Document::parse(&text, Kind::Resource, &Grammar::stored()).unwrap();
        prop_assert_eq!(&again, &document);
        prop_assert_eq!(again.canonical(), text);
    }

    #[test]
    fn nothing_makes_the_reader_fall_over(text in ".{0,200}", cut in any::<prop::sample::Index>()) {
        let good = json!({ "Version": "2012-10-17", "Statement": [{
            "Effect": Effect::Allow, "Principal": { "AWS": ["111111111111"] }, "Action": ["app:*"],
            "Resource": ["arn:aws:app:::${app:v, 'x'}"], "Condition": { "DateLessThan": { "app:k": "2026-01-01" } }
        }] })
        .to_string();
        let at = cut.index(good.len());
        for kind in [Kind::Identity, Kind::Resource, Kind::Trust, Kind::Rcp] {
            for candidate in [text.clone(), format!("{}{text}{}", &good[..at], &good[at..])] {
                if let Err(findings) = Document::parse(&candidate, kind, &Grammar::stored()) {
                    prop_assert!(!findings.is_empty());
                }
            }
        }
    }
}
