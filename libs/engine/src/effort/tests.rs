use std::sync::Arc;

use trilby_model::{AccountId, Arn, Tags};
use trilby_policy::{Document, Grammar, Kind};

use super::*;
use crate::compiled::Resolution;
use crate::layer::LayerKind;
use crate::principal::{Principal, SessionFacts, UserPrincipal};

fn asked(values: &[(&str, ContextValue)]) -> Request {
    let account: AccountId = "111111111111".parse().unwrap();
    let arn: Arn = "arn:trilby:iam::111111111111:user/alice".parse().unwrap();
    let alice = Principal::User(UserPrincipal {
        arn,
        id: None,
        account,
        name: "alice".to_owned(),
        tags: Tags::default(),
        session: SessionFacts::default(),
    });
    let resource: Arn = "arn:trilby:app::111111111111:doc/1".parse().unwrap();
    let mut request = Request::new(alice, "app:Read".parse().unwrap(), resource);
    for (key, value) in values {
        request.context.insert(key, value.clone());
    }
    request
}

/// Alice's only policy: so many statements, each with this condition.
fn layers(action: &str, count: usize, condition: &str) -> Layers {
    let statement = format!(
        r#"{{"Effect":"Allow","Action":"{action}","Resource":"*","Condition":{condition}}}"#
    );
    let statements = vec![statement; count].join(",");
    let text = format!(r#"{{"Version":"2012-10-17","Statement":[{statements}]}}"#);
    let document = Document::parse(&text, Kind::Identity, &Grammar::trusted()).unwrap();
    let policy = CompiledPolicy::new("policy", LayerKind::Identity, document, &Resolution::ByName);
    Layers {
        identity: vec![Arc::new(policy)],
        ..Layers::default()
    }
}

fn text(bytes: usize) -> ContextValue {
    "a".repeat(bytes).into()
}

fn list(count: usize, bytes: usize) -> ContextValue {
    let one = |index| format!("{index:0>bytes$}");
    (0..count).map(one).collect::<Vec<String>>().into()
}

#[test]
fn a_pattern_that_begins_anew_at_each_place_of_a_long_value_takes_too_long() {
    let pattern = format!(
        r#"{{"StringLike":{{"app:text":"*{}b"}}}}"#,
        "?".repeat(2_000)
    );
    let long = asked(&[("app:text", text(32_000))]);
    assert!(is_too_much(&long, &layers("app:*", 1, &pattern)));
    // About another action, another key, a shorter value.
    assert!(!is_too_much(&long, &layers("app:Write", 1, &pattern)));
    let other = asked(&[("app:other", text(32_000))]);
    assert!(!is_too_much(&other, &layers("app:*", 1, &pattern)));
    let short = asked(&[("app:text", text(1_000))]);
    assert!(!is_too_much(&short, &layers("app:*", 1, &pattern)));
    // Before the first star there is one place to begin at.
    let beginning = format!(
        r#"{{"StringLike":{{"app:text":"{}*"}}}}"#,
        "?".repeat(2_000)
    );
    assert!(!is_too_much(&long, &layers("app:*", 1, &beginning)));
}

#[test]
fn variables_count_with_what_they_stand_for() {
    let variables = "${app:text}".repeat(500);
    let condition =
        format!(r#"{{"ForAnyValue:StringEqualsIgnoreCase":{{"app:list":"{variables}"}}}}"#);
    let layers = layers("app:*", 1, &condition);
    let values = |bytes| asked(&[("app:text", text(bytes)), ("app:list", list(1_000, 30))]);
    assert!(is_too_much(&values(32_000), &layers));
    assert!(!is_too_much(&values(30), &layers));
}

#[test]
fn texts_that_are_put_into_lower_case_count_with_it() {
    let ignoring = |key: &str, count: usize, name: &str| {
        let names: Vec<String> = (0..count).map(|n| format!("\"{name}{n:0>5}\"")).collect();
        let names = names.join(",");
        format!(r#"{{"ForAnyValue:StringEqualsIgnoreCase":{{"{key}":[{names}]}}}}"#)
    };
    // Names that must be put into lower case for each of the values.
    let groups = asked(&[("app:groups", list(1_000, 32))]);
    let foreign = ignoring("app:groups", 3_000, &"\u{e9}".repeat(10));
    assert!(is_too_much(&groups, &layers("app:*", 1, &foreign)));
    let few = ignoring("app:groups", 100, "team-");
    assert!(!is_too_much(&groups, &layers("app:*", 30, &few)));
    // A value is, once, however many names it is held to.
    let long: ContextValue = "\u{e9}".repeat(16_000).into();
    let long = asked(&[("app:text", long)]);
    let many = ignoring("app:text", 20_000, "");
    assert!(!is_too_much(&long, &layers("app:*", 1, &many)));
    assert!(is_too_much(
        &long,
        &layers("app:*", 1_000, &ignoring("app:text", 1, ""))
    ));
}

#[test]
fn long_lists_held_to_many_names_do_not() {
    let names: Vec<String> = (0..100)
        .map(|name| format!("\"team-{name:0>25}\""))
        .collect();
    let names = names.join(",");
    let equals = format!(r#"{{"ForAnyValue:StringEquals":{{"app:groups":[{names}]}}}}"#);
    let groups = asked(&[("app:groups", list(1_000, 32))]);
    assert!(!is_too_much(&groups, &layers("app:*", 30, &equals)));
    let like = r#"{"ForAnyValue:StringLike":{"app:groups":["team-*-admin","*@example.com"]}}"#;
    assert!(!is_too_much(&groups, &layers("app:*", 100, like)));
    let arns = r#"{"ForAnyValue:ArnLike":{"app:groups":["arn:aws:iam::*:role/team-*-admin"]}}"#;
    assert!(!is_too_much(&groups, &layers("app:*", 100, arns)));
}

#[test]
fn a_key_that_is_looked_for_among_many_counts_with_them() {
    // More of them than are looked for once.
    let pattern = format!("\"*{}b\"", "${app:other}".repeat(5));
    let patterns = vec![pattern; 300].join(",");
    let condition = format!(r#"{{"StringLike":{{"app:text":[{patterns}]}}}}"#);
    let layers = layers("app:*", 1, &condition);
    let among = |n_keys: usize| {
        let mut request = asked(&[("app:text", text(2_000)), ("app:other", text(1))]);
        for key in 0..n_keys {
            request.context.insert(format!("app:key{key}"), "x");
        }
        request
    };
    assert!(is_too_much(&among(900), &layers));
    assert!(!is_too_much(&among(10), &layers));
    assert!(!is_short(&among(900)));
}

#[test]
fn a_variable_behind_a_star_is_looked_for_once_for_all_places_of_a_value() {
    let like = r#"{"ForAnyValue:StringLike":{"app:groups":["*-${app:team}-admin"]}}"#;
    let mut groups = asked(&[("app:groups", list(1_000, 32)), ("app:team", text(5))]);
    for key in 0..100 {
        groups.context.insert(format!("app:key{key}"), "x");
    }
    assert!(!is_too_much(&groups, &layers("app:*", 15, like)));
}

#[test]
fn only_long_values_and_many_are_looked_at() {
    let keys: Vec<String> = (0..FEW_KEYS).map(|key| format!("app:key{key}")).collect();
    let many: Vec<(&str, ContextValue)> =
        keys.iter().map(|key| (key.as_str(), text(200))).collect();
    assert!(is_short(&asked(&many)));
    assert!(!is_short(&asked(&[("app:text", text(300))])));
    assert!(!is_short(&asked(&[("app:list", list(300, 1))])));
}
