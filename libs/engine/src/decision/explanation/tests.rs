use serde_json::{Value, json};

use super::*;
use crate::simulate;

fn decided(case: &Value) -> Decision {
    simulate::simulate(&trilby_model::json::parse(&case.to_string()).unwrap(), 1)
        .unwrap()
        .decision
}

fn case(context: &Value, policies: &Value) -> Value {
    json!({
        "request": {
            "principal": "arn:aws:iam::111111111111:user/alice",
            "action": "app:Read",
            "resource": "arn:aws:app::111111111111:doc/1",
            "context": context,
        },
        "policies": policies,
    })
}

fn document(statements: &Value) -> Value {
    json!({ "Version": "2012-10-17", "Statement": statements })
}

fn members(value: &Value) -> Vec<&str> {
    value
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect()
}

#[test]
fn each_level_has_the_members_of_the_one_before() {
    let policies = json!({ "identity": [{ "name": "p", "document": document(&json!([{ "Effect": "Allow", "Action": "*", "Resource": "*" }])) }] });
    let decision = decided(&case(&json!({}), &policies));
    let levels =
        [Explain::Reason, Explain::Explain, Explain::Trace].map(|level| decision.at_level(level));
    assert_eq!(members(&levels[0]), ["decision", "layer"]);
    for pair in levels.windows(2) {
        for member in members(&pair[0]) {
            assert_eq!(pair[0][member], pair[1][member], "{member}");
        }
    }
    for member in [
        "matched",
        "layers",
        "missing_context",
        "policy_language",
        "relation",
        "deciding",
        "unmet",
        "message",
    ] {
        assert!(members(&levels[1]).contains(&member), "{member}");
    }
    for member in [
        "levels",
        "resource_classes",
        "near_misses",
        "missing_context_detail",
        "type_mismatches",
        "resolved_variables",
    ] {
        assert!(
            members(&levels[2]).contains(&member) && !members(&levels[1]).contains(&member),
            "{member}"
        );
    }
}

#[test]
fn the_deciding_statement_is_named_by_policy_index_and_sid() {
    let statements = json!([
        { "Sid": "Writing", "Effect": "Allow", "Action": "app:Write", "Resource": "*" },
        { "Sid": "Reading", "Effect": "Allow", "Action": "app:Read", "Resource": "*" },
    ]);
    let decision = decided(&case(
        &json!({}),
        &json!({ "identity": [{ "name": "docs", "document": document(&statements) }] }),
    ));
    let told = decision.at_level(Explain::Explain);
    assert_eq!(
        told["deciding"],
        json!([{ "policy": "docs", "kind": "identity", "statement": 1, "sid": "Reading", "effect": "Allow" }])
    );
    assert_eq!(
        told["message"],
        "user alice may app:Read on arn:aws:app::111111111111:doc/1: statement 1 (Reading) of identity policy docs allows it"
    );
}

#[test]
fn all_denies_decide() {
    let deny = document(&json!([{ "Effect": "Deny", "Action": "*", "Resource": "*" }]));
    let policies = json!({
        "identity": [{ "name": "a", "document": deny }, { "name": "b", "document": document(&json!([{ "Effect": "Allow", "Action": "*", "Resource": "*" }])) }],
        "boundary": [{ "name": "c", "document": deny }],
    });
    let decision = decided(&case(&json!({}), &policies));
    let names: Vec<&str> = decision
        .deciding
        .iter()
        .map(|statement| statement.policy())
        .collect();
    assert_eq!(names, ["a", "c"]);
    assert_eq!(decision.layer, LayerKind::Identity);
}

#[test]
fn an_allow_rests_on_one_statement_of_each_gate_it_passed() {
    let allow = |name: &str| json!({ "name": name, "document": document(&json!([{ "Effect": "Allow", "Action": "*", "Resource": "*" }])) });
    let policies = json!({
        "identity": [allow("first"), allow("second")],
        "boundary": [allow("boundary")],
        "scp": [[allow("root")], [allow("unit"), allow("unit2")]],
    });
    let decision = decided(&case(&json!({}), &policies));
    let names: Vec<&str> = decision
        .deciding
        .iter()
        .map(|statement| statement.policy())
        .collect();
    assert_eq!(names, ["first", "boundary", "root", "unit"]);
    assert_eq!(decision.matched.len(), 6);
    let levels: Vec<Option<&str>> = decision
        .matched
        .iter()
        .map(|statement| statement.level())
        .collect();
    assert_eq!(levels[..3], [Some("0"), Some("1"), Some("1")]);
}

