//! Claims as condition keys.

use std::collections::BTreeMap;

use serde_json::Value;
use trilby_model::federation::ClaimPath;

/// The value of a condition key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConditionValue {
    /// One value.
    Scalar(String),
    /// Any number of values.
    List(Vec<String>),
}

/// Each claim's name after the colon, and its value. An object is no value.
///
/// As AWS has it: where a token names its authorized party, that is `aud`, and what it calls `aud` is `oaud`.
pub(super) fn of(claims: &BTreeMap<ClaimPath, Value>) -> BTreeMap<String, ConditionValue> {
    let mut keys: BTreeMap<String, ConditionValue> = claims
        .iter()
        .filter_map(|(claim, value)| Some((claim.condition_name(), condition(value)?)))
        .collect();
    if let Some(audience) = keys.get("aud").cloned() {
        if let Some(party) = keys.get("azp").cloned() {
            keys.insert("aud".to_owned(), party);
        }
        keys.insert("oaud".to_owned(), audience);
    }
    keys
}

fn condition(value: &Value) -> Option<ConditionValue> {
    match value {
        Value::Null | Value::Object(_) => None,
        Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            Some(ConditionValue::Scalar(text(value)))
        }
        Value::Array(items) => Some(ConditionValue::List(items.iter().map(text).collect())),
    }
}

/// A value within an array that is itself no scalar stays there as JSON: dropped, it could make "all of these" true.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            value.to_string()
        }
    }
}
