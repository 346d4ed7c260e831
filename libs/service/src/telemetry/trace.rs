//! The span of a request, by the names of OpenTelemetry's HTTP conventions.

use std::net::IpAddr;

use actix_web::dev::ServiceRequest;
use actix_web::http::StatusCode;
use actix_web::http::header::HeaderMap;
use tracing::Span;
use tracing::field::Empty;
use trilby_model::TraceParent;

use crate::request_id::RequestIds;

/// A span for this request; its parent is the caller's, if the caller sent a `traceparent`.
pub(crate) fn request_span(request: &ServiceRequest, ids: &RequestIds, client: IpAddr) -> Span {
    let span = tracing::info_span!(
        target: "trilby::request",
        "request",
        otel.name = request.method().as_str(),
        otel.kind = "server",
        otel.status_code = Empty,
        http.request.method = request.method().as_str(),
        http.response.status_code = Empty,
        url.path = request.path(),
        client.address = %client,
        request.id = ids.id.as_str(),
        request.echo = ids.echo.as_deref(),
        operation = Empty,
    );
    #[cfg(feature = "otlp")]
    super::otlp::adopt_parent(&span, request.headers());
    span
}

/// Where the trace of a request stands, for what it leads to elsewhere: our span if it is exported, else the caller's.
pub(crate) fn position(span: &Span, headers: &HeaderMap) -> Option<TraceParent> {
    #[cfg(feature = "otlp")]
    if let Some(ours) = super::otlp::position(span) {
        return Some(ours);
    }
    #[cfg(not(feature = "otlp"))]
    let _ = span;
    let mut given = headers.get_all("traceparent");
    let (first, second) = (given.next()?, given.next());
    match second {
        None => first.to_str().ok()?.parse().ok(),
        Some(_) => None,
    }
}

/// Completes the span with what is known at the end.
pub(crate) fn finish(span: &Span, operation: Option<&str>, status: StatusCode) {
    if let Some(operation) = operation {
        span.record("otel.name", operation);
        span.record("operation", operation);
    }
    span.record("http.response.status_code", status.as_u16());
    if status.is_server_error() {
        span.record("otel.status_code", "ERROR");
    }
}
