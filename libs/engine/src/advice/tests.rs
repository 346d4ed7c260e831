//! Advice on cases whose cure is known, and on a state of accounts: who may see what.

use serde_json::{Value, json};
use trilby_model::json as text;

use super::*;
use crate::simulate::simulate_with_advice;

const ANA: &str = "arn:trilby:iam::111122223333:user/ana";

fn allow(action: &str, condition: Value) -> Value {
    json!({ "document": { "Version": "2012-10-17", "Statement": {
        "Effect": "Allow", "Action": action, "Resource": "*", "Condition": condition } } })
}

fn deny(action: &str, condition: Value) -> Value {
    let mut policy = allow(action, condition);
    policy["document"]["Statement"]["Effect"] = json!("Deny");
    policy
}

fn case(policies: Value) -> Value {
    json!({
        "request": { "principal": ANA, "action": "docs:Read", "resource": "arn:trilby:docs::111122223333:doc/1" },
        "policies": policies,
    })
}

fn advice_within(case: &Value, budget: u64) -> Advice {
    let node = text::parse(&case.to_string()).unwrap();
    let simulation = simulate_with_advice(&node, 1, &mut Budget::of(budget)).unwrap();
    simulation.decision.advice.unwrap()
}

fn advice(case: &Value) -> Advice {
    advice_within(case, COMPARISONS_MAX)
}

/// The additions in short: `key=value`, or `+layer`.
fn short(advice: &Advice) -> Vec<String> {
    let told = |addition: &Addition| match addition {
        Addition::Context { key, value } => {
            format!("{key}={}", serde_json::to_string(value).unwrap())
        }
        Addition::Statement {
            layer,
            level,
            bypass,
            ..
        } => {
            let level = level
                .as_ref()
                .map(|level| format!(":{level}"))
                .unwrap_or_default();
            let bypass = if bypass.is_some() { "!" } else { "" };
            format!("+{}{level}{bypass}", layer.as_str())
        }
    };
    advice.any_of.iter().map(told).collect()
}

fn obstacles(advice: &Advice) -> Vec<String> {
    let told = |o: &Obstacle| format!("{}: {}", o.layer.as_str(), o.message);
    advice.in_the_way.iter().map(told).collect()
}

#[test]
fn what_nothing_allows_is_cured_by_a_statement_on_either_side() {
    let advice = advice(&case(json!({})));
    assert_eq!(short(&advice), ["+identity", "+resource"]);
    assert!(!advice.none_exists && advice.in_the_way.is_empty());
}

#[test]
fn a_missing_key_is_given_the_value_that_is_wanted() {
    for (condition, wanted) in [
        (
            json!({ "StringEquals": { "app:Team": ["red", "blue"] } }),
            r#"app:Team="red""#,
        ),
        (
            json!({ "Bool": { "aws:MultiFactorAuthPresent": "true" } }),
            r#"aws:MultiFactorAuthPresent="true""#,
        ),
        (
            json!({ "NumericLessThan": { "app:n": "10" } }),
            r#"app:n="9""#,
        ),
        (
            json!({ "NumericGreaterThan": { "app:n": 1 }, "NumericLessThan": { "app:n": 2 } }),
            r#"app:n="1.1""#,
        ),
        (
            json!({ "IpAddress": { "aws:SourceIp": "10.1.0.0/16" } }),
            r#"aws:SourceIp="10.1.0.1""#,
        ),
        (
            json!({ "DateGreaterThan": { "app:t": "2026-01-01T00:00:00Z" } }),
            r#"app:t="2026-01-01T00:00:01.000Z""#,
        ),
        (
            json!({ "StringLike": { "app:p": "a*" }, "StringNotLike": { "app:p": "a" } }),
            r#"app:p="az""#,
        ),
        (
            json!({ "StringLike": { "app:p": ["a*"] }, "StringLikeIfExists": { "app:p": ["*b"] } }),
            r#"app:p="ab""#,
        ),
        (
            json!({ "ForAnyValue:StringEquals": { "aws:TagKeys": ["x"] } }),
            r#"aws:TagKeys=["x"]"#,
        ),
        (
            json!({ "StringEquals": { "aws:username": "${app:name}" } }),
            r#"app:name="ana""#,
        ),
        (
            json!({ "Null": { "app:any": "false" } }),
            r#"app:any="true""#,
        ),
        (
            json!({ "ArnLike": { "aws:SourceArn": "arn:trilby:docs:*:1:doc/*" } }),
            r#"aws:SourceArn="arn:trilby:docs:z:1:doc/z""#,
        ),
        (
            json!({ "BinaryEquals": { "app:b": "aGk=" } }),
            r#"app:b="aGk=""#,
        ),
    ] {
        let told = advice(&case(
            json!({ "identity": [allow("docs:Read", condition.clone())] }),
        ));
        assert_eq!(short(&told)[0], wanted, "{condition}");
    }
}

