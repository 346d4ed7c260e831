//! The process's one metrics recorder.

use std::sync::{Mutex, PoisonError};

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

use super::{Error, metric};

/// Seconds from a tenth of a millisecond to ten: decisions are at one end, password hashing at the other.
const BUCKETS_S: &[f64] = &[
    0.0001, 0.000_25, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5,
    10.0,
];

/// The recorder can be installed once; servers that are started one after another in one process share it.
static INSTALLED: Mutex<Option<PrometheusHandle>> = Mutex::new(None);

pub(super) struct Handle(PrometheusHandle);

impl Handle {
    pub(super) fn global() -> Result<Handle, Error> {
        let mut installed = INSTALLED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(handle) = &*installed {
            return Ok(Handle(handle.clone()));
        }
        let builder = PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), BUCKETS_S)
            .map_err(|_| Error::MetricsAlreadySet)?;
        let recorder = builder.build_recorder();
        let handle = recorder.handle();
        metrics::set_global_recorder(recorder).map_err(|_| Error::MetricsAlreadySet)?;
        metric::describe();
        *installed = Some(handle.clone());
        Ok(Handle(handle))
    }

    pub(super) fn render(&self) -> String {
        self.0.render()
    }

    pub(super) fn upkeep(&self) {
        self.0.run_upkeep();
    }
}
