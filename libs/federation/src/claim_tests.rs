//! Evaluating tests of claims.

use serde_json::Value;
use trilby_model::federation::{ClaimOp, ClaimTest};

use crate::claims::All;

/// Whether `test` holds of `claims`. A missing claim, and `null`, fails every test but `not_exists`.
pub(crate) fn holds(test: &ClaimTest, claims: &All) -> bool {
    let value = test.claim.find(claims).filter(|value| !value.is_null());
    let Some(value) = value else {
        return test.op == ClaimOp::NotExists;
    };
    match &test.op {
        ClaimOp::Exists => true,
        ClaimOp::NotExists => false,
        ClaimOp::NotEquals(text) => !any(value, |one| is_text(one, text.as_str())),
        ClaimOp::Equals(text) => any(value, |one| is_text(one, text.as_str())),
        ClaimOp::OneOf(texts) => any(value, |one| {
            texts.iter().any(|text| is_text(one, text.as_str()))
        }),
        ClaimOp::StartsWith(text) => any_text(value, |one| one.starts_with(text.as_str())),
        ClaimOp::EndsWith(text) => any_text(value, |one| one.ends_with(text.as_str())),
        ClaimOp::ContainsText(text) => any_text(value, |one| one.contains(text.as_str())),
        ClaimOp::Glob(pattern) => any_text(value, |one| glob(pattern.as_str(), one)),
        ClaimOp::Contains(text) => value
            .as_array()
            .is_some_and(|items| items.iter().any(|one| is_text(one, text.as_str()))),
        ClaimOp::NumberGe(least) => {
            any(value, |one| compare(one, *least).is_some_and(|o| o.is_ge()))
        }
        ClaimOp::NumberLe(most) => any(value, |one| compare(one, *most).is_some_and(|o| o.is_le())),
        ClaimOp::Bool(wanted) => any(value, |one| one.as_bool() == Some(*wanted)),
    }
}

/// Of an array, one element; else the value.
fn any(value: &Value, passes: impl Fn(&Value) -> bool) -> bool {
    match value {
        Value::Array(items) => items.iter().any(passes),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => {
            passes(value)
        }
    }
}

fn any_text(value: &Value, passes: impl Fn(&str) -> bool) -> bool {
    any(value, |one| one.as_str().is_some_and(&passes))
}

fn is_text(value: &Value, text: &str) -> bool {
    value.as_str() == Some(text)
}

/// A number against a whole one of at most 53 bits, which a float holds exactly.
fn compare(value: &Value, bound: i64) -> Option<std::cmp::Ordering> {
    if let Some(whole) = value.as_i64() {
        return Some(whole.cmp(&bound));
    }
    if value.as_u64().is_some() {
        return Some(std::cmp::Ordering::Greater);
    }
    #[expect(clippy::as_conversions, reason = "at most 53 bits: exact as a float")]
    #[expect(
        clippy::cast_precision_loss,
        reason = "at most 53 bits: exact as a float"
    )]
    let bound = bound as f64;
    value.as_f64()?.partial_cmp(&bound)
}

/// `*` any characters, `?` one. Linear in `text` for each `*`: the first fit of each piece is taken, and the last piece
/// must sit at the end.
fn glob(pattern: &str, text: &str) -> bool {
    let text: Vec<char> = text.chars().collect();
    let mut pieces = pattern
        .split('*')
        .map(|piece| piece.chars().collect::<Vec<char>>());
    let first = pieces.next().unwrap_or_default();
    let mut rest: Vec<Vec<char>> = pieces.collect();
    let Some(last) = rest.pop() else {
        return first.len() == text.len() && fits(&first, &text);
    };
    if !fits(&first, &text) {
        return false;
    }
    let mut at = first.len();
    for piece in &rest {
        let found = (at..=text.len())
            .find(|start| text.get(*start..).is_some_and(|tail| fits(piece, tail)));
        match found {
            Some(start) => at = start.saturating_add(piece.len()),
            None => return false,
        }
    }
    match text.len().checked_sub(last.len()) {
        Some(start) if start >= at => text.get(start..).is_some_and(|tail| fits(&last, tail)),
        Some(_) | None => false,
    }
}

/// Whether `text` begins with `piece`, where `?` is any one character.
fn fits(piece: &[char], text: &[char]) -> bool {
    piece.len() <= text.len()
        && piece
            .iter()
            .zip(text)
            .all(|(want, got)| *want == '?' || want == got)
}

#[cfg(test)]
mod tests;
