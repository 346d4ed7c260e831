//! Tests of claims: what every token of a provider must pass, and when a rule of a role map matches.

use serde_json::Value;

use super::Invalid;
use super::claim::ClaimPath;
use crate::names::name;

/// The most tests in one list.
pub const CLAIM_TESTS_MAX: usize = 10;
/// The most values of `one_of`.
pub const CLAIM_VALUES_MAX: usize = 100;
/// The most `*` of a glob: matching costs one search for each.
const GLOB_STARS_MAX: usize = 8;
/// Numbers up to here are exact as 64-bit floats, in which JSON claims may arrive.
const NUMBER_MAX: i64 = 1 << 53;

name!(
    /// A text that a claim is compared with; case counts.
    ClaimText, "a value of a claim",
    |text| if text.len() > 512 { Err("it must have at most 512 bytes") } else { Ok(()) },
    pattern: "", example: "eng-admins", says: "a text that a claim is compared with, at most 512 bytes"
);
name!(
    /// A pattern over the whole text of a claim: `*` any characters, `?` one.
    GlobText, "a pattern",
    |text| {
        if text.is_empty() || text.len() > 256 {
            return Err("it must have 1 to 256 bytes");
        }
        if text.matches('*').count() > GLOB_STARS_MAX { Err("it may hold at most 8 `*`") } else { Ok(()) }
    },
    pattern: "", example: "repo:acme/*", says: "a pattern of a claim: `*` stands for any characters, `?` for one"
);

/// One test of one claim.
///
/// A missing claim fails every test but `not_exists`, `not_equals` included: absence never admits.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "Wire", into = "Wire")]
pub struct ClaimTest {
    /// The claim.
    pub claim: ClaimPath,
    /// What must hold of it.
    pub op: ClaimOp,
}

/// What must hold of a claim. On an array a test holds if one element passes; [`ClaimOp::NotEquals`] if none equals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClaimOp {
    /// It is this text.
    Equals(ClaimText),
    /// It is there, and is not this text.
    NotEquals(ClaimText),
    /// It is one of these texts; at least one, at most [`CLAIM_VALUES_MAX`].
    OneOf(Vec<ClaimText>),
    /// It begins with this text, which is not empty.
    StartsWith(ClaimText),
    /// It ends with this text, which is not empty.
    EndsWith(ClaimText),
    /// It is an array with this element; never part of a text.
    Contains(ClaimText),
    /// This text, which is not empty, is part of it.
    ContainsText(ClaimText),
    /// It fits the pattern from end to end.
    Glob(GlobText),
    /// It is there and not `null`.
    Exists,
    /// It is not there, or `null`.
    NotExists,
    /// It is a number, at least this.
    NumberGe(i64),
    /// It is a number, at most this.
    NumberLe(i64),
    /// It is this boolean; texts such as `"true"` are none.
    Bool(bool),
}

#[derive(Clone, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    claim: ClaimPath,
    op: OpName,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    value: Option<Value>,
}

#[derive(Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
enum OpName {
    Equals,
    NotEquals,
    OneOf,
    StartsWith,
    EndsWith,
    Contains,
    ContainsText,
    Glob,
    Exists,
    NotExists,
    NumberGe,
    NumberLe,
    Bool,
}

impl TryFrom<Wire> for ClaimTest {
    type Error = Invalid;

    fn try_from(Wire { claim, op, value }: Wire) -> Result<Self, Invalid> {
        let op = match op {
            OpName::Equals => ClaimOp::Equals(text(value)?),
            OpName::NotEquals => ClaimOp::NotEquals(text(value)?),
            OpName::OneOf => ClaimOp::OneOf(texts(value)?),
            OpName::StartsWith => ClaimOp::StartsWith(part(value)?),
            OpName::EndsWith => ClaimOp::EndsWith(part(value)?),
            OpName::Contains => ClaimOp::Contains(text(value)?),
            OpName::ContainsText => ClaimOp::ContainsText(part(value)?),
            OpName::Glob => ClaimOp::Glob(parsed(&string(value)?)?),
            OpName::Exists => nothing(value).map(|()| ClaimOp::Exists)?,
            OpName::NotExists => nothing(value).map(|()| ClaimOp::NotExists)?,
            OpName::NumberGe => ClaimOp::NumberGe(number(value)?),
            OpName::NumberLe => ClaimOp::NumberLe(number(value)?),
            OpName::Bool => match value {
                Some(Value::Bool(value)) => ClaimOp::Bool(value),
                Some(_) | None => return Err(refused("must be `true` or `false`")),
            },
        };
        Ok(Self { claim, op })
    }
}

