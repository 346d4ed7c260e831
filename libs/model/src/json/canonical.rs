//! One spelling for each value: RFC 8785.
//!
//! Events and stored documents hold strings and whole numbers, and nearly all names are ASCII: these are written here,
//! several times as fast. Everything else is written by a library, and a test holds the two together.

use std::fmt::Write as _;

use serde_json::{Map, Number, Value};

/// Whole numbers up to here are 64-bit floats without loss, so RFC 8785 spells them with their digits.
const WHOLE_MAX: u64 = 1 << 53;

/// `value` in the canonical form of RFC 8785: no white space, members sorted, one spelling of every number and string.
///
/// Numbers are written as 64-bit floats, so integers beyond 2^53 lose digits: store those as strings.
#[must_use]
pub fn canonical(value: &Value) -> String {
    let mut text = String::new();
    write(&mut text, value);
    text
}

fn write(out: &mut String, value: &Value) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::String(text) => string(out, text),
        Value::Number(number) => match whole(number) {
            // Writing into memory cannot fail.
            Some(whole) => drop(write!(out, "{whole}")),
            None => out.push_str(&by_library(value)),
        },
        Value::Array(items) => {
            out.push('[');
            for (n, item) in items.iter().enumerate() {
                if n > 0 {
                    out.push(',');
                }
                write(out, item);
            }
            out.push(']');
        }
        Value::Object(members) => object(out, members),
    }
}

fn whole(number: &Number) -> Option<i64> {
    let whole = number.as_i64()?;
    (whole.unsigned_abs() <= WHOLE_MAX).then_some(whole)
}

/// Members in the order of their names' UTF-16 units.
fn object(out: &mut String, members: &Map<String, Value>) {
    let mut sorted: Vec<(&String, &Value)> = members.iter().collect();
    if sorted.iter().all(|(name, _)| name.is_ascii()) {
        sorted.sort_unstable_by_key(|(name, _)| *name);
    } else {
        sorted.sort_by(|(a, _), (b, _)| a.encode_utf16().cmp(b.encode_utf16()));
    }
    out.push('{');
    for (n, (name, value)) in sorted.into_iter().enumerate() {
        if n > 0 {
            out.push(',');
        }
        string(out, name);
        out.push(':');
        write(out, value);
    }
    out.push('}');
}

fn string(out: &mut String, text: &str) {
    out.push('"');
    let is_plain = |byte: u8| byte >= b' ' && byte != b'"' && byte != b'\\';
    if text.bytes().all(is_plain) {
        out.push_str(text);
    } else {
        text.chars().for_each(|char| escaped(out, char));
    }
    out.push('"');
}

fn escaped(out: &mut String, char: char) {
    match char {
        '"' => out.push_str("\\\""),
        '\\' => out.push_str("\\\\"),
        '\u{8}' => out.push_str("\\b"),
        '\t' => out.push_str("\\t"),
        '\n' => out.push_str("\\n"),
        '\u{c}' => out.push_str("\\f"),
        '\r' => out.push_str("\\r"),
        char if char < ' ' => drop(write!(out, "\\u{:04x}", u32::from(char))),
        char => out.push(char),
    }
}

/// As the library spells it.
pub(super) fn by_library(value: &Value) -> String {
    // Writing into memory cannot fail, keys of a `Value` are strings and its numbers are finite: no error is left.
    #[expect(
        clippy::expect_used,
        reason = "no value reaches an error; a silent fallback would hash another document"
    )]
    serde_json_canonicalizer::to_string(value).expect("a serde_json value has a canonical form")
}
