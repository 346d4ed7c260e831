//! A problem on the wire: problem+json, the OAuth form, or plain text for an AuthZEN client that asks.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use serde::Serialize;
use serde_json::{Map, Value};

use super::{Code, FieldError, Problem};

/// The error form of a route. A route that wants another than problem+json puts this into the request's
/// extensions before it reads anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ErrorForm {
    /// RFC 9457 problem+json.
    #[default]
    Problem,
    /// `{"error", "error_description", "error_code", "request_id"}` (RFC 6749 section 5.2).
    OAuth,
    /// As `Problem`, but a wrong content type is 400 and `Accept: text/plain` gets plain text (authzen.md 7).
    AuthZen,
}

/// What a problem needs from its request to be written.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// Configured public address, without a slash at its end; never from the request (R24).
    pub public_url: &'a str,
    /// The path asked for, without the query.
    pub instance: &'a str,
    /// Our id of the request.
    pub request_id: &'a str,
    /// The route's form.
    pub form: ErrorForm,
    /// The client prefers `text/plain`.
    pub wants_text: bool,
}

impl Context<'_> {
    /// For a problem outside the server's middleware, in tests of a single handler.
    pub(super) fn bare() -> Context<'static> {
        Context {
            public_url: "",
            instance: "",
            request_id: "",
            form: ErrorForm::Problem,
            wants_text: false,
        }
    }
}

#[derive(Serialize)]
struct ProblemBody<'a> {
    r#type: String,
    title: &'a str,
    status: u16,
    code: &'a str,
    detail: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    instance: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    request_id: &'a str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [FieldError],
    #[serde(flatten)]
    extensions: &'a Map<String, Value>,
}

#[derive(Serialize)]
struct OAuthBody<'a> {
    error: &'a str,
    error_description: &'a str,
    error_code: &'a str,
    request_id: &'a str,
    #[serde(flatten)]
    extensions: &'a Map<String, Value>,
}

impl Problem {
    /// The complete response.
    #[must_use]
    pub fn render(&self, context: &Context<'_>) -> HttpResponse {
        let status = self.final_status(context.form);
        let mut response = HttpResponse::build(status);
        for (name, value) in self.standard_headers(status) {
            response.insert_header((name, value));
        }
        for (name, value) in self.headers() {
            response.insert_header((name.clone(), value.clone()));
        }
        match context.form {
            ErrorForm::OAuth => self.render_oauth(&mut response, context),
            ErrorForm::AuthZen if context.wants_text => response
                .content_type("text/plain; charset=utf-8")
                .body(format!("{}: {}\n", self.code, self.detail)),
            ErrorForm::Problem | ErrorForm::AuthZen => {
                self.render_problem(&mut response, status, context)
            }
        }
    }

    fn render_problem(
        &self,
        response: &mut actix_web::HttpResponseBuilder,
        status: StatusCode,
        context: &Context<'_>,
    ) -> HttpResponse {
        let body = ProblemBody {
            r#type: format!("{}/problems/{}", context.public_url, self.code.slug()),
            title: self.code.title(),
            status: status.as_u16(),
            code: self.code.as_str(),
            detail: &self.detail,
            instance: context.instance,
            request_id: context.request_id,
            errors: &self.errors,
            extensions: &self.extensions,
        };
        response
            .content_type("application/problem+json")
            .body(serde_json::to_string(&body).unwrap_or_default())
    }

    fn render_oauth(
        &self,
        response: &mut actix_web::HttpResponseBuilder,
        context: &Context<'_>,
    ) -> HttpResponse {
        let body = OAuthBody {
            error: self.oauth_error(),
            error_description: &self.detail,
            error_code: self.code.as_str(),
            request_id: context.request_id,
            extensions: &self.extensions,
        };
        response
            .insert_header((header::CACHE_CONTROL, "no-store"))
            .insert_header((header::PRAGMA, "no-cache"))
            .content_type("application/json")
            .body(serde_json::to_string(&body).unwrap_or_default())
    }

    fn final_status(&self, form: ErrorForm) -> StatusCode {
        match (form, self.code) {
            (ErrorForm::AuthZen, Code::UnsupportedMediaType) => StatusCode::BAD_REQUEST,
            _ => self.status(),
        }
    }

    /// Headers that HTTP wants with certain answers, unless the problem brings its own.
    fn standard_headers(&self, status: StatusCode) -> Vec<(HeaderName, HeaderValue)> {
        let mut headers = Vec::new();
        if self.code == Code::Unauthenticated {
            headers.push((
                header::WWW_AUTHENTICATE,
                HeaderValue::from_static("Bearer error=\"invalid_token\""),
            ));
        }
        if status == StatusCode::SERVICE_UNAVAILABLE || status == StatusCode::TOO_MANY_REQUESTS {
            headers.push((header::RETRY_AFTER, HeaderValue::from_static("1")));
        }
        headers
    }
}
