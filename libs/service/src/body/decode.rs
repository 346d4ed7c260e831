//! Bytes to typed values, with the place of every fault.

use serde::de::DeserializeOwned;
use serde_path_to_error::{Path, Segment};
use trilby_model::json;

use super::strict::Strict;
use crate::problem::{Code, FieldError, Problem};

/// A body that was understood.
#[derive(Debug, Clone)]
pub struct Decoded<T> {
    /// What it says.
    pub value: T,
    /// The text's tree: exact numbers, line and column of each part.
    pub source: json::Node,
}

/// Decodes a JSON body.
///
/// # Errors
/// `invalid_json`, `duplicate_field`, `unknown_field`, `missing_parameter`, `invalid_parameter`; each names pointer, line and column.
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<Decoded<T>, Problem> {
    let source = node(bytes)?;
    let value = from_node(&source)?;
    Ok(Decoded { value, source })
}

/// The tree of a JSON body, before any type is asked of it.
///
/// # Errors
/// `invalid_json`, `duplicate_field`
pub fn node(bytes: &[u8]) -> Result<json::Node, Problem> {
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(Problem::new(
            Code::InvalidJson,
            "the body is empty; this operation takes a JSON object",
        ));
    }
    let text = std::str::from_utf8(bytes)
        .map_err(|_| Problem::new(Code::InvalidJson, "the body is not UTF-8"))?;
    json::parse(text).map_err(|error| not_json(&error))
}

/// A typed value of a tree or of a part of one.
///
/// # Errors
/// `unknown_field`, `missing_parameter`, `invalid_parameter`
pub fn from_node<T: DeserializeOwned>(source: &json::Node) -> Result<T, Problem> {
    serde_path_to_error::deserialize(Strict(source.to_serde()))
        .map_err(|error| wrong_shape(source, &error))
}

fn not_json(error: &json::Error) -> Problem {
    let code = match error.code {
        json::ErrorCode::DuplicateMember => Code::DuplicateField,
        json::ErrorCode::Syntax | json::ErrorCode::TooDeep => Code::InvalidJson,
    };
    Problem::new(
        code,
        format!(
            "{} at line {}, column {}",
            error.message, error.at.line, error.at.column
        ),
    )
    .error(
        FieldError::at(error.pointer.clone(), code, error.message.clone())
            .placed(error.at.line, error.at.column),
    )
}

fn wrong_shape(
    source: &json::Node,
    error: &serde_path_to_error::Error<serde_json::Error>,
) -> Problem {
    let message = error.inner().to_string();
    let mut pointer = pointer(error.path());
    if let Some(member) = missing(&message) {
        // The path ends at the object that lacks it.
        pointer.push('/');
        pointer.push_str(&json::escape_pointer(member));
        return lacking(source, pointer);
    }
    let code = match message.starts_with("unknown field") {
        true => Code::UnknownField,
        false => Code::InvalidParameter,
    };
    let mut field = FieldError::at(pointer.clone(), code, message.clone());
    if let Some(at) = place(source, &pointer) {
        field = field.placed(at.line, at.column);
    }
    let wher = match pointer.as_str() {
        "" => String::new(),
        pointer => format!(" at `{pointer}`"),
    };
    Problem::new(code, format!("{message}{wher}")).error(field)
}

fn lacking(source: &json::Node, pointer: String) -> Problem {
    let detail = format!("`{pointer}` is missing");
    let mut field = FieldError::at(pointer.clone(), Code::MissingParameter, "is missing");
    if let Some(at) = place(source, &pointer) {
        field = field.placed(at.line, at.column);
    }
    Problem::new(Code::MissingParameter, detail).error(field)
}

/// The member that serde misses. Its name is one of ours, never the sender's.
fn missing(message: &str) -> Option<&str> {
    message.strip_prefix("missing field `")?.strip_suffix('`')
}

/// Where a pointer leads; for a path that ends in nothing, the nearest part above it.
fn place<'a>(source: &'a json::Node, pointer: &str) -> Option<&'a json::Place> {
    let mut pointer = pointer;
    loop {
        if let Some(node) = source.pointer(pointer) {
            return Some(&node.at);
        }
        (pointer, _) = pointer.rsplit_once('/')?;
    }
}

/// The JSON pointer of serde's path. Variant names of enums are no part of the text and are left out.
fn pointer(path: &Path) -> String {
    let mut pointer = String::new();
    for segment in path {
        match segment {
            Segment::Seq { index } => pointer.push_str(&format!("/{index}")),
            Segment::Map { key } => {
                pointer.push('/');
                pointer.push_str(&json::escape_pointer(key));
            }
            Segment::Enum { .. } | Segment::Unknown => {}
        }
    }
    pointer
}
