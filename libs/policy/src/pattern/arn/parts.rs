//! A six-part name taken apart: an ARN of a request, or the text of a pattern.

use trilby_model::Arn;

use crate::pattern::Syntax;

/// The parts of a six-part name, borrowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ArnParts<'a> {
    /// Second part; never empty.
    pub partition: &'a str,
    /// Third part; never empty.
    pub service: &'a str,
    /// Fourth part.
    pub region: &'a str,
    /// Fifth part.
    pub account: &'a str,
    /// All the rest, with its colons.
    pub resource: &'a str,
}

impl<'a> ArnParts<'a> {
    /// Splits a text; `None` if it is not a six-part name.
    #[must_use]
    pub fn split(text: &'a str) -> Option<Self> {
        let mut parts = text.strip_prefix("arn:")?.splitn(5, ':');
        let split = Self {
            partition: parts.next()?,
            service: parts.next()?,
            region: parts.next()?,
            account: parts.next()?,
            resource: parts.next()?,
        };
        (!split.partition.is_empty() && !split.service.is_empty()).then_some(split)
    }
}

impl<'a> From<&'a Arn> for ArnParts<'a> {
    fn from(arn: &'a Arn) -> Self {
        Self {
            partition: arn.partition(),
            service: arn.service(),
            region: arn.region(),
            account: arn.account(),
            resource: arn.resource(),
        }
    }
}

/// Splits on the first five colons, passing over those inside `${...}`.
pub(super) fn split(text: &str, syntax: Syntax) -> Option<[&str; 6]> {
    let mut rest = text;
    let mut parts = [""; 6];
    let [head @ .., last] = &mut parts;
    for part in head {
        let (before, after) = rest.split_at(colon(rest, syntax.variables)?);
        *part = before;
        rest = after.strip_prefix(':')?;
    }
    *last = rest;
    Some(parts)
}

/// Where the first colon outside a variable is.
fn colon(text: &str, variables: bool) -> Option<usize> {
    let mut inside = false;
    let mut before = ' ';
    for (at, c) in text.char_indices() {
        match c {
            '{' if variables && before == '$' => inside = true,
            '}' => inside = false,
            ':' if !inside => return Some(at),
            _ => {}
        }
        before = c;
    }
    None
}
