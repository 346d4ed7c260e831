//! The trace that a request is part of.

use std::fmt;
use std::str::FromStr;

use crate::ids::IdError;
use crate::text::echo;

/// A position in a trace, as the header `traceparent` spells it: version 00, trace, span, flags.
///
/// Source: W3C Trace Context, section 3.2.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraceParent(String);

impl TraceParent {
    /// The header's value.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for TraceParent {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let parts: Vec<&str> = text.split('-').collect();
        let is_hex = |text: &str| {
            text.bytes()
                .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
        };
        // An id of zeros alone says that there is none.
        let is_id = |text: &str, len| text.len() == len && text.bytes().any(|byte| byte != b'0');
        match parts[..] {
            ["00", trace, span, flags]
                if is_id(trace, 32)
                    && is_id(span, 16)
                    && flags.len() == 2
                    && [trace, span, flags].into_iter().all(is_hex) =>
            {
                Ok(Self(text.to_owned()))
            }
            _ => Err(IdError::new("a position in a trace", echo(text))),
        }
    }
}

impl fmt::Display for TraceParent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_spelling_of_the_standard_is_taken() {
        let good = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        assert_eq!(good.parse::<TraceParent>().unwrap().as_str(), good);
        for bad in [
            "",
            "00",
            "01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-0AF7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-1",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-x",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b716920333é-01",
        ] {
            assert!(bad.parse::<TraceParent>().is_err(), "{bad}");
        }
    }
}
