//! What must hold of every decision, whatever the policies.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "tests"
)]

#[path = "properties/cases.rs"]
mod cases;
#[path = "properties/reference.rs"]
mod reference;

use cases::{case, policy, resource_statement, statement};
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use trilby_engine::{Explain, simulate};
use trilby_model::json as strict;

fn answer(case: &Value) -> Value {
    let answer = simulate::run(&strict::parse(&case.to_string()).unwrap(), 0);
    assert!(answer.get("error").is_none(), "{answer} to {case}");
    answer
}

fn decision(case: &Value) -> String {
    answer(case)["decision"].as_str().unwrap().to_owned()
}

fn allows(case: &Value) -> bool {
    decision(case) == "allow"
}

/// Adds a statement to every place of a case, one place at a time.
fn with_added(case: &Value, plain: &Value, of_resource: &Value) -> Vec<Value> {
    let mut changed = Vec::new();
    for layer in ["identity", "boundary", "session"] {
        if let Some(list) = case["policies"][layer].as_array() {
            let mut next = case.clone();
            next["policies"][layer] = list
                .iter()
                .cloned()
                .chain([policy(vec![plain.clone()])])
                .collect();
            changed.push(next);
        }
    }
    for (index, _) in case["policies"]["scp"]
        .as_array()
        .into_iter()
        .flatten()
        .enumerate()
    {
        let mut next = case.clone();
        next["policies"]["scp"][index]
            .as_array_mut()
            .unwrap()
            .push(policy(vec![plain.clone()]));
        changed.push(next);
    }
    // The grammar of resource control policies knows neither Allow nor NotAction.
    let is_rcp = plain["Effect"] == "Deny" && plain.get("NotAction").is_none();
    for (index, _) in case["policies"]["rcp"]
        .as_array()
        .into_iter()
        .flatten()
        .enumerate()
        .filter(|_| is_rcp)
    {
        let (mut next, mut plain) = (case.clone(), plain.clone());
        plain["Principal"] = json!("*");
        next["policies"]["rcp"][index]
            .as_array_mut()
            .unwrap()
            .push(policy(vec![plain]));
        changed.push(next);
    }
    // The one Allow that they know.
    for (index, _) in case["policies"]["rcp"]
        .as_array()
        .into_iter()
        .flatten()
        .enumerate()
        .filter(|_| plain["Effect"] == "Allow")
    {
        let mut next = case.clone();
        next["policies"]["rcp"][index]
            .as_array_mut()
            .unwrap()
            .push(cases::full_rcp());
        changed.push(next);
    }
    let mut next = case.clone();
    match next["policies"]["resource"].get_mut("document") {
        Some(document) => document["Statement"]
            .as_array_mut()
            .unwrap()
            .push(of_resource.clone()),
        None => next["policies"]["resource"] = policy(vec![of_resource.clone()]),
    }
    changed.push(next);
    changed
}

/// Turns every array and every object of a value around, except where order is meaning: the levels of a chain.
fn reversed(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().rev().map(reversed).collect(),
        Value::Object(members) => Value::Object(
            members
                .iter()
                .rev()
                .map(|(name, value)| (name.clone(), reversed(value)))
                .collect(),
        ),
        other => other.clone(),
    }
}

/// Text of a value with the members of its objects in reverse order, which `Value` does not keep.
fn backwards(value: &Value) -> String {
    match value {
        Value::Array(items) => format!(
            "[{}]",
            items.iter().map(backwards).collect::<Vec<_>>().join(",")
        ),
        Value::Object(members) => {
            let members: Vec<String> = members
                .iter()
                .rev()
                .map(|(name, value)| format!("{}:{}", json!(name), backwards(value)))
                .collect();
            format!("{{{}}}", members.join(","))
        }
        other => other.to_string(),
    }
}

/// The lists of policies in a case, each by its JSON pointer.
fn lists(case: &Value) -> Vec<String> {
    let flat = ["identity", "boundary", "session"].map(|layer| format!("/policies/{layer}"));
    let levels = |chain: &str| -> Vec<String> {
        let count = case["policies"][chain].as_array().map_or(0, Vec::len);
        (0..count)
            .map(|index| format!("/policies/{chain}/{index}"))
            .collect()
    };
    flat.into_iter()
        .chain(levels("scp"))
        .chain(levels("rcp"))
        .filter(|pointer| case.pointer(pointer).unwrap().is_array())
        .collect()
}

