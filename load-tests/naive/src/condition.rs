//! Condition blocks: the truth table, form by form.

use serde_json::Value;

use crate::compare::satisfies;
use crate::context::{Context, Held, normal, text_of};
use crate::fault::Fault;

/// What a condition block comes to.
pub(crate) enum Outcome {
    Holds,
    Fails,
    /// It fails for want of these keys alone.
    Lacks(Vec<String>),
}

/// Tests every operator for every key under it: all must hold.
pub(crate) fn run(block: Option<&Value>, variables: bool, context: &Context) -> Outcome {
    let tests = block
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .flat_map(|(operator, keys)| {
            keys.as_object()
                .into_iter()
                .flatten()
                .map(move |(key, values)| (operator, key, listed(values)))
        });
    let mut lacking = Vec::new();
    let (mut holds, mut otherwise) = (true, false);
    for (operator, key, wanted) in tests {
        if test(operator, key, &wanted, variables, context) {
            continue;
        }
        holds = false;
        let keys = lacks(operator, key, &wanted, variables, context);
        otherwise |= keys.is_empty();
        lacking.extend(keys);
    }
    if holds {
        Outcome::Holds
    } else if otherwise {
        Outcome::Fails
    } else {
        Outcome::Lacks(lacking)
    }
}

/// Keys that a failed test asks for and nobody has given.
fn lacks(
    operator: &str,
    key: &str,
    wanted: &[String],
    variables: bool,
    context: &Context,
) -> Vec<String> {
    let mut keys = Vec::new();
    let held = context.get(key);
    if held.is_none() {
        keys.push(key.to_owned());
    }
    let list_without_set = matches!(held, Some(Held::Many(_))) && !operator.contains(':');
    let takes_variables = variables && (is_text(operator) || operator.contains("Bool"));
    if takes_variables && !operator.contains("Not") && !list_without_set {
        let named = wanted.iter().flat_map(|text| crate::pattern::named(text));
        keys.extend(named.filter(|key| context.get(key).is_none()));
    }
    keys
}

/// Operators on texts and names.
fn is_text(operator: &str) -> bool {
    operator.contains("String") || operator.contains("Arn")
}

/// One value stands for a list of it.
pub(crate) fn listed(value: &Value) -> Vec<String> {
    match value {
        Value::Array(items) => items.iter().map(text_of).collect(),
        one => vec![text_of(one)],
    }
}

fn test(operator: &str, key: &str, wanted: &[String], variables: bool, context: &Context) -> bool {
    let held = context.get(key);
    if operator == "Null" {
        let absent = match held {
            None => true,
            Some(Held::One(_)) => false,
            Some(Held::Many(values)) => values.is_empty(),
        };
        let said = if absent { "true" } else { "false" };
        return wanted.iter().any(|wanted| wanted.to_lowercase() == said);
    }
    let (set, rest) = match operator.split_once(':') {
        Some((set, rest)) => (Some(set), rest),
        None => (None, operator),
    };
    let (rest, if_exists) = match rest.strip_suffix("IfExists") {
        Some(rest) => (rest, true),
        None => (rest, false),
    };
    let (base, negated) = positive(rest);
    let one = |value: &str| {
        let names = names_of(&base, key, value, context);
        let some = names.iter().any(|value| {
            wanted
                .iter()
                .any(|wanted| satisfies(&base, value, wanted, variables, context))
        });
        some != negated
    };
    let Some(held) = held else {
        return match set {
            Some("ForAnyValue") => if_exists && !context.is_planted(Fault::ForAnyIfExistsNeedsKey),
            Some(_) => !context.is_planted(Fault::ForAllNeedsKey),
            None if if_exists => true,
            None => negated && !context.is_planted(Fault::NegatedNeedsKey),
        };
    };
    let values = match (set, held) {
        (None, Held::One(value)) => return one(value),
        (None, Held::Many(values)) => {
            return context.is_planted(Fault::ListNeedsNoSetOperator)
                && values.iter().any(|value| one(value));
        }
        (Some(_), Held::One(value)) => vec![value.clone()],
        (Some(_), Held::Many(values)) => values.clone(),
    };
    // Nothing but the empty string is no data.
    let no_data = values.iter().all(String::is_empty);
    if set == Some("ForAnyValue") {
        !no_data && values.iter().any(|value| one(value))
    } else {
        no_data || values.iter().all(|value| one(value))
    }
}

/// What a value goes by: what names somebody or something, compared as a text, has a name in each of the twin partitions.
fn names_of(base: &str, key: &str, value: &str, context: &Context) -> Vec<String> {
    let mut names = vec![value.to_owned()];
    let is_name = NAMES.contains(&normal(key).as_str()) && base.starts_with("String");
    if is_name && !context.is_planted(Fault::TextsKeepPartition) {
        let mut parts: Vec<&str> = value.splitn(3, ':').collect();
        if let ["arn", partition @ ("aws" | "trilby"), _] = parts.as_mut_slice() {
            *partition = if *partition == "aws" { "trilby" } else { "aws" };
            names.push(parts.join(":"));
        }
    }
    names
}

/// Keys whose values are names of six parts.
const NAMES: [&str; 6] = [
    "aws:principalarn",
    "aws:sourcearn",
    "aws:federatedprovider",
    "iam:policyarn",
    "iam:permissionsboundary",
    "iam:associatedresourcearn",
];

/// The operator that a negation negates.
fn positive(operator: &str) -> (String, bool) {
    match operator {
        "NotIpAddress" => ("IpAddress".to_owned(), true),
        other => (other.replace("Not", ""), other.contains("Not")),
    }
}
