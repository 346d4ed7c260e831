//! Traces over OTLP/HTTP (protobuf), in builds with the feature `otlp`.
//!
//! The exporter runs on a thread of its own with a bounded queue: when the collector is slow or away, spans
//! are dropped and requests never wait. Its HTTP client is ureq, which the program has anyway.

use std::collections::HashMap;
use std::time::Duration;

use actix_web::http::header::HeaderMap;
use opentelemetry::propagation::{Extractor, TextMapPropagator};
use opentelemetry::trace::TracerProvider;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::{EnvFilter, Layer};
use trilby_model::TraceParent;

use super::Error;
use crate::settings;

/// Longest time a batch may take to be handed over.
const EXPORT_TIMEOUT: Duration = Duration::from_secs(5);

/// Longest answer of a collector that is read.
const ANSWER_MAX_BYTES: u64 = 64 * 1024;

/// The running exporter. Dropping it sends what is left.
pub(super) struct Traces(SdkTracerProvider);

impl Traces {
    /// Starts the exporter if a collector is set.
    pub(super) fn start(settings: &settings::Telemetry) -> Result<Option<Traces>, Error> {
        let Some(endpoint) = settings.otlp_endpoint.as_deref() else {
            return Ok(None);
        };
        if !endpoint.starts_with("http://") {
            return Err(Error::OtlpEndpoint {
                endpoint: endpoint.to_owned(),
            });
        }
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(Client::new())
            .with_endpoint(format!("{}/v1/traces", endpoint.trim_end_matches('/')))
            .with_timeout(EXPORT_TIMEOUT)
            .build()
            .map_err(|error| Error::Otlp(error.to_string()))?;
        let provider = SdkTracerProvider::builder()
            .with_batch_exporter(exporter)
            .with_sampler(sampler(settings.trace_sample_percent))
            .with_resource(Resource::builder().with_service_name("trilby").build())
            .build();
        Ok(Some(Traces(provider)))
    }

    /// Turns our spans into OpenTelemetry's; those of libraries below `info` are not exported.
    pub(super) fn layer<S>(&self) -> impl Layer<S> + use<S>
    where
        S: tracing::Subscriber + for<'span> LookupSpan<'span>,
    {
        tracing_opentelemetry::layer()
            .with_tracer(self.0.tracer("trilby"))
            .with_location(false)
            .with_threads(false)
            .with_filter(EnvFilter::new("info"))
    }
}

impl Drop for Traces {
    fn drop(&mut self) {
        if let Err(error) = self.0.shutdown_with_timeout(EXPORT_TIMEOUT) {
            tracing::warn!(%error, "the last traces were not exported");
        }
    }
}

/// A caller that is traced stays traced; of the others, the set share.
#[expect(clippy::as_conversions, reason = "0 to 100 is exact in f64")]
fn sampler(percent: u64) -> Sampler {
    Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(percent as f64 / 100.0)))
}

/// Continues the caller's trace (W3C `traceparent`).
pub(super) fn adopt_parent(span: &Span, headers: &HeaderMap) {
    if headers.contains_key("traceparent") {
        let parent = TraceContextPropagator::new().extract(&Headers(headers));
        // Fails only where no exporter is running, and then there is nothing to continue.
        let _ = span.set_parent(parent);
    }
}

/// Where this span is in its trace; none where no exporter is running.
pub(super) fn position(span: &Span) -> Option<TraceParent> {
    let mut carrier = HashMap::new();
    TraceContextPropagator::new().inject_context(&span.context(), &mut carrier);
    carrier.get("traceparent")?.parse().ok()
}

struct Headers<'a>(&'a HeaderMap);

impl Extractor for Headers<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).and_then(|value| value.to_str().ok())
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(|name| name.as_str()).collect()
    }
}

/// The exporter's HTTP client. It blocks, on the exporter's own thread.
#[derive(Debug)]
struct Client(ureq::Agent);

impl Client {
    fn new() -> Client {
        let config = ureq::Agent::config_builder()
            .timeout_global(Some(EXPORT_TIMEOUT))
            .http_status_as_error(false)
            .max_redirects(0)
            .build();
        Client(config.into())
    }
}

#[async_trait::async_trait]
impl HttpClient for Client {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let (parts, body) = request.into_parts();
        let response = self.0.run(Request::from_parts(parts, body.to_vec()))?;
        let (parts, body) = response.into_parts();
        let bytes = body
            .into_with_config()
            .limit(ANSWER_MAX_BYTES)
            .read_to_vec()?;
        Ok(Response::from_parts(parts, Bytes::from(bytes)))
    }
}
