//! What a test's own thread counts and measures: tests that run beside it do not mix in.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use metrics::{
    Counter, Gauge, Histogram, Key, KeyName, LocalRecorderGuard, Metadata, Recorder, SharedString,
    Unit,
};

/// Counters and gauges of one thread, for as long as this lives. Everything that counts must run on it: a runtime of one
/// thread.
pub struct Measured {
    table: &'static Table,
    _guard: LocalRecorderGuard<'static>,
}

#[derive(Default)]
struct Table(Mutex<BTreeMap<String, Arc<AtomicU64>>>);

impl Measured {
    /// Begins, at zero.
    #[must_use]
    #[expect(
        clippy::new_without_default,
        reason = "it does something to the thread"
    )]
    pub fn new() -> Self {
        // A recorder has to outlive its guard: a few bytes of a test stay.
        let table: &'static Table = Box::leak(Box::default());
        Self {
            table,
            _guard: metrics::set_default_local_recorder(table),
        }
    }

    /// The value of a counter, over all its labels. 0 if nothing was counted.
    #[must_use]
    pub fn counter(&self, name: &str) -> u64 {
        self.table.value(name).load(Ordering::SeqCst)
    }

    /// The value of a gauge. 0 if none was set.
    #[must_use]
    pub fn gauge(&self, name: &str) -> f64 {
        f64::from_bits(self.table.value(name).load(Ordering::SeqCst))
    }
}

impl Table {
    fn value(&self, name: &str) -> Arc<AtomicU64> {
        let mut all = self.0.lock().unwrap();
        Arc::clone(all.entry(name.to_owned()).or_default())
    }
}

impl Recorder for Table {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        Counter::from_arc(self.value(key.name()))
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::from_arc(self.value(key.name()))
    }

    fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::noop()
    }
}
