use serde_json::{Value, json};

use super::*;

fn role(name: &str) -> String {
    format!("arn:trilby:iam::111122223333:role/{name}")
}

/// A rule that matches members of group `group`.
fn rule(priority: u32, group: &str, roles: &[&str], extra: &Value) -> Value {
    let roles: Vec<String> = roles.iter().map(|name| role(name)).collect();
    let mut rule = json!({
        "id": format!("r{priority}"), "priority": priority, "roles": roles,
        "when": [{ "claim": "groups", "op": "contains", "value": group }],
    });
    for (key, value) in extra.as_object().unwrap() {
        rule[key] = value.clone();
    }
    rule
}

fn mapped(map: Value) -> Result<Mapped, MapError> {
    let claims = json!({ "groups": ["eng", "staff"], "department": "R&D", "one": ["x"], "many": ["x", "y"], "long": "x".repeat(300) });
    let exposed = ["groups", "department", "one", "many", "long", "absent"];
    evaluate_claims(
        &serde_json::from_value(map).unwrap(),
        claims.as_object().unwrap(),
        |claim| exposed.contains(&claim.as_str()),
    )
}

fn names(map: Value) -> Vec<String> {
    let mapped = mapped(map).unwrap();
    mapped
        .roles()
        .iter()
        .map(|mapped| mapped.role.resource().replace("role/", ""))
        .collect()
}

#[test]
fn an_empty_map_admits_nobody() {
    assert_eq!(
        mapped(json!({})).unwrap().choose(None).unwrap_err(),
        MapRefusal::NoRole
    );
}

#[test]
fn every_rule_that_matches_gives_its_roles() {
    let none = json!({});
    let rules = json!({ "rules": [rule(2, "staff", &["B", "C"], &none), rule(1, "eng", &["A", "B"], &none), rule(3, "ops", &["D"], &none)] });
    assert_eq!(names(rules), ["A", "B", "C"]);
}

#[test]
fn all_tests_of_a_rule_must_hold() {
    let when = json!({ "when": [{ "claim": "groups", "op": "contains", "value": "eng" }, { "claim": "groups", "op": "contains", "value": "ops" }] });
    assert!(names(json!({ "rules": [rule(1, "eng", &["A"], &when)] })).is_empty());
}

#[test]
fn a_rule_that_stops_is_the_last_to_give() {
    let rules = json!({ "rules": [rule(1, "eng", &["A"], &json!({ "stop": true })), rule(2, "staff", &["B"], &json!({}))] });
    assert_eq!(names(rules), ["A"]);
    let not_matching = json!({ "rules": [rule(1, "ops", &["A"], &json!({ "stop": true })), rule(2, "staff", &["B"], &json!({}))] });
    assert_eq!(names(not_matching), ["B"]);
}

#[test]
fn in_mode_first_one_rule_gives() {
    let rules = json!({ "mode": "first", "rules": [rule(2, "eng", &["A"], &json!({})), rule(1, "staff", &["B"], &json!({}))] });
    assert_eq!(names(rules), ["B"]);
}

#[test]
fn a_rule_that_takes_away_wins_wherever_it_stands() {
    let deny = json!({ "effect": "deny" });
    let allow = json!({});
    for mode in ["all", "first"] {
        let before = json!({ "mode": mode, "default_roles": [role("A")], "rules": [rule(1, "staff", &["A"], &deny), rule(2, "eng", &["A"], &allow)] });
        assert!(names(before).is_empty(), "{mode}");
        let after = json!({ "mode": mode, "rules": [rule(1, "eng", &["A", "B"], &json!({ "stop": true })), rule(2, "staff", &["A"], &deny)] });
        assert_eq!(names(after), ["B"], "{mode}");
    }
    let alias = json!({ "rules": [rule(1, "eng", &["A"], &allow), rule(2, "staff", &["A"], &json!({ "effect": "deny", "roles": ["arn:aws:iam::111122223333:role/A"] }))] });
    assert!(names(alias).is_empty());
}

