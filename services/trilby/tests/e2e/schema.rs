//! Whether an answer is what the document says: the part of JSON Schema that our documents use.

use serde_json::Value;

/// What does not fit, and where; nothing if all does.
pub fn misfit(schemas: &Value, schema: &Value, value: &Value, at: &str) -> Option<String> {
    if let Some(reference) = schema["$ref"].as_str() {
        let name = reference.rsplit('/').next().unwrap();
        return match schemas.get(name) {
            Some(schema) => misfit(schemas, schema, value, at),
            None => Some(format!("{at}: no schema {name}")),
        };
    }
    for choice in ["oneOf", "anyOf"] {
        if let Some(choices) = schema[choice].as_array() {
            let mut misfits = choices
                .iter()
                .map(|one| misfit(schemas, one, value, at))
                .collect::<Vec<_>>();
            return match misfits.iter().any(Option::is_none) {
                true => None,
                false => misfits.pop().flatten(),
            };
        }
    }
    if schema["allOf"].is_array() {
        return misfit(schemas, &merged(schemas, schema), value, at);
    }
    if let Some(allowed) = schema["enum"].as_array()
        && !allowed.contains(value)
    {
        return Some(format!("{at}: {value} is none of {allowed:?}"));
    }
    let kinds: Vec<&str> = match &schema["type"] {
        Value::String(kind) => vec![kind],
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
        _ => return None,
    };
    if !kinds.iter().any(|kind| is_kind(value, kind)) {
        return Some(format!("{at}: {value} is not {kinds:?}"));
    }
    match value {
        Value::Array(items) => items.iter().enumerate().find_map(|(index, item)| {
            misfit(schemas, &schema["items"], item, &format!("{at}/{index}"))
        }),
        Value::Object(_) => misfit_of_object(schemas, schema, value, at),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    }
}

/// The parts of an `allOf` as one object: each alone would not know the members of the others.
fn merged(schemas: &Value, schema: &Value) -> Value {
    let mut properties = serde_json::Map::new();
    let mut required = Vec::new();
    for part in schema["allOf"].as_array().into_iter().flatten() {
        let name = part["$ref"].as_str().and_then(|at| at.rsplit('/').next());
        let part = name.map_or(part, |name| &schemas[name]);
        properties.extend(part["properties"].as_object().cloned().unwrap_or_default());
        required.extend(part["required"].as_array().cloned().unwrap_or_default());
    }
    serde_json::json!({"type": "object", "properties": properties, "required": required})
}

fn misfit_of_object(schemas: &Value, schema: &Value, value: &Value, at: &str) -> Option<String> {
    let members = value.as_object()?;
    let required = schema["required"].as_array().into_iter().flatten();
    for name in required.filter_map(Value::as_str) {
        if !members.contains_key(name) {
            return Some(format!("{at}: {name} is missing"));
        }
    }
    // An object of any members is described by none.
    let open = schema["properties"].is_null() && schema["additionalProperties"].is_null();
    for (name, value) in members {
        let schema = match (&schema["properties"][name], &schema["additionalProperties"]) {
            (Value::Null, Value::Null | Value::Bool(false)) if !open => {
                return Some(format!("{at}: {name} is not described"));
            }
            (Value::Null, others) => others,
            (described, _) => described,
        };
        if let Some(found) = misfit(schemas, schema, value, &format!("{at}/{name}")) {
            return Some(found);
        }
    }
    None
}

fn is_kind(value: &Value, kind: &str) -> bool {
    match kind {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => false,
    }
}

#[test]
fn what_does_not_fit_is_found() {
    let schemas = serde_json::json!({
        "Hat": {"type": "object", "required": ["name"], "properties": {
            "name": {"type": "string"},
            "sizes": {"type": "array", "items": {"type": "integer"}},
            "shade": {"oneOf": [{"type": "null"}, {"enum": ["dark", "light"]}]},
        }},
    });
    let hat = serde_json::json!({"$ref": "#/components/schemas/Hat"});
    for (fits, value) in [
        (
            true,
            serde_json::json!({"name": "a", "sizes": [1], "shade": null}),
        ),
        (false, serde_json::json!({"name": "a", "sizes": [1, "2"]})),
        (false, serde_json::json!({"name": "a", "shade": "red"})),
        (false, serde_json::json!({"name": "a", "more": 1})),
        (false, serde_json::json!({"sizes": []})),
        (false, serde_json::json!([])),
    ] {
        assert_eq!(
            misfit(&schemas, &hat, &value, "").is_none(),
            fits,
            "{value}"
        );
    }
}
