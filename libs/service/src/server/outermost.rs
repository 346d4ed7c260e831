//! The one middleware, around everything else.
//!
//! INVARIANT: whatever happens below (refusal, panic, time-out, a fault of the framework), the answer has the
//! request id, and an error is a problem in the route's own form.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};
use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::http::{ConnectionType, StatusCode};
use actix_web::middleware::Next;
use actix_web::{HttpMessage, HttpRequest, HttpResponse, ResponseError, web};
use futures::FutureExt;
use tracing::Instrument;

use super::{ClientAddress, Shared};
use crate::body::{Limits, Patience};
use crate::problem::{self, Code, ErrorForm, Problem};
use crate::request_id::RequestIds;
use crate::telemetry::{metric, trace};

/// Which operation a request is, for metrics and traces. The route puts it into the request's extensions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OperationId(pub &'static str);

/// Operation of requests that reached no route with an id.
const NO_OPERATION: &str = "none";

/// What is remembered of the request while others hold it.
struct Facts {
    shared: web::Data<Shared>,
    ids: RequestIds,
    path: String,
    wants_text: bool,
    span: tracing::Span,
    started: Instant,
}

pub(super) async fn outermost(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let Some(shared) = request.app_data::<web::Data<Shared>>().cloned() else {
        return Err(Problem::internal("the server has no shared state").into());
    };
    let facts = Facts::of(&request, shared);
    let _in_flight = metric::HTTP_IN_FLIGHT.up();
    let span = facts.span.clone();
    async move {
        let result = answer(&facts, request, next).await;
        facts.finish(result)
    }
    .instrument(span)
    .await
}

/// The answer of the routes, or the problem that stopped the request.
async fn answer<B: MessageBody + 'static>(
    facts: &Facts,
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<BoxBody>, Problem> {
    if let Some(problem) = facts.refuse_headers(request.headers()) {
        return Ok(request.error_response(problem));
    }
    let patience = Duration::from_millis(facts.shared.server.request_timeout_ms);
    let running = AssertUnwindSafe(next.call(request)).catch_unwind();
    match tokio::time::timeout(patience, running).await {
        Ok(Ok(Ok(response))) => Ok(response.map_into_boxed_body()),
        Ok(Ok(Err(error))) => Err(of_framework(&error)),
        Ok(Err(panic)) => {
            metric::HTTP_PANICS.add(1, &[]);
            Err(Problem::internal(format!("panic: {}", panic_text(&*panic))))
        }
        Err(_) => Err(Problem::unavailable(format!(
            "the request took longer than {} ms",
            patience.as_millis()
        ))),
    }
}

impl Facts {
    fn of(request: &ServiceRequest, shared: web::Data<Shared>) -> Facts {
        let ids = RequestIds::of(request.headers(), &*shared.clock, &*shared.entropy);
        let peer = request
            .peer_addr()
            .map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.ip());
        let server = &shared.server;
        let client = ClientAddress::of(
            peer,
            request.headers(),
            server.forwarded_header,
            &server.trusted_proxies,
        );
        let span = trace::request_span(request, &ids, client.0);
        if ids.echo_cut {
            span.in_scope(|| tracing::warn!("the client's X-Request-ID was cut for its echo"));
        }
        let trace = trace::position(&span, request.headers());
        let mut extensions = request.extensions_mut();
        if let Some(trace) = trace {
            extensions.insert(trace);
        }
        extensions.insert(ids.clone());
        extensions.insert(client);
        extensions.insert(Limits {
            bytes: server.body_limit_bytes,
        });
        extensions.insert(Patience(Duration::from_millis(server.body_timeout_ms)));
        drop(extensions);
        Facts {
            ids,
            path: request.path().to_owned(),
            wants_text: prefers_text(request.headers()),
            span,
            started: Instant::now(),
            shared,
        }
    }

    fn refuse_headers(&self, headers: &HeaderMap) -> Option<Problem> {
        let limit = self.shared.server.header_limit_bytes;
        let bytes: usize = headers
            .iter()
            .map(|(name, value)| name.as_str().len() + value.len())
            .sum();
        (bytes > limit).then(|| {
            Problem::new(
                Code::HeadersTooLarge,
                format!("the headers have more than {limit} bytes"),
            )
            .with("limit", limit)
        })
    }

    fn finish(
        self,
        result: Result<ServiceResponse<BoxBody>, Problem>,
    ) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
        match result {
            Ok(response) => {
                let (request, response) = response.into_parts();
                let (operation, form) = of_route(&request);
                let mut response = match problem_of(&response) {
                    Some(problem) => self.render(&problem, form),
                    None => response,
                };
                self.complete(operation, &mut response);
                Ok(ServiceResponse::new(request, response))
            }
            // The request is gone with whoever held it, and with it the route's own form.
            Err(problem) => {
                let mut response = self.render(&problem, ErrorForm::Problem);
                self.complete(None, &mut response);
                Err(Finished(std::cell::RefCell::new(Some(response))).into())
            }
        }
    }

    fn render(&self, problem: &Problem, form: ErrorForm) -> HttpResponse {
        let cause = problem.cause_chain();
        let status = problem.status();
        // That a position is not reached is the caller's to ask for, as often as it likes; the metric has it.
        if status.is_server_error() && problem.code != Code::StateBehind {
            tracing::error!(problem.code = %problem.code, cause, "request failed: {}", problem.detail);
        } else {
            tracing::debug!(problem.code = %problem.code, cause, "request refused: {}", problem.detail);
        }
        problem.render(&problem::Context {
            public_url: &self.shared.public_url,
            instance: &self.path,
            request_id: self.ids.id.as_str(),
            form,
            wants_text: self.wants_text,
        })
    }

    /// Headers of every answer, metrics, span.
    fn complete(&self, operation: Option<&'static str>, response: &mut HttpResponse) {
        let secure = self.shared.public_url.starts_with("https://");
        let headers = response.headers_mut();
        for (name, value) in self.ids.headers() {
            headers.insert(name, value);
        }
        for (name, value) in standard_headers(secure) {
            if !headers.contains_key(&name) {
                headers.insert(name, value);
            }
        }
        if self.shared.health.is_draining() {
            // Not as a header: the framework writes that one itself, and leaves out ours.
            response
                .head_mut()
                .set_connection_type(ConnectionType::Close);
        }
        let status = response.status();
        let seconds = self.started.elapsed().as_secs_f64();
        trace::finish(&self.span, operation, status);
        let operation = operation.unwrap_or(NO_OPERATION);
        metric::HTTP_REQUESTS.add(1, &[operation, status.as_str()]);
        metric::HTTP_DURATION.record(seconds, &[operation]);
        tracing::debug!(target: "trilby::request", operation, status = status.as_u16(), duration_ms = seconds * 1_000.0, "request answered");
    }
}

