//! What the directory tells about itself. The names are rows of the table of metrics in `libs/service`, which this crate
//! may not use; a test in `libs/access` keeps the two the same.

use std::time::Instant;

const APPENDS: &str = "trilby_log_appends_total";
const APPEND_DURATION: &str = "trilby_log_append_duration_seconds";
const LOADED: &str = "trilby_logs_loaded";
const BEHIND: &str = "trilby_state_behind_total";
const WAITS: &str = "trilby_position_waits_total";
const FORKS: &str = "trilby_log_forks_total";
const QUARANTINES: &str = "trilby_log_quarantines_total";
const GAPS: &str = "trilby_feed_gaps_total";
const LAG: &str = "trilby_revocation_lag_seconds";

/// The names of all metrics of this crate.
pub const METRICS: &[&str] = &[
    APPENDS,
    APPEND_DURATION,
    LOADED,
    BEHIND,
    WAITS,
    FORKS,
    QUARANTINES,
    GAPS,
    LAG,
];

/// What became of an append.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Appended {
    Written,
    Conflict,
    Refused,
    Failed,
}

pub(crate) fn append(outcome: Appended, begun: Instant) {
    let outcome = match outcome {
        Appended::Written => "written",
        Appended::Conflict => "conflict",
        Appended::Refused => "refused",
        Appended::Failed => "failed",
    };
    metrics::counter!(APPENDS, "outcome" => outcome).increment(1);
    metrics::histogram!(APPEND_DURATION).record(begun.elapsed().as_secs_f64());
}

pub(crate) fn loaded(logs: u64) {
    metrics::gauge!(LOADED).set(f64::from(u32::try_from(logs).unwrap_or(u32::MAX)));
}

pub(crate) fn behind() {
    metrics::counter!(BEHIND).increment(1);
}

pub(crate) fn position_wait() {
    metrics::counter!(WAITS).increment(1);
}

pub(crate) fn fork() {
    metrics::counter!(FORKS).increment(1);
}

pub(crate) fn quarantine() {
    metrics::counter!(QUARANTINES).increment(1);
}

pub(crate) fn gap() {
    metrics::counter!(GAPS).increment(1);
}

pub(crate) fn lag(lag: Option<std::time::Duration>) {
    if let Some(lag) = lag {
        metrics::gauge!(LAG).set(lag.as_secs_f64());
    }
}
