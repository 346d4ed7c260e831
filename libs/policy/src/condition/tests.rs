use serde_json::json;

use super::*;
use crate::context::Context;
use crate::document::Document;
use crate::kind::{Grammar, Kind};

fn condition(value: &serde_json::Value) -> Condition {
    let document = json!({ "Version": "2012-10-17", "Statement": {
        "Effect": "Allow", "Action": "*", "Resource": "*", "Condition": value
    } });
    Document::from_value(&document, Kind::Identity, &Grammar::stored())
        .unwrap()
        .statements
        .remove(0)
        .condition
}

#[test]
fn a_failure_tells_operator_key_and_both_sides() {
    let condition = condition(&json!({
        "NumericEquals": { "app:n": [5, 6] }, "StringEquals": { "app:ok": "a" }
    }));
    let context: Context = [("app:n", "five"), ("app:ok", "a")].into_iter().collect();
    let outcome = condition.evaluate(&context);
    assert!(!outcome.holds);
    assert_eq!(
        outcome.failures,
        [ConditionFailure {
            operator: "NumericEquals".into(),
            key: "app:n".into(),
            wanted: vec!["5".into(), "6".into()],
            got: Some("five".into()),
            type_mismatch: true,
            missing: vec![],
        }]
    );
    assert_eq!(outcome.missing, Vec::<String>::new());
    assert!(!outcome.failed_for_missing_keys_alone());
}

#[test]
fn missing_keys_are_told_once_as_the_policy_spells_them() {
    let condition = condition(&json!({
        "StringEquals": { "sts:ExternalId": "x", "app:team": "${aws:PrincipalTag/Team}" },
        "StringLike": { "STS:externalid": "x*" },
        "StringNotEquals": { "app:other": "z" }
    }));
    let context: Context = [("app:team", "a")].into_iter().collect();
    let outcome = condition.evaluate(&context);
    let mut missing = outcome.missing.clone();
    missing.sort();
    assert_eq!(missing, ["aws:PrincipalTag/Team", "sts:ExternalId"]);
    assert!(outcome.failed_for_missing_keys_alone());

    let context: Context = [("app:team", "a"), ("app:other", "z")]
        .into_iter()
        .collect();
    assert!(!condition.evaluate(&context).failed_for_missing_keys_alone());
}

#[test]
fn presence_that_was_not_wanted_is_no_missing_key() {
    let condition = condition(&json!({ "Null": { "app:k": "true" } }));
    let context: Context = [("app:k", "a")].into_iter().collect();
    let outcome = condition.evaluate(&context);
    assert!(!outcome.holds);
    assert!(outcome.missing.is_empty());
}

#[test]
fn a_condition_that_holds_reports_nothing_but_its_mismatches() {
    let condition = condition(&json!({ "NumericNotEquals": { "app:n": 5 } }));
    let context: Context = [("app:n", "five")].into_iter().collect();
    let outcome = condition.evaluate(&context);
    assert!(outcome.holds && outcome.failures.is_empty() && outcome.missing.is_empty());
    assert_eq!(
        condition.type_mismatches(&context),
        [TypeMismatch {
            operator: "NumericNotEquals".into(),
            key: "app:n".into(),
            value: "five".into()
        }]
    );
}

#[test]
fn every_operator_name_reads_back() {
    for prefix in ["", "ForAllValues:", "ForAnyValue:"] {
        for suffix in ["", "IfExists"] {
            for base in [
                "StringEquals",
                "StringNotEqualsIgnoreCase",
                "NumericLessThanEquals",
                "DateGreaterThan",
                "Bool",
                "BinaryEquals",
                "NotIpAddress",
                "ArnNotLike",
            ] {
                let name = format!("{prefix}{base}{suffix}");
                assert_eq!(Operator::parse(&name).unwrap().to_string(), name);
            }
        }
    }
    assert_eq!(Operator::parse("Null").unwrap().to_string(), "Null");
}

