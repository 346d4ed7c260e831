//! The condition block.

use std::collections::HashSet;

use trilby_model::json::{Member, Node, Value};

use super::reader::{Pointer, Reader};
use crate::condition::{Comparison, Condition, Operand, Operator, Test};
use crate::keys::{self, Key};
use crate::limits::CONDITION_KEY_BYTES_MAX;

pub(super) fn read(reader: &mut Reader, node: &Node, pointer: &Pointer<'_>) -> Option<Condition> {
    let Value::Object(operators) = &node.value else {
        reader.wrong_type(node, pointer, "an object of operators");
        return None;
    };
    let mut tests = Vec::new();
    let mut complete = true;
    for member in operators {
        if reader.is_full() {
            return None;
        }
        let pointer = pointer.member(&member.key);
        let read = operator(reader, member, &pointer)
            .is_some_and(|operator| keys_of(reader, operator, member, &pointer, &mut tests));
        complete &= read;
    }
    complete.then(|| Condition::new(tests))
}

fn operator(reader: &mut Reader, member: &Member, pointer: &Pointer<'_>) -> Option<Operator> {
    let operator = Operator::parse(&member.key);
    if operator.is_none() {
        let known = Operator::suggestions(&member.key);
        let noted = reader.error_at(
            "unknown_operator",
            member.key_at,
            pointer,
            format!("`{}` is not a condition operator", member.key),
        );
        if keys::is_known(&member.key) {
            noted.hint(format!(
                "the operator comes first: {{\"StringEquals\": {{\"{}\": ...}}}}",
                member.key
            ));
        } else {
            noted.did_you_mean(&member.key, known.iter().map(String::as_str));
        }
    }
    operator
}

/// Reads the keys under one operator; whether all of them could be read.
fn keys_of(
    reader: &mut Reader,
    operator: Operator,
    member: &Member,
    pointer: &Pointer<'_>,
    tests: &mut Vec<Test>,
) -> bool {
    let Value::Object(keys) = &member.value.value else {
        reader.wrong_type(&member.value, pointer, "an object of condition keys");
        return false;
    };
    let mut seen = HashSet::new();
    let mut complete = true;
    for member in keys {
        if reader.is_full() {
            return false;
        }
        let pointer = pointer.member(&member.key);
        if member.key.len() > CONDITION_KEY_BYTES_MAX {
            too_long(reader, member, &pointer);
            complete = false;
            continue;
        }
        let unique = seen.insert(keys::normalise(&member.key));
        if !unique {
            reader.error_at(
                "duplicate_condition_key",
                member.key_at,
                &pointer,
                format!(
                    "condition key `{}` is used twice under `{operator}`",
                    member.key
                ),
            );
        }
        let key = key(reader, operator, member, &pointer);
        let values = values(reader, operator, &member.value, &pointer);
        let (Some(key), Some((values, operand)), true) = (key, values, unique) else {
            complete = false;
            continue;
        };
        tests.push(Test {
            operator,
            key,
            values: values.into(),
            operand,
        });
    }
    complete
}

/// The pointer of what is wrong under a key holds the key, so that a long one would be told again and again.
fn too_long(reader: &mut Reader, member: &Member, pointer: &Pointer<'_>) {
    reader.error_at(
        "invalid_condition_key",
        member.key_at,
        pointer,
        format!("a condition key has at most {CONDITION_KEY_BYTES_MAX} bytes"),
    );
}

fn key(
    reader: &mut Reader,
    operator: Operator,
    member: &Member,
    pointer: &Pointer<'_>,
) -> Option<Key> {
    let name = member.key.as_str();
    let bad = name.trim().is_empty() || name.trim() != name || name.contains(char::is_control);
    if bad {
        reader.error_at(
            "invalid_condition_key",
            member.key_at,
            pointer,
            format!("`{}` is not a condition key", name.escape_debug()),
        );
        return None;
    }
    if reader.version.has_variables() && name.contains("${") {
        reader.error_at(
            "variable_not_allowed",
            member.key_at,
            pointer,
            "variables are not allowed in condition key names".into(),
        );
        return None;
    }
    let takes_one = operator.set.is_none() && operator.comparison != Comparison::Null;
    if takes_one && keys::is_multivalued(name) {
        reader
            .error_at(
                "set_operator_required",
                member.key_at,
                pointer,
                format!("condition key `{name}` holds many values and needs a set operator"),
            )
            .hint(format!(
                "write `ForAnyValue:{operator}` or `ForAllValues:{operator}`"
            ));
        return None;
    }
    Some(Key::new(name))
}

type Values = (Vec<Box<str>>, Operand);

fn values(
    reader: &mut Reader,
    operator: Operator,
    node: &Node,
    pointer: &Pointer<'_>,
) -> Option<Values> {
    let mut operand = Operand::empty(operator);
    let variables = reader.version.has_variables();
    let written = reader.list(
        node,
        pointer,
        "condition values",
        |reader, node, pointer| {
            let text = text_of(reader, node, pointer)?;
            if let Err(error) = operand.push(&text, variables) {
                reader.error(error.code(), node, pointer, format!("{operator}: {error}"));
                return None;
            }
            Some(text)
        },
    )?;
    Some((written, operand))
}

/// A value as text: numbers and booleans as their JSON text.
fn text_of(reader: &mut Reader, node: &Node, pointer: &Pointer<'_>) -> Option<Box<str>> {
    match &node.value {
        Value::String(text) | Value::Number(text) => Some(text.as_str().into()),
        Value::Bool(true) => Some("true".into()),
        Value::Bool(false) => Some("false".into()),
        Value::Null | Value::Array(_) | Value::Object(_) => {
            reader.wrong_type(node, pointer, "a string, number or boolean");
            None
        }
    }
}
