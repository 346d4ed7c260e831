//! Tags made from claims.

use std::fmt;
use std::str::FromStr;

use super::claim::ClaimPath;
use crate::text::{echo, string_on_the_wire};

const TEMPLATE_MAX_BYTES: usize = 512;
const CLAIMS_MAX: usize = 8;
const OPEN: &str = "{claim:";

/// The value of a tag with `{claim:name}` where a claim goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagTemplate(Vec<TemplatePart>);

/// A piece of a [`TagTemplate`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TemplatePart {
    /// Text as it stands.
    Text(String),
    /// The text of a claim.
    Claim(ClaimPath),
}

/// Why a text is no template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a tag template: {why}")]
pub struct TagTemplateError {
    text: String,
    why: &'static str,
}

impl TagTemplate {
    /// The pieces in order.
    #[must_use]
    pub fn parts(&self) -> &[TemplatePart] {
        &self.0
    }
}

fn parse(text: &str) -> Result<Vec<TemplatePart>, &'static str> {
    if text.len() > TEMPLATE_MAX_BYTES {
        return Err("it must have at most 512 bytes");
    }
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        if !before.is_empty() {
            parts.push(literal(before)?);
        }
        let inside = after
            .strip_prefix("claim:")
            .and_then(|after| after.split_once('}'));
        let Some((claim, after)) = inside else {
            return Err("`{` begins only `{claim:name}`");
        };
        let claim = claim
            .parse()
            .map_err(|error: crate::NameError| error.why())?;
        parts.push(TemplatePart::Claim(claim));
        rest = after;
    }
    if !rest.is_empty() {
        parts.push(literal(rest)?);
    }
    let n_claims = parts
        .iter()
        .filter(|part| matches!(part, TemplatePart::Claim(_)))
        .count();
    if n_claims > CLAIMS_MAX {
        return Err("it may name at most 8 claims");
    }
    Ok(parts)
}

/// Text that a tag value may hold: checked now, so that only claims have to be cleaned later.
fn literal(text: &str) -> Result<TemplatePart, &'static str> {
    let value: Result<crate::TagValue, _> = text.parse();
    value
        .map(|value| TemplatePart::Text(value.as_str().to_owned()))
        .map_err(|error| error.why())
}

impl FromStr for TagTemplate {
    type Err = TagTemplateError;

    fn from_str(text: &str) -> Result<Self, TagTemplateError> {
        parse(text).map(Self).map_err(|why| TagTemplateError {
            text: echo(text),
            why,
        })
    }
}

impl fmt::Display for TagTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|part| match part {
            TemplatePart::Text(text) => f.write_str(text),
            TemplatePart::Claim(claim) => write!(f, "{OPEN}{claim}}}"),
        })
    }
}

string_on_the_wire!(TagTemplate, pattern: "", example: "{claim:department}", says: "the value of a tag, with {claim:name} where a claim goes");
