//! What a process tells about itself: log lines on standard error, metrics on the operator's port, traces to
//! a collector.
//!
//! Log lines never hold secrets, tokens, claims or bodies. Metric names are listed in [`metric`] and stay.

pub mod metric;
#[cfg(feature = "otlp")]
mod otlp;
mod recorder;
#[cfg(test)]
mod tests;
pub(crate) mod trace;

use std::sync::Arc;

use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, Registry, fmt};

use crate::settings::{LogFormat, Settings};

/// The telemetry of a process. Dropping the last clone sends what is left to the collector.
#[derive(Clone)]
pub struct Telemetry(Arc<Inner>);

struct Inner {
    metrics: recorder::Handle,
    #[cfg(feature = "otlp")]
    _traces: Option<otlp::Traces>,
}

/// Why telemetry cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The filter of log lines cannot be read.
    #[error(
        "setting `telemetry.log_filter`: `{filter}` is not a filter such as `info,trilby=debug`"
    )]
    Filter {
        /// As set.
        filter: String,
        /// Why.
        source: tracing_subscriber::filter::ParseError,
    },
    /// A collector is set, and this program was built without a way to reach one.
    #[error(
        "setting `telemetry.otlp_endpoint`: this program was built without the feature `otlp`; build it with `--features otlp`, or leave the setting out"
    )]
    OtlpNotBuilt,
    /// The collector's address cannot be used.
    #[error(
        "setting `telemetry.otlp_endpoint`: `{endpoint}` must begin with `http://` (TLS is for a collector beside this process to add)"
    )]
    OtlpEndpoint {
        /// As set.
        endpoint: String,
    },
    /// The exporter cannot be made.
    #[error("traces cannot be exported: {0}")]
    Otlp(String),
    /// Something else in this process has taken the log.
    #[error("logging is already set up in this process")]
    AlreadySet,
    /// Something else in this process has taken the metrics.
    #[error("metrics are already set up in this process")]
    MetricsAlreadySet,
}

impl Telemetry {
    /// Sets up logs, metrics and traces for the whole process.
    ///
    /// # Errors
    /// [`Error`]
    pub fn start(settings: &Settings) -> Result<Telemetry, Error> {
        let telemetry = &settings.telemetry;
        let filter = EnvFilter::try_new(&telemetry.log_filter).map_err(|source| Error::Filter {
            filter: telemetry.log_filter.clone(),
            source,
        })?;
        let coloured = std::io::IsTerminal::is_terminal(&std::io::stderr());
        let lines = lines(telemetry.log_format, coloured, std::io::stderr);
        let subscriber = Registry::default().with(lines.with_filter(filter));
        #[cfg(feature = "otlp")]
        let traces = otlp::Traces::start(telemetry)?;
        #[cfg(feature = "otlp")]
        let subscriber = subscriber.with(traces.as_ref().map(otlp::Traces::layer));
        #[cfg(not(feature = "otlp"))]
        if telemetry.otlp_endpoint.is_some() {
            return Err(Error::OtlpNotBuilt);
        }
        subscriber.try_init().map_err(|_| Error::AlreadySet)?;
        Ok(Telemetry(Arc::new(Inner {
            metrics: recorder::Handle::global()?,
            #[cfg(feature = "otlp")]
            _traces: traces,
        })))
    }

    /// Metrics only, for servers inside a test process: logs stay as they are.
    ///
    /// # Errors
    /// [`Error::MetricsAlreadySet`]
    pub fn quiet() -> Result<Telemetry, Error> {
        Ok(Telemetry(Arc::new(Inner {
            metrics: recorder::Handle::global()?,
            #[cfg(feature = "otlp")]
            _traces: None,
        })))
    }

    /// All metrics as Prometheus reads them.
    #[must_use]
    pub fn render_metrics(&self) -> String {
        self.0.metrics.render()
    }

    /// Condenses histograms; the server does it every few seconds.
    pub(crate) fn upkeep(&self) {
        self.0.metrics.upkeep();
    }
}

/// How a line is written.
fn lines<W>(format: LogFormat, coloured: bool, writer: W) -> Box<dyn Layer<Registry> + Send + Sync>
where
    W: for<'writer> MakeWriter<'writer> + Send + Sync + 'static,
{
    match format {
        LogFormat::Text => fmt::layer()
            .with_writer(writer)
            .with_ansi(coloured)
            .with_target(false)
            .boxed(),
        // A request is the only span there is: as the present one it is told, and not once more in the list of all.
        LogFormat::Json => fmt::layer()
            .json()
            .flatten_event(true)
            .with_span_list(false)
            .with_writer(writer)
            .boxed(),
    }
}

impl std::fmt::Debug for Telemetry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Telemetry")
    }
}