#[test]
fn operators_and_keys_in_any_order_are_one_condition() {
    let a = condition(&json!({ "Bool": { "a:x": true }, "Null": { "a:y": true, "a:z": true } }));
    let text = r#"{"Null":{"A:Z":"true","a:y":"true"},"Bool":{"a:x":"true"}}"#;
    let b = condition(&serde_json::from_str(text).unwrap());
    assert_eq!(a, b);
    assert_ne!(a, condition(&json!({ "Bool": { "a:x": true } })));
}

#[test]
fn an_arn_compared_as_text_is_one_in_both_of_the_twin_partitions() {
    let held = |operator: &str, key: &str, wanted: &str, value: &str| {
        let condition = condition(&json!({ operator: { key: wanted } }));
        condition.holds(&[(key, value)].into_iter().collect::<Context>())
    };
    let root = "arn:trilby:iam::111111111111:root";
    for (operator, wanted, value, fits) in [
        ("StringLike", "arn:aws:iam::*:root", root, true),
        ("StringLike", "arn:*:iam::*:root", root, true),
        ("StringLike", "*:aws:*", root, true),
        ("StringLike", "arn:aws:iam::*:user/*", root, false),
        ("StringLike", "arn:aws-cn:iam::*:root", root, false),
        ("StringEquals", "arn:aws:iam::111111111111:root", root, true),
        (
            "StringEquals",
            "ARN:aws:iam::111111111111:root",
            root,
            false,
        ),
        (
            "StringEqualsIgnoreCase",
            "ARN:AWS:iam::111111111111:ROOT",
            root,
            true,
        ),
        ("StringEquals", root, "arn:aws:iam::111111111111:root", true),
        ("StringEquals", "arn:trilby:x", "arn:aws:x", true),
        ("StringEquals", "arn:trilbyx:x", "arn:awsx:x", false),
        ("StringEquals", "arn:trilby", "arn:aws", false),
        // Other partitions are compared as they stand.
        (
            "StringEquals",
            "arn:aws:iam::111111111111:root",
            "arn:aws-cn:iam::111111111111:root",
            false,
        ),
    ] {
        let negated = operator
            .replace("StringEquals", "StringNotEquals")
            .replace("StringLike", "StringNotLike");
        for key in [
            "aws:PrincipalArn",
            "aws:SourceArn",
            "iam:PolicyARN",
            "aws:FederatedProvider",
        ] {
            assert_eq!(
                held(operator, key, wanted, value),
                fits,
                "{operator} {wanted} {value}"
            );
            assert_eq!(
                held(&negated, key, wanted, value),
                !fits,
                "{negated} {wanted} {value}"
            );
            for set in ["ForAllValues:", "ForAnyValue:"] {
                assert_eq!(held(&format!("{set}{operator}"), key, wanted, value), fits);
                assert_eq!(held(&format!("{set}{negated}"), key, wanted, value), !fits);
            }
        }
    }
    // A variable brings in either spelling.
    let condition =
        condition(&json!({ "StringEquals": { "aws:SourceArn": "${aws:PrincipalArn}" } }));
    let context: Context = [
        ("aws:SourceArn", "arn:aws:iam::111111111111:root"),
        ("aws:PrincipalArn", root),
    ]
    .into_iter()
    .collect();
    assert!(condition.holds(&context));
    // Of other keys a text is a text.
    assert!(!held(
        "StringEquals",
        "app:owner",
        "arn:aws:x",
        "arn:trilby:x"
    ));
    assert!(held(
        "StringNotEquals",
        "aws:username",
        "arn:aws:x",
        "arn:trilby:x"
    ));
    // Length makes no difference.
    let long = "x".repeat(3_000);
    let (ours, theirs) = (format!("arn:trilby:{long}"), format!("arn:aws:{long}"));
    assert!(held("StringEquals", "aws:SourceArn", &theirs, &ours));
}