/// Gives every policy its place as its name, so that an explanation tells them apart.
fn with_places_as_names(case: &Value) -> Value {
    let mut named = case.clone();
    for list in lists(case) {
        for (index, policy) in named
            .pointer_mut(&list)
            .unwrap()
            .as_array_mut()
            .unwrap()
            .iter_mut()
            .enumerate()
        {
            policy["name"] = format!("{list}/{index}").into();
        }
    }
    named
}

/// A case with only these statements, in layers that stay where they are. The resource policy is called `p`.
fn cut_down(case: &Value, keep: &impl Fn(&str, usize) -> bool) -> Value {
    let kept = |policy: &Value| -> Option<Value> {
        let name = policy["name"].as_str().unwrap();
        let document = &policy["document"]["Statement"];
        let statements = document
            .as_array()
            .unwrap()
            .iter()
            .enumerate()
            .filter(|(index, _)| keep(name, *index))
            .map(|(_, statement)| statement.clone());
        let statements: Vec<Value> = statements.collect();
        (!statements.is_empty()).then(|| json!({ "name": name, "document": { "Version": "2012-10-17", "Statement": statements } }))
    };
    let mut only = case.clone();
    for list in lists(case) {
        let policies = only.pointer_mut(&list).unwrap();
        *policies = policies
            .as_array()
            .unwrap()
            .iter()
            .filter_map(&kept)
            .collect();
    }
    if !case["policies"]["resource"].is_null() {
        only["policies"]["resource"] = kept(&case["policies"]["resource"]).unwrap_or_default();
    }
    only
}

/// Applies a change to every statement of a case.
fn each_statement(case: &Value, change: &impl Fn(&mut Map<String, Value>)) -> Value {
    fn walk(value: &mut Value, change: &impl Fn(&mut Map<String, Value>)) {
        match value {
            Value::Array(items) => items.iter_mut().for_each(|item| walk(item, change)),
            Value::Object(members) if members.contains_key("Effect") => change(members),
            Value::Object(members) => members.values_mut().for_each(|value| walk(value, change)),
            _ => {}
        }
    }
    let mut changed = case.clone();
    walk(&mut changed["policies"], change);
    changed
}

fn wrapped(value: &mut Value) {
    if !value.is_array() {
        *value = json!([value.clone()]);
    }
}

/// A list of one as the one.
fn unwrapped(value: &mut Value) {
    if let Some([one]) = value.as_array().map(Vec::as_slice) {
        *value = one.clone();
    }
}

/// Rewrites every value of a case's documents where a list may stand: in statements, and the statements themselves.
fn each_list(case: &Value, change: &impl Fn(&mut Value)) -> Value {
    let mut changed = each_statement(case, &|statement| {
        for name in ["Action", "NotAction", "Resource", "NotResource"] {
            statement.get_mut(name).into_iter().for_each(change);
        }
        for name in ["Principal", "NotPrincipal"] {
            statement
                .get_mut(name)
                .and_then(Value::as_object_mut)
                .into_iter()
                .for_each(|types| types.values_mut().for_each(change));
        }
        let operators = statement
            .get_mut("Condition")
            .and_then(Value::as_object_mut);
        for keys in operators
            .into_iter()
            .flat_map(|operators| operators.values_mut())
        {
            keys.as_object_mut().unwrap().values_mut().for_each(change);
        }
    });
    let mut documents = lists(case);
    documents.push("/policies".to_owned());
    for list in documents {
        let place = changed.pointer_mut(&list).unwrap();
        let policies: Vec<&mut Value> = match place {
            Value::Array(policies) => policies.iter_mut().collect(),
            policies => policies.get_mut("resource").into_iter().collect(),
        };
        for policy in policies {
            if let Some(statements) = policy.pointer_mut("/document/Statement") {
                change(statements);
            }
        }
    }
    changed
}

