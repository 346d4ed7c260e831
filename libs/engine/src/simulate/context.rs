//! The condition keys of a case.

use trilby_model::json::{Node, Value, escape_pointer};
use trilby_policy::{Context, ContextValue};

use super::answer::CaseError;

pub(super) fn read(node: &Node) -> Result<Context, CaseError> {
    let at = "/request/context";
    let Some(members) = node.as_object() else {
        return Err(CaseError::wrong(
            at,
            format!("an object is wanted here, not {}", node.value.kind()),
        ));
    };
    let mut context = Context::new();
    for member in members {
        let path = format!("{at}/{}", escape_pointer(&member.key));
        if member.key.is_empty() {
            return Err(CaseError::wrong(path, "a condition key must not be empty"));
        }
        if context.contains(&member.key) {
            let message = format!(
                "`{}` is given twice: case and the prefixes `aws:` and `trilby:` make no difference",
                member.key
            );
            return Err(CaseError::new("duplicate_field", path, message));
        }
        let value = value(&member.value, &path)?;
        value
            .check_size()
            .map_err(|error| CaseError::wrong(path, error.to_string()))?;
        context.insert(&member.key, value);
    }
    Ok(context)
}

fn value(node: &Node, path: &str) -> Result<ContextValue, CaseError> {
    let Some(items) = node.as_array() else {
        return one(node, path).map(ContextValue::Scalar);
    };
    let read = |(index, item)| one(item, &format!("{path}/{index}"));
    items
        .iter()
        .enumerate()
        .map(read)
        .collect::<Result<_, _>>()
        .map(ContextValue::List)
}

/// A single value as text: numbers as they are written, so that none loses a digit.
fn one(node: &Node, path: &str) -> Result<String, CaseError> {
    match &node.value {
        Value::String(text) | Value::Number(text) => Ok(text.clone()),
        Value::Bool(value) => Ok(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => Err(CaseError::wrong(
            path,
            format!(
                "a string, number or boolean is wanted here, not {}",
                node.value.kind()
            ),
        )),
    }
}