fn refused(message: &str) -> Invalid {
    Invalid::new("/value", message)
}

fn string(value: Option<Value>) -> Result<String, Invalid> {
    match value {
        Some(Value::String(text)) => Ok(text),
        Some(_) | None => Err(refused("must be a string")),
    }
}

fn parsed<T: std::str::FromStr<Err = crate::NameError>>(text: &str) -> Result<T, Invalid> {
    text.parse()
        .map_err(|error: crate::NameError| refused(error.why()))
}

fn text(value: Option<Value>) -> Result<ClaimText, Invalid> {
    parsed(&string(value)?)
}

/// A text that would match everything if it were empty.
fn part(value: Option<Value>) -> Result<ClaimText, Invalid> {
    let text = text(value)?;
    if text.as_str().is_empty() {
        return Err(refused("may not be empty: every text would pass"));
    }
    Ok(text)
}

fn texts(value: Option<Value>) -> Result<Vec<ClaimText>, Invalid> {
    match value {
        Some(Value::Array(items)) if (1..=CLAIM_VALUES_MAX).contains(&items.len()) => {
            items.into_iter().map(|item| text(Some(item))).collect()
        }
        Some(_) | None => Err(refused("must be an array of 1 to 100 strings")),
    }
}

fn number(value: Option<Value>) -> Result<i64, Invalid> {
    value
        .and_then(|value| value.as_i64())
        .filter(|number| (-NUMBER_MAX..=NUMBER_MAX).contains(number))
        .ok_or_else(|| refused("must be a whole number of at most 53 bits"))
}

fn nothing(value: Option<Value>) -> Result<(), Invalid> {
    match value {
        None => Ok(()),
        Some(_) => Err(refused("has no meaning with this `op`")),
    }
}

impl From<ClaimTest> for Wire {
    fn from(ClaimTest { claim, op }: ClaimTest) -> Self {
        let text = |text: ClaimText| Some(Value::from(text.as_str()));
        let (op, value) = match op {
            ClaimOp::Equals(value) => (OpName::Equals, text(value)),
            ClaimOp::NotEquals(value) => (OpName::NotEquals, text(value)),
            ClaimOp::OneOf(values) => (
                OpName::OneOf,
                Some(values.iter().map(ClaimText::as_str).collect()),
            ),
            ClaimOp::StartsWith(value) => (OpName::StartsWith, text(value)),
            ClaimOp::EndsWith(value) => (OpName::EndsWith, text(value)),
            ClaimOp::Contains(value) => (OpName::Contains, text(value)),
            ClaimOp::ContainsText(value) => (OpName::ContainsText, text(value)),
            ClaimOp::Glob(pattern) => (OpName::Glob, Some(Value::from(pattern.as_str()))),
            ClaimOp::Exists => (OpName::Exists, None),
            ClaimOp::NotExists => (OpName::NotExists, None),
            ClaimOp::NumberGe(number) => (OpName::NumberGe, Some(number.into())),
            ClaimOp::NumberLe(number) => (OpName::NumberLe, Some(number.into())),
            ClaimOp::Bool(value) => (OpName::Bool, Some(value.into())),
        };
        Self { claim, op, value }
    }
}

#[cfg(feature = "openapi")]
mod schema {
    use utoipa::openapi::RefOr;
    use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
    use utoipa::{PartialSchema, ToSchema};

    use super::{ClaimPath, ClaimTest};

    const OPS: [&str; 13] = [
        "equals",
        "not_equals",
        "one_of",
        "starts_with",
        "ends_with",
        "contains",
        "contains_text",
        "glob",
        "exists",
        "not_exists",
        "number_ge",
        "number_le",
        "bool",
    ];

    impl PartialSchema for ClaimTest {
        fn schema() -> RefOr<Schema> {
            ObjectBuilder::new()
                .title(Some("ClaimTest"))
                .description(Some("a test of one claim; a missing claim fails every test but `not_exists`"))
                .property("claim", ClaimPath::schema())
                .required("claim")
                .property(
                    "op",
                    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(OPS)),
                )
                .required("op")
                .property(
                    "value",
                    ObjectBuilder::new()
                        .schema_type(utoipa::openapi::schema::SchemaType::AnyValue)
                        .description(Some(
                            "a string; for `one_of` an array of strings, for `number_ge` and `number_le` a whole number, for `bool` a boolean; absent for `exists` and `not_exists`",
                        )),
                )
                .examples([serde_json::json!({ "claim": "groups", "op": "contains", "value": "eng-admins" })])
                .into()
        }
    }

    impl ToSchema for ClaimTest {}
}
