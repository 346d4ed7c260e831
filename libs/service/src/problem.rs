//! Refusals and faults as RFC 9457 problem details: the one error form of every service.
//!
//! Handlers return a [`Problem`]; services make it from their own errors by exhaustive `From`. The
//! outermost middleware ([`crate::server`]) finds the problem in the response and writes it in its final
//! form, because only there are the request id, the public address and the route's error form known.
//! A cause is logged once, there, and never reaches the client.

mod code;
mod field;
mod pages;
mod render;
#[cfg(test)]
mod tests;
use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::{HttpResponse, ResponseError};
use serde_json::{Map, Value};

pub use code::Code;
pub use field::FieldError;
pub(crate) use pages::pages;
pub use render::{Context, ErrorForm};

/// Members of a problem that an extension may not replace.
const RESERVED: &[&str] = &[
    "type",
    "title",
    "status",
    "code",
    "detail",
    "instance",
    "request_id",
    "errors",
];

/// One refusal or fault, on its way to the client.
#[derive(Debug, Clone)]
pub struct Problem {
    /// Which problem.
    pub code: Code,
    /// What happened this time: a sentence without secrets, lower case, no full stop.
    pub detail: String,
    /// Which parts of the request are at fault, if it is parts.
    pub errors: Vec<FieldError>,
    /// Further members, such as `blockers` or `decision_id`.
    pub extensions: Map<String, Value>,
    /// Boxed, so that a `Result` that carries a problem stays small.
    rest: Box<Rest>,
}

/// What only the answer's writer looks at.
#[derive(Debug, Clone)]
struct Rest {
    status: StatusCode,
    headers: Vec<(HeaderName, HeaderValue)>,
    oauth_error: Option<&'static str>,
    cause: Option<Arc<dyn StdError + Send + Sync>>,
}

impl Problem {
    /// A problem with the code's own status.
    pub fn new(code: Code, detail: impl Into<Cow<'static, str>>) -> Problem {
        Problem {
            code,
            detail: detail.into().into_owned(),
            errors: Vec::new(),
            extensions: Map::new(),
            rest: Box::new(Rest {
                status: code.status(),
                headers: Vec::new(),
                oauth_error: None,
                cause: None,
            }),
        }
    }

    /// The 404 that an unknown, a foreign and a forbidden-to-know resource share, byte for byte.
    #[must_use]
    pub fn not_found() -> Problem {
        Problem::new(
            Code::NotFound,
            "there is no such resource, or you may not know of it",
        )
    }

    /// The 401 of a bad, expired or revoked Bearer token.
    #[must_use]
    pub fn unauthenticated() -> Problem {
        Problem::new(
            Code::Unauthenticated,
            "a valid session token is needed in the `Authorization: Bearer` header",
        )
    }

    /// The 401 of a request without a Bearer token. Nothing was wrong with one, so the challenge names no error
    /// (RFC 6750, section 3.1).
    #[must_use]
    pub fn no_token() -> Problem {
        let what = "no session token was sent; it belongs in the `Authorization: Bearer` header";
        Problem::new(Code::Unauthenticated, what)
            .error(FieldError::header(
                header::AUTHORIZATION.as_str(),
                Code::MissingParameter,
                "is needed: `Bearer`, a space, and a session token",
            ))
            .with_header(
                header::WWW_AUTHENTICATE,
                HeaderValue::from_static("Bearer realm=\"trilby\""),
            )
    }

    /// A fault of ours. The cause goes to the log, not to the client.
    pub fn internal(cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Problem {
        Problem::new(
            Code::InternalError,
            "the request failed for a reason that is ours; the request id finds it in the log",
        )
        .caused_by(cause)
    }

    /// The store or another part we need does not answer.
    pub fn unavailable(cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Problem {
        Problem::new(
            Code::Unavailable,
            "a part this answer needs is not available",
        )
        .caused_by(cause)
    }

    /// `invalid_parameter` for one part of the body.
    pub fn invalid(pointer: impl Into<String>, detail: impl Into<String>) -> Problem {
        let detail = detail.into();
        Problem::new(Code::InvalidParameter, detail.clone()).error(FieldError::at(
            pointer,
            Code::InvalidParameter,
            detail,
        ))
    }

    /// Names one part of the request that is at fault.
    #[must_use]
    pub fn error(mut self, error: FieldError) -> Problem {
        self.errors.push(error);
        self
    }

    /// Adds a member. The standard members cannot be replaced: such a call changes nothing.
    #[must_use]
    pub fn with(mut self, member: &str, value: impl Into<Value>) -> Problem {
        if !RESERVED.contains(&member) {
            self.extensions.insert(member.to_owned(), value.into());
        }
        self
    }

    /// Answers with another status than the code's own, where a standard demands it (authzen.md 7).
    #[must_use]
    pub fn with_status(mut self, status: StatusCode) -> Problem {
        self.rest.status = status;
        self
    }

    /// Adds a header to the answer.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Problem {
        self.rest.headers.push((name, value));
        self
    }

    /// Tells the client when to come again.
    #[must_use]
    pub fn retry_after(mut self, seconds: u64) -> Problem {
        self.rest
            .headers
            .retain(|(name, _)| name != header::RETRY_AFTER);
        self.with_header(header::RETRY_AFTER, HeaderValue::from(seconds))
    }

    /// Sets the `error` of the OAuth form where it is not [`Code::oauth_error`].
    #[must_use]
    pub fn with_oauth_error(mut self, error: &'static str) -> Problem {
        self.rest.oauth_error = Some(error);
        self
    }

    /// Remembers why, for the log.
    #[must_use]
    pub fn caused_by(mut self, cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Problem {
        self.rest.cause = Some(Arc::from(cause.into()));
        self
    }

    /// The status of the answer.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.rest.status
    }

    /// The `error` of the OAuth form.
    #[must_use]
    pub fn oauth_error(&self) -> &'static str {
        self.rest
            .oauth_error
            .unwrap_or_else(|| self.code.oauth_error())
    }

    /// Why, for the log.
    #[must_use]
    pub fn cause(&self) -> Option<&(dyn StdError + Send + Sync)> {
        self.rest.cause.as_deref()
    }

    /// The headers that go with the answer.
    pub fn headers(&self) -> impl Iterator<Item = &(HeaderName, HeaderValue)> {
        self.rest.headers.iter()
    }

    /// The cause and its sources, joined for the log.
    #[must_use]
    pub fn cause_chain(&self) -> Option<String> {
        let cause = self.rest.cause.as_deref()?;
        let mut text = cause.to_string();
        let mut source = cause.source();
        while let Some(next) = source {
            text.push_str(": ");
            text.push_str(&next.to_string());
            source = next.source();
        }
        Some(text)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.detail)
    }
}

impl StdError for Problem {}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.rest.status
    }

    /// The answer without what only the middleware knows. It is replaced there.
    fn error_response(&self) -> HttpResponse {
        self.render(&Context::bare())
    }
}