#[test]
fn defaults_are_for_whom_no_rule_gave_a_role() {
    let none = json!({});
    let without = json!({ "default_roles": [role("D")], "rules": [rule(1, "ops", &["A"], &none)] });
    assert_eq!(names(without), ["D"]);
    let with = json!({ "default_roles": [role("D")], "rules": [rule(1, "eng", &["A"], &none)] });
    assert_eq!(names(with), ["A"]);
}

#[test]
fn a_role_that_is_named_must_be_given() {
    let mapped = mapped(json!({ "rules": [rule(1, "eng", &["A", "B"], &json!({}))] })).unwrap();
    assert_eq!(
        mapped
            .choose(Some(&role("B").parse().unwrap()))
            .unwrap()
            .role
            .to_string(),
        role("B")
    );
    assert_eq!(
        mapped
            .choose(Some(&role("C").parse().unwrap()))
            .unwrap_err(),
        MapRefusal::NoRole
    );
}

#[test]
fn of_several_roles_the_map_says_which() {
    let with = |on: &str| {
        mapped(json!({ "on_ambiguous": on, "rules": [rule(2, "eng", &["A"], &json!({})), rule(1, "staff", &["B"], &json!({}))] })).unwrap()
    };
    assert_eq!(
        with("choose").choose(None).unwrap_err().code(),
        "role_choice_required"
    );
    assert_eq!(
        with("highest").choose(None).unwrap().role.to_string(),
        role("B")
    );
    let MapRefusal::Ambiguous { rules } = with("deny").choose(None).unwrap_err() else {
        panic!("not ambiguous")
    };
    assert_eq!(
        rules.iter().map(RuleId::as_str).collect::<Vec<_>>(),
        ["r1", "r2"]
    );
    assert!(
        mapped(json!({ "rules": [rule(1, "eng", &["A"], &json!({}))] }))
            .unwrap()
            .choose(None)
            .is_ok()
    );
}

#[test]
fn tags_come_from_claims_cleaned() {
    let extra = json!({ "tags": { "team": "t-{claim:department}", "gone": "{claim:absent}", "one": "{claim:one}" }, "transitive": ["team"], "max_duration_seconds": 3600 });
    let later = json!({ "tags": { "Team": "later", "more": "x" }, "max_duration_seconds": 900 });
    let mapped = mapped(
        json!({ "rules": [rule(1, "eng", &["A"], &extra), rule(2, "staff", &["A"], &later)] }),
    )
    .unwrap();
    let role = mapped.choose(None).unwrap();
    let tags: Vec<(&str, &str, bool)> = role
        .tags
        .iter()
        .map(|(key, (value, on))| (key.as_str(), value.as_str(), *on))
        .collect();
    assert_eq!(
        tags,
        [
            ("more", "x", false),
            ("one", "x", false),
            ("team", "t-R_D", true)
        ]
    );
    assert_eq!(role.max_duration_seconds, Some(900));
    assert_eq!(role.rules.len(), 2);
}

#[test]
fn a_tag_that_cannot_be_made_admits_nobody() {
    for (template, what) in [
        ("{claim:long}", "TagTooLong"),
        ("{claim:many}", "TagNotSingle"),
        ("{claim:secret}", "NotExposed"),
    ] {
        let extra = json!({ "tags": { "t": template } });
        let error = mapped(json!({ "rules": [rule(1, "eng", &["A"], &extra)] })).unwrap_err();
        assert!(format!("{error:?}").starts_with(what), "{error:?}");
    }
}

#[test]
fn a_rule_that_reads_a_hidden_claim_admits_nobody() {
    for op in ["exists", "not_exists"] {
        let when = json!({ "when": [{ "claim": "secret", "op": op }] });
        let error = mapped(json!({ "rules": [rule(1, "eng", &["A"], &when)] })).unwrap_err();
        assert!(matches!(error, MapError::NotExposed { .. }), "{op}");
    }
}