fn of_route(request: &HttpRequest) -> (Option<&'static str>, ErrorForm) {
    let extensions = request.extensions();
    let operation = extensions.get::<OperationId>().map(|id| id.0);
    (
        operation,
        extensions.get::<ErrorForm>().copied().unwrap_or_default(),
    )
}

/// The problem in a response, if it is one. Errors of the framework become problems here.
fn problem_of(response: &HttpResponse) -> Option<Problem> {
    let error = response.error()?;
    match error.as_error::<Problem>() {
        Some(problem) => Some(problem.clone()),
        None => Some(of_framework(error)),
    }
}

fn of_framework(error: &actix_web::Error) -> Problem {
    if let Some(problem) = error.as_error::<Problem>() {
        return problem.clone();
    }
    let code = match error.as_response_error().status_code() {
        StatusCode::NOT_FOUND => return Problem::not_found(),
        StatusCode::METHOD_NOT_ALLOWED => Code::MethodNotAllowed,
        StatusCode::PAYLOAD_TOO_LARGE => Code::PayloadTooLarge,
        StatusCode::UNSUPPORTED_MEDIA_TYPE => Code::UnsupportedMediaType,
        StatusCode::REQUEST_TIMEOUT => Code::RequestTimeout,
        status if status.is_client_error() => Code::InvalidParameter,
        _ => return Problem::internal(error.to_string()),
    };
    Problem::new(code, "the request could not be read").caused_by(error.to_string())
}

/// Headers that no answer lacks. Answers are for their asker only unless a route says otherwise.
fn standard_headers(secure: bool) -> Vec<(HeaderName, HeaderValue)> {
    let mut headers = vec![
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (
            header::X_CONTENT_TYPE_OPTIONS,
            HeaderValue::from_static("nosniff"),
        ),
        (
            header::REFERRER_POLICY,
            HeaderValue::from_static("no-referrer"),
        ),
        (
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"),
        ),
    ];
    if secure {
        headers.push((
            header::STRICT_TRANSPORT_SECURITY,
            HeaderValue::from_static("max-age=31536000; includeSubDomains"),
        ));
    }
    headers
}

fn prefers_text(headers: &HeaderMap) -> bool {
    let accept = headers
        .get(header::ACCEPT)
        .and_then(|value| value.to_str().ok())
        .unwrap_or("");
    let first = accept.split([',', ';']).next().unwrap_or("");
    first.trim().eq_ignore_ascii_case("text/plain")
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "without a message".to_owned())
}

/// A finished answer on the framework's error path, for when the request itself was lost.
struct Finished(std::cell::RefCell<Option<HttpResponse>>);

impl fmt::Debug for Finished {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Finished")
    }
}

impl fmt::Display for Finished {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the request was stopped")
    }
}

impl ResponseError for Finished {
    fn status_code(&self) -> StatusCode {
        let response = self.0.borrow();
        response
            .as_ref()
            .map_or(StatusCode::INTERNAL_SERVER_ERROR, HttpResponse::status)
    }

    fn error_response(&self) -> HttpResponse {
        self.0
            .borrow_mut()
            .take()
            .unwrap_or_else(|| HttpResponse::InternalServerError().finish())
    }
}