#[test]
fn a_value_that_stands_in_the_resource_is_found() {
    let mut case = case(json!({ "identity": [allow("docs:Read", json!({}))] }));
    case["policies"]["identity"][0]["document"]["Statement"]["Resource"] =
        json!("arn:trilby:docs::111122223333:doc/${app:Doc}");
    assert_eq!(short(&advice(&case))[0], r#"app:Doc="1""#);
}

#[test]
fn a_deny_for_want_of_a_key_is_lifted_by_the_key() {
    let unless_mfa = json!({ "BoolIfExists": { "aws:MultiFactorAuthPresent": "false" } });
    let told = advice(&case(
        json!({ "identity": [allow("*", json!({})), deny("*", unless_mfa)] }),
    ));
    assert_eq!(short(&told), [r#"aws:MultiFactorAuthPresent="true""#]);
}

#[test]
fn what_no_single_addition_cures_says_all_that_is_in_the_way() {
    let told = advice(&case(
        json!({ "boundary": [], "scp": [[allow("*", json!({}))], []] }),
    ));
    assert!(told.any_of.is_empty() && told.none_exists);
    assert_eq!(
        obstacles(&told),
        [
            "scp: no service control policy at level 1 allows it",
            "identity: no identity policy allows it",
            "boundary: the permissions boundary does not allow it",
        ]
    );
    let told = advice(&case(json!({ "identity": [deny("docs:*", json!({}))] })));
    assert!(told.any_of.is_empty() && told.none_exists);
    assert_eq!(
        obstacles(&told),
        [
            "identity: statement 0 of identity policy identity/0 denies it",
            "identity: no identity policy allows it",
        ]
    );
    assert!(told.in_the_way[0].denied_by.is_some());
}

#[test]
fn the_one_shut_level_of_a_chain_is_named() {
    let open = || json!([allow("*", json!({}))]);
    let told = advice(&case(
        json!({ "identity": [allow("*", json!({}))], "scp": [open(), [], open()] }),
    ));
    assert_eq!(short(&told), ["+scp:1"]);
    let told = advice(&case(
        json!({ "identity": [allow("*", json!({}))], "rcp": [[]] }),
    ));
    assert_eq!(short(&told), ["+rcp:0"]);
}

#[test]
fn a_grant_that_no_boundary_caps_is_marked() {
    let told = advice(&case(json!({ "boundary": [] })));
    assert_eq!(short(&told), ["+resource!"]);
}

#[test]
fn what_a_resource_is_called_is_no_pattern() {
    let mut case = case(json!({}));
    case["request"]["resource"] = json!("arn:trilby:docs::111122223333:doc/*${aws:username}?");
    let told = advice(&case);
    let Addition::Statement { statement, .. } = &told.any_of[0] else {
        panic!("{told:?}")
    };
    assert_eq!(
        statement["Resource"],
        "arn:trilby:docs::111122223333:doc/${*}${$}{aws:username}${?}"
    );
}

#[test]
fn without_a_budget_nothing_is_said_to_be_certain() {
    let wanting = json!({ "identity": [allow("docs:Read", json!({ "StringEquals": { "app:Team": "red" } }))], "boundary": [allow("*", json!({}))] });
    let told = advice_within(&case(wanting), 0);
    assert_eq!(short(&told), ["+identity", "+resource"]);
    let two = json!({ "identity": [allow("docs:Read", json!({ "StringEquals": { "app:Team": "red", "app:Unit": "x" } }))], "scp": [[]] });
    let told = advice_within(&case(two), 0);
    assert!(told.any_of.is_empty() && !told.none_exists);
}
