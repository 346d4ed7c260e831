//! What a question asks besides the question: how much explanation, how fresh an answer.
//!
//! Headers say it first. Clients that cannot set headers put the same into `context.trilby` of the body; that member is ours and never
//! becomes a condition key.

use trilby_directory::Freshness;
use trilby_engine::Explain;
use trilby_model::brand::headers;
use trilby_model::json::{Node, Value};
use trilby_service::problem::{Code, FieldError, Problem};

use super::token;

/// Name of our member of the body's `context`.
pub const MEMBER: &str = "trilby";

/// The options of one request.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Options {
    /// How much to explain.
    pub explain: Option<Explain>,
    /// The freshness that the body asks for.
    pub freshness: Option<Freshness>,
}

impl Options {
    /// Reads them. `header` is the value of `Trilby-Explain`.
    ///
    /// Errors: 400 for a word that is none of the levels, a position that is none, or an unknown option.
    pub fn read(header: Option<&str>, body: &Node) -> Result<Self, Problem> {
        let mut options = Self::default();
        if let Some(Value::Object(members)) =
            body.pointer("/context/trilby").map(|node| &node.value)
        {
            for member in members {
                if member.key == token::IN_CONTEXT {
                    // Part of the question; the request reads it.
                    continue;
                }
                let at = format!("/context/{MEMBER}/{}", member.key);
                let Value::String(text) = &member.value.value else {
                    return Err(refused(&at, "must be a string"));
                };
                options.take(&member.key, text, &at)?;
            }
        }
        if let Some(word) = header {
            let level = word.parse().map_err(|error: trilby_engine::ExplainError| {
                Problem::new(
                    Code::InvalidParameter,
                    format!("header `{}`: {error}", headers::EXPLAIN),
                )
                .error(FieldError::header(
                    headers::EXPLAIN,
                    Code::InvalidParameter,
                    error.to_string(),
                ))
            })?;
            options.explain = Some(level);
        }
        Ok(options)
    }

    fn take(&mut self, name: &str, text: &str, at: &str) -> Result<(), Problem> {
        if name == "explain" {
            self.explain =
                Some(text.parse().map_err(|error: trilby_engine::ExplainError| {
                    refused(at, &error.to_string())
                })?);
            return Ok(());
        }
        let token = || {
            text.parse()
                .map_err(|error: trilby_model::PositionError| refused(at, &error.to_string()))
        };
        let freshness = match name {
            "min_seq" => Freshness::AtLeast(token()?),
            "at_seq" => Freshness::AtSeq(token()?),
            "at_time" => Freshness::AtTime(
                text.parse()
                    .map_err(|_| refused(at, "must be an RFC 3339 time"))?,
            ),
            _ => {
                return Err(refused(
                    at,
                    "is not an option of ours: `explain`, `min_seq`, `at_seq`, `at_time`, `subject_token`",
                ));
            }
        };
        match self.freshness.replace(freshness) {
            None => Ok(()),
            Some(_) => Err(refused(
                at,
                "only one of `min_seq`, `at_seq` and `at_time` may be given",
            )),
        }
    }
}

fn refused(at: &str, what: &str) -> Problem {
    Problem::new(Code::InvalidParameter, format!("`{at}` {what}")).error(FieldError::at(
        at,
        Code::InvalidParameter,
        what,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(header: Option<&str>, body: &str) -> Result<Options, Problem> {
        Options::read(header, &trilby_model::json::parse(body).expect("JSON"))
    }

    #[test]
    fn the_header_wins_over_the_body() {
        let options = read(
            Some("trace"),
            r#"{"context":{"trilby":{"explain":"reason"}}}"#,
        )
        .expect("good");
        assert_eq!(options.explain, Some(Explain::Trace));
    }

    #[test]
    fn an_option_that_does_not_exist_is_refused_and_other_context_is_not_looked_at() {
        assert!(read(None, r#"{"context":{"trilby":{"explian":"reason"}}}"#).is_err());
        assert_eq!(
            read(None, r#"{"context":{"explain":"nonsense"}}"#).expect("good"),
            Options::default()
        );
    }

    #[test]
    fn two_positions_in_time_are_refused() {
        let body =
            r#"{"context":{"trilby":{"min_seq":"111122223333@4","at_seq":"111122223333@4"}}}"#;
        assert!(read(None, body).is_err());
    }
}