#[test]
fn a_missing_key_is_told_with_what_it_could_change() {
    let statements = json!([
        { "Effect": "Allow", "Action": "app:Read", "Resource": "*", "Condition": { "StringEquals": { "app:team": "red" } } },
        { "Effect": "Allow", "Action": "app:Read", "Resource": "*", "Condition": { "StringEquals": { "app:floor": "1", "app:room": "2" } } },
        { "Effect": "Allow", "Action": "app:Read", "Resource": "*", "Condition": { "StringEquals": { "app:door": "3", "app:color": "x" } } },
    ]);
    let decision = decided(&case(
        &json!({ "app:color": "y" }),
        &json!({ "identity": [{ "name": "p", "document": document(&statements) }] }),
    ));
    let missing: Vec<&str> = decision.missing_context().collect();
    assert_eq!(
        missing,
        ["app:team", "app:floor", "app:room"],
        "a door would not help while the color is wrong"
    );
    let told = decision.at_level(Explain::Trace);
    let could: Vec<bool> = told["missing_context_detail"]
        .as_array()
        .unwrap()
        .iter()
        .map(|key| key["could_change_decision"].as_bool().unwrap())
        .collect();
    assert_eq!(could, [true, false, false], "floor and room only together");
}

#[test]
fn near_misses_are_allows_first_and_at_most_twenty() {
    let blocked = |effect: &str, value: usize| json!({ "Effect": effect, "Action": "app:Read", "Resource": "*", "Condition": { "StringEquals": { "app:team": value.to_string() } } });
    let statements: Vec<Value> = (0..15)
        .map(|n| blocked("Deny", n))
        .chain((0..15).map(|n| blocked("Allow", n)))
        .collect();
    let decision = decided(&case(
        &json!({ "app:team": "none" }),
        &json!({ "identity": [{ "name": "p", "document": document(&json!(statements)) }] }),
    ));
    let told = decision.at_level(Explain::Trace);
    let misses = told["near_misses"].as_array().unwrap();
    assert_eq!(misses.len(), 20);
    assert!(
        misses[..15]
            .iter()
            .all(|miss| miss["statement"]["effect"] == "Allow")
    );
    assert_eq!(misses[0]["failed"], "condition");
    assert_eq!(
        misses[0]["detail"],
        json!([{ "operator": "StringEquals", "key": "app:team", "wanted": ["0"], "got": "none" }])
    );
}

#[test]
fn a_near_miss_on_the_principal_tells_who_was_meant() {
    let policies = json!({ "resource": { "name": "r", "document": document(&json!([{ "Effect": "Allow", "Principal": { "AWS": "arn:aws:iam::111111111111:user/bob" }, "Action": "*" }])) } });
    let told = decided(&case(&json!({}), &policies)).at_level(Explain::Trace);
    assert_eq!(told["near_misses"][0]["failed"], "principal");
    assert_eq!(
        told["near_misses"][0]["detail"],
        json!([{ "wanted": ["arn:aws:iam::111111111111:user/bob"], "got": "arn:aws:iam::111111111111:user/alice" }])
    );
}

#[test]
fn values_that_cannot_be_read_and_variables_are_told() {
    let statements = json!([{
        "Effect": "Allow", "Action": "app:Read", "Resource": "*",
        "Condition": { "NumericLessThan": { "app:size": "10" }, "StringEquals": { "app:owner": "${aws:username}" } },
    }]);
    let told = decided(&case(
        &json!({ "app:size": "big", "app:owner": "alice" }),
        &json!({ "identity": [{ "name": "p", "document": document(&statements) }] }),
    ))
    .at_level(Explain::Trace);
    assert_eq!(
        told["type_mismatches"],
        json!([{ "key": "app:size", "value": "big", "operator": "NumericLessThan" }])
    );
    assert_eq!(
        told["resolved_variables"],
        json!({ "aws:username": "alice" })
    );
}

#[test]
fn a_grant_that_steps_around_a_boundary_says_so() {
    let policies = json!({
        "resource": { "name": "r", "document": document(&json!([{ "Effect": "Allow", "Principal": { "AWS": "arn:aws:iam::111111111111:user/alice" }, "Action": "*" }])) },
        "boundary": [],
    });
    let told = decided(&case(&json!({}), &policies)).at_level(Explain::Trace);
    assert_eq!(
        (told["decision"].as_str(), told["bypass"].as_str()),
        (Some("allow"), Some("direct_resource_grant"))
    );
    assert_eq!(
        told["resource_classes"],
        json!({ "direct": true, "entity": false, "account": false })
    );
    assert_eq!(told["deciding"][0]["class"], "direct");
}

#[test]
fn the_position_is_told_where_it_is_known() {
    let decision = decided(&case(&json!({}), &json!({})));
    let token = "111111111111@7".parse().unwrap();
    let told = serde_json::to_value(decision.explanation(Explain::Explain, Some(&token))).unwrap();
    assert_eq!(told["seq"], "111111111111@7");
    assert!(decision.at_level(Explain::Explain).get("seq").is_none());
}

#[test]
fn levels_are_read_by_their_names() {
    assert_eq!("trace".parse(), Ok(Explain::Trace));
    assert_eq!("Trace".parse::<Explain>(), Err(ExplainError));
}