fn swap_case(text: &str) -> String {
    text.chars()
        .map(|c| {
            if c.is_ascii_lowercase() {
                c.to_ascii_uppercase()
            } else {
                c.to_ascii_lowercase()
            }
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 250, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn adding_a_deny_never_allows(case in case(), plain in statement(Just("Deny")), of_resource in resource_statement(Just("Deny"))) {
        let before = allows(&case);
        for after in with_added(&case, &plain, &of_resource) {
            prop_assert!(before || !allows(&after), "{after}");
        }
    }

    #[test]
    fn adding_an_allow_never_denies(case in case(), plain in statement(Just("Allow")), of_resource in resource_statement(Just("Allow"))) {
        let before = allows(&case);
        for after in with_added(&case, &plain, &of_resource) {
            prop_assert!(!before || allows(&after), "{after}");
        }
    }

    #[test]
    fn a_boundary_or_session_policy_never_allows(case in case(), plain in statement(Just("Allow"))) {
        let before = allows(&case);
        for layer in ["boundary", "session"] {
            // A federated user has nothing of its user's policies without a session policy: the one exception.
            let federated = case["request"]["user"].is_string() && layer == "session";
            if case["policies"][layer].is_null() && !federated {
                let mut after = case.clone();
                after["policies"][layer] = json!([policy(vec![plain.clone()])]);
                prop_assert!(before || !allows(&after), "{after}");
            }
        }
    }

    #[test]
    fn order_never_matters(case in case()) {
        let mut other = case.clone();
        for layer in ["identity", "resource", "boundary", "session"] {
            other["policies"][layer] = reversed(&case["policies"][layer]);
        }
        for chain in ["scp", "rcp"] {
            if let Some(levels) = case["policies"][chain].as_array() {
                other["policies"][chain] = levels.iter().map(reversed).collect();
            }
        }
        let text = backwards(&other);
        let turned = simulate::run(&strict::parse(&text).unwrap(), 0);
        prop_assert_eq!(&turned["decision"], &answer(&case)["decision"]);
        prop_assert_eq!(&turned["layer"], &answer(&case)["layer"]);
    }

    #[test]
    fn one_value_is_a_list_of_one(case in case()) {
        let (listed, single) = (each_list(&case, &wrapped), each_list(&case, &unwrapped));
        prop_assert_eq!(answer(&listed), answer(&case));
        prop_assert_eq!(answer(&single), answer(&case));
    }

    #[test]
    fn splitting_a_document_never_matters(case in case()) {
        let split = |policies: &Value| -> Value {
            let statements = |policy: &Value| policy["document"]["Statement"].as_array().unwrap().clone();
            policies.as_array().unwrap().iter().flat_map(statements).map(|statement| policy(vec![statement])).collect()
        };
        let mut other = case.clone();
        for layer in ["identity", "boundary", "session"] {
            if case["policies"][layer].is_array() {
                other["policies"][layer] = split(&case["policies"][layer]);
            }
        }
        for chain in ["scp", "rcp"] {
            if let Some(levels) = case["policies"][chain].as_array() {
                other["policies"][chain] = levels.iter().map(split).collect();
            }
        }
        prop_assert_eq!(decision(&other), decision(&case));
        prop_assert_eq!(&answer(&other)["layers"], &answer(&case)["layers"]);
    }

    #[test]
    fn case_of_actions_and_keys_never_matters(case in case()) {
        let mut other = each_statement(&case, &|statement| {
            for name in ["Action", "NotAction"] {
                if let Some(value) = statement.get_mut(name) {
                    *value = match value.clone() {
                        Value::Array(items) => items.iter().map(|item| swap_case(item.as_str().unwrap())).collect(),
                        one => swap_case(one.as_str().unwrap()).into(),
                    };
                }
            }
            let operators = statement.get_mut("Condition").and_then(Value::as_object_mut);
            for keys in operators.into_iter().flat_map(|operators| operators.values_mut()) {
                let swapped = keys.as_object().unwrap().iter().map(|(key, value)| (swap_case(key), value.clone())).collect();
                *keys = Value::Object(swapped);
            }
        });
        other["request"]["action"] = swap_case(case["request"]["action"].as_str().unwrap()).into();
        prop_assert_eq!(decision(&other), decision(&case));
    }

    #[test]
    fn a_decision_is_a_function_of_its_case(case in case()) {
        let parsed = strict::parse(&case.to_string()).unwrap();
        let told = || simulate::simulate(&parsed, 0).unwrap().decision.at_level(Explain::Trace);
        prop_assert_eq!(told(), told());
    }

    #[test]
    fn a_negated_operator_is_the_opposite_for_one_value(
        pair in prop::sample::select(vec![
            ("StringEquals", "StringNotEquals"),
            ("StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase"),
            ("StringLike", "StringNotLike"),
            ("NumericEquals", "NumericNotEquals"),
            ("DateEquals", "DateNotEquals"),
            ("IpAddress", "NotIpAddress"),
            ("ArnLike", "ArnNotLike"),
            ("ArnEquals", "ArnNotEquals"),
        ]),
        value in prop::sample::select(vec!["a", "A", "5", "5.0", "2026-01-01", "10.0.0.1", "::1", "arn:aws:s3:::b/1", "", "x:y"]),
    ) {
        let wanted = match pair.0 {
            "NumericEquals" => json!(["5", "6"]),
            "DateEquals" => json!(["2026-01-01T00:00:00Z", "1767225601"]),
            "IpAddress" => json!(["10.0.0.0/8", "fe80::/10"]),
            "ArnLike" | "ArnEquals" => json!(["arn:trilby:s3:::b/*", "arn:aws:s3:::c"]),
            _ => json!(["a", "x*", "5"]),
        };
        let with = |operator: &str| json!({
            "request": { "principal": cases::ALICE, "action": "app:Read", "context": { "app:k": value } },
            "policies": { "identity": [policy(vec![json!({ "Effect": "Allow", "Action": "*", "Resource": "*", "Condition": { operator: { "app:k": wanted } } })])] },
        });
        prop_assert_ne!(allows(&with(pair.0)), allows(&with(pair.1)));
    }

    #[test]
    fn explanations_agree_with_the_answer(case in case()) {
        let simulation = simulate::simulate(&strict::parse(&case.to_string()).unwrap(), 0).unwrap();
        let decision = simulation.decision;
        match decision.outcome.as_str() {
            "explicit_deny" => prop_assert!(decision.deciding.iter().all(|statement| statement.effect().as_str() == "Deny") && !decision.deciding.is_empty()),
            "implicit_deny" => prop_assert!(decision.deciding.is_empty() && !decision.unmet.is_empty()),
            _ => prop_assert!(decision.deciding.iter().all(|statement| statement.effect().as_str() == "Allow")),
        }
        prop_assert!(decision.near_misses.len() <= 20);
        prop_assert!(!decision.message().is_empty());
    }

    #[test]
    fn the_statements_an_allow_rests_on_suffice(case in case()) {
        let named = with_places_as_names(&case);
        let decision = simulate::simulate(&strict::parse(&named.to_string()).unwrap(), 0).unwrap().decision;
        if decision.is_allow() {
            let rests_on = |name: &str, index: usize| decision.deciding.iter().any(|statement| (statement.policy(), statement.statement()) == (name, index));
            let only = cut_down(&named, &rests_on);
            prop_assert!(allows(&only), "{named} but not {only}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn compiled_and_interpreted_evaluation_agree(case in case()) {
        prop_assert_eq!(decision(&case), reference::decide(&case), "{}", case);
    }
}

#[test]
fn random_cases_reach_every_outcome() {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut seen = std::collections::BTreeMap::new();
    for _ in 0..2_000 {
        let case = case().new_tree(&mut runner).unwrap().current();
        let answer = answer(&case);
        *seen
            .entry(format!("{} {}", answer["decision"], answer["layer"]))
            .or_insert(0) += 1;
    }
    for layer in ["rcp", "scp", "identity", "resource", "boundary", "session"] {
        for decision in ["explicit_deny", "implicit_deny"] {
            let kind = format!("\"{decision}\" \"{layer}\"");
            assert!(seen.contains_key(&kind), "no {kind} among {seen:?}");
        }
    }
    assert!(
        seen["\"allow\" \"identity\""] > 50 && seen["\"allow\" \"resource\""] > 50,
        "{seen:?}"
    );
}

#[test]
fn case_of_resources_matters() {
    let ask = |resource: &str| {
        json!({
            "request": { "principal": cases::ALICE, "action": "app:Read", "resource": resource },
            "policies": { "identity": [policy(vec![json!({ "Effect": "Allow", "Action": "*", "Resource": "arn:aws:app::111111111111:doc/A" })])] },
        })
    };
    assert!(allows(&ask("arn:aws:app::111111111111:doc/A")));
    assert!(!allows(&ask("arn:aws:app::111111111111:doc/a")));
}
