use serde_json::{Value, json};

use super::*;

fn passes(claim: &str, op: &str, value: Value) -> bool {
    let claims = json!({
        "sub": "ana", "groups": ["eng", "eng-admins"], "n": 5, "f": 5.5, "big": u64::MAX, "yes": true, "text_yes": "true",
        "nothing": null, "realm": { "roles": ["a"] }, "empty": [], "repo": "repo:acme/site:ref:refs/heads/main",
    });
    let test = if value.is_null() {
        json!({ "claim": claim, "op": op })
    } else {
        json!({ "claim": claim, "op": op, "value": value })
    };
    holds(
        &serde_json::from_value(test).unwrap(),
        claims.as_object().unwrap(),
    )
}

#[test]
fn each_op_tests_what_it_says() {
    for (claim, op, value, expected) in [
        ("sub", "equals", json!("ana"), true),
        ("sub", "equals", json!("Ana"), false),
        ("n", "equals", json!("5"), false),
        ("groups", "equals", json!("eng"), true),
        ("groups", "not_equals", json!("ops"), true),
        ("groups", "not_equals", json!("eng"), false),
        ("groups", "one_of", json!(["ops", "eng"]), true),
        ("groups", "one_of", json!(["ops"]), false),
        ("sub", "starts_with", json!("an"), true),
        ("sub", "starts_with", json!("na"), false),
        ("sub", "ends_with", json!("na"), true),
        ("sub", "ends_with", json!("an"), false),
        ("groups", "contains", json!("eng"), true),
        ("groups", "contains", json!("en"), false),
        ("sub", "contains", json!("ana"), false),
        ("sub", "contains_text", json!("n"), true),
        ("groups", "contains_text", json!("admin"), true),
        (
            "repo",
            "glob",
            json!("repo:acme/*:ref:refs/heads/main"),
            true,
        ),
        (
            "repo",
            "glob",
            json!("repo:acme/*:ref:refs/heads/ma"),
            false,
        ),
        ("repo", "glob", json!("repo:acme/????:*"), true),
        ("repo", "glob", json!("repo:acme/???:*"), false),
        ("sub", "glob", json!("*"), true),
        ("sub", "glob", json!("an*na"), false),
        ("sub", "glob", json!("?na"), true),
        ("sub", "exists", json!(null), true),
        ("empty", "exists", json!(null), true),
        ("nothing", "exists", json!(null), false),
        ("nothing", "not_exists", json!(null), true),
        ("absent", "not_exists", json!(null), true),
        ("n", "number_ge", json!(5), true),
        ("n", "number_ge", json!(6), false),
        ("f", "number_ge", json!(5), true),
        ("f", "number_le", json!(5), false),
        ("big", "number_le", json!(5), false),
        ("sub", "number_ge", json!(0), false),
        ("yes", "bool", json!(true), true),
        ("yes", "bool", json!(false), false),
        ("text_yes", "bool", json!(true), false),
        ("/realm/roles", "contains", json!("a"), true),
    ] {
        assert_eq!(
            passes(claim, op, value.clone()),
            expected,
            "{claim} {op} {value}"
        );
    }
}

#[test]
fn absence_never_admits() {
    for (op, value) in [
        ("equals", json!("x")),
        ("not_equals", json!("x")),
        ("one_of", json!(["x"])),
        ("starts_with", json!("x")),
        ("ends_with", json!("x")),
        ("contains", json!("x")),
        ("contains_text", json!("x")),
        ("glob", json!("*")),
        ("exists", json!(null)),
        ("number_ge", json!(-5)),
        ("number_le", json!(5)),
        ("bool", json!(false)),
    ] {
        assert!(!passes("absent", op, value.clone()), "{op}");
        assert!(!passes("nothing", op, value), "{op} of null");
    }
}
