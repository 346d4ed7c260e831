//! One operator, one key, any values on either side: the engine against the naive evaluator, and an operator against its
//! negation.
//!
//! Input, a line each: the operator; the state of the key (`-` absent, `=` and a value, `[` and values with tabs between);
//! the policy's values.

use serde_json::{Value, json};
use trilby_differential::{ask_naive, difference};
use trilby_policy::{Context, ContextValue, Document, Grammar, Kind};

use super::simulate::is_comparable;

/// The naive evaluator is slow.
const BYTES_MAX: usize = 2_048;

const NEGATIONS: [(&str, &str); 7] = [
    ("StringEquals", "StringNotEquals"),
    ("StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase"),
    ("StringLike", "StringNotLike"),
    ("NumericEquals", "NumericNotEquals"),
    ("DateEquals", "DateNotEquals"),
    ("IpAddress", "NotIpAddress"),
    ("ArnLike", "ArnNotLike"),
];

pub fn run(input: &str, planted: bool) {
    let mut lines = input.split('\n');
    let (Some(operator), Some(state)) = (lines.next(), lines.next()) else {
        return;
    };
    let wanted: Vec<&str> = lines.collect();
    if input.len() > BYTES_MAX || wanted.is_empty() {
        return;
    }
    let Some(state) = state_of(state) else {
        return;
    };
    let block = json!({ operator: { "a:k": wanted } });
    let Some(holds) = holds(&block, &state) else {
        return;
    };
    let mut request = json!({ "a:v": "v*", "a:many": ["x", "y"] });
    if let Some(state) = &state {
        request["a:k"] = serde_json::to_value(state).expect("a value");
    }
    let case = json!({
        "request": {
            "principal": "arn:aws:iam::111111111111:user/u", "action": "a:B", "resource": "arn:aws:a:::r",
            "context": request,
        },
        "policies": { "identity": [{ "name": "p", "document": {
            "Version": "2012-10-17",
            "Statement": { "Effect": "Allow", "Action": "*", "Resource": "*", "Condition": block },
        } }] },
    });
    // One operator, and of several values one that is no number beside one that fits.
    let wrong = planted
        && holds
        && operator.starts_with("ForAnyValue:Numeric")
        && matches!(&state, Some(ContextValue::List(values)) if values.iter().any(|v| v == "x"));
    if is_comparable(&case.to_string()) {
        let differs = difference(&case, &ask_naive(&case, None));
        assert!(differs.is_none() && !wrong, "{case}: {differs:?}");
    }
    opposite(operator, &wanted, &state, holds);
}

/// The outer `None`: no state.
fn state_of(line: &str) -> Option<Option<ContextValue>> {
    if line == "-" {
        return Some(None);
    }
    if let Some(value) = line.strip_prefix('=') {
        return Some(Some(ContextValue::Scalar(value.to_owned())));
    }
    let values = line.strip_prefix('[')?;
    let values = values.split_terminator('\t').map(str::to_owned).collect();
    Some(Some(ContextValue::List(values)))
}

/// Whether a condition block holds; `None` if it is refused.
fn holds(block: &Value, state: &Option<ContextValue>) -> Option<bool> {
    let document = json!({ "Version": "2012-10-17", "Statement": {
        "Effect": "Allow", "Action": "*", "Resource": "*", "Condition": block,
    } });
    let document = Document::from_value(&document, Kind::Identity, &Grammar::stored()).ok()?;
    let mut context = Context::new();
    context.insert("a:v", "v*");
    context.insert("a:many", vec!["x".to_owned(), "y".to_owned()]);
    if let Some(state) = state {
        context.insert("a:k", state.clone());
    }
    let condition = &document.statements.first()?.condition;
    let outcome = condition.evaluate(&context);
    assert_eq!(outcome.holds, condition.holds(&context));
    assert_eq!(outcome.holds, outcome.failures.is_empty());
    let _ = condition.type_mismatches(&context);
    Some(outcome.holds)
}

/// A negated operator is the opposite for one value; over all values it is the opposite of the other set operator.
fn opposite(operator: &str, wanted: &[&str], state: &Option<ContextValue>, holds_plain: bool) {
    let (prefix, rest) = match operator.split_once(':') {
        Some((set, rest)) => (Some(set), rest),
        None => (None, operator),
    };
    let base = rest.strip_suffix("IfExists").unwrap_or(rest);
    let Some((_, negation)) = NEGATIONS.iter().find(|(positive, _)| *positive == base) else {
        return;
    };
    let other_set = match prefix {
        None => "",
        Some("ForAllValues") => "ForAnyValue:",
        Some(_) => "ForAllValues:",
    };
    let suffix = rest.strip_prefix(base).unwrap_or_default();
    let block = json!({ format!("{other_set}{negation}{suffix}"): { "a:k": wanted } });
    let other = holds(&block, state).expect("values of an operator suit its negation");
    match (prefix, state) {
        (None, Some(ContextValue::Scalar(_))) => assert_ne!(holds_plain, other, "{block}"),
        (None, Some(ContextValue::List(_))) => assert!(!holds_plain && !other, "{block}"),
        // Where there is no data, all is true of it and nothing is in it: opposites too.
        (Some(_), Some(_)) => assert_ne!(holds_plain, other, "{block}"),
        (_, None) if !suffix.is_empty() => assert!(holds_plain && other, "{block}"),
        (_, None) => assert_ne!(holds_plain, other, "{block}"),
    }
}
