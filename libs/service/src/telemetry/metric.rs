//! Every metric of every process, in one table. Names, labels and units stay: dashboards and alarms hold them.
//!
//! Labels have few values: operation ids, codes, kinds; never an account, a principal or a path. The table is
//! `docs/METRICS.md` as well.

use metrics::Label;

/// One metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metric {
    /// As Prometheus knows it.
    pub name: &'static str,
    /// Counter, gauge or histogram.
    pub kind: Kind,
    /// Names of its labels, in the order their values are given.
    pub labels: &'static [&'static str],
    /// What it tells.
    pub doc: &'static str,
}

/// Kinds of metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Only grows.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Distribution of durations in seconds.
    Histogram,
}

/// Makes a constant of each row and [`ALL`] of them together.
macro_rules! metrics {
    ($( $id:ident: $kind:ident $name:literal [$($label:literal),*] $doc:literal; )+) => {
        $(
            #[doc = $doc]
            pub const $id: Metric = Metric { name: $name, kind: Kind::$kind, labels: &[$($label),*], doc: $doc };
        )+

        /// The table.
        pub const ALL: &[Metric] = &[ $( $id, )+ ];
    };
}

metrics! {
    BUILD_INFO: Gauge "trilby_build_info" ["version"] "Always 1; the label is the program's version.";
    HTTP_REQUESTS: Counter "trilby_http_requests_total" ["operation", "status"] "Answered requests by operation id (`none`: no route) and status.";
    HTTP_DURATION: Histogram "trilby_http_request_duration_seconds" ["operation"] "Time from a request's headers to its answer.";
    HTTP_IN_FLIGHT: Gauge "trilby_http_requests_in_flight" [] "Requests being answered.";
    HTTP_PANICS: Counter "trilby_http_panics_total" [] "Requests that ended in a panic (answered 500). Any is a bug.";
    DECISIONS: Counter "trilby_decisions_total" ["decision"] "Decisions by `allow`, `explicit_deny`, `implicit_deny`.";
    DECISION_DURATION: Histogram "trilby_decision_duration_seconds" [] "Time of the engine alone, without HTTP and without waiting for state.";
    DECISION_RECORDS_DROPPED: Counter "trilby_decision_records_dropped_total" [] "Decision records that were dropped: too many waited, the store or Kafka did not take them, or the process ended first. An answer never waits for its record.";
    SESSIONS_ISSUED: Counter "trilby_sessions_issued_total" ["kind"] "Sessions by kind: `root`, `user`, `key`, `role`.";
    SESSIONS_REFUSED: Counter "trilby_sessions_refused_total" ["code"] "Refused sessions by problem code.";
    LOG_APPENDS: Counter "trilby_log_appends_total" ["outcome"] "Appends by outcome: `written`, `conflict`, `refused`, `failed`.";
    LOG_APPEND_DURATION: Histogram "trilby_log_append_duration_seconds" [] "Time of an append until it is durable.";
    LOG_FORKS: Counter "trilby_log_forks_total" [] "Times a log was not what had been folded from it. Alarm on any.";
    LOG_QUARANTINES: Counter "trilby_log_quarantines_total" [] "Logs with an event that cannot be folded, each counted once by a process for as long as that event stands; they answer nothing. Alarm on any.";
    FEED_GAPS: Counter "trilby_feed_gaps_total" [] "Times messages of the feed were lost and read from the log instead.";
    FEED_PASSED_OVER: Counter "trilby_feed_passed_over_total" [] "Records in the topics of the feed that were not taken: another store's, where two installations have one `kafka.topic_prefix`, or none at all. The log says which. Alarm on any.";
    RELAY_COMMITS: Counter "trilby_relay_commits_total" [] "Commits that this relay told the feed and forgot.";
    RELAY_FAILURES: Counter "trilby_relay_failures_total" [] "Times a record did not arrive, so that its shard was read and told again.";
    RELAY_OLDEST: Gauge "trilby_relay_oldest_waiting_seconds" [] "How long the oldest commit of this relay's shards has been waiting to be told.";
    RELAY_SHARDS: Gauge "trilby_relay_shards" [] "Shards that this relay looks after.";
    RELAY_ORPHANS: Counter "trilby_relay_orphans_total" [] "Commits that the feed had and the store has lost: it was restored, or a standby took over. The relay's log names them. Alarm on any.";
    DECISIONS_STORED: Counter "trilby_relay_decisions_total" [] "Records of decisions that this relay took from Kafka and stored.";
    DECISIONS_REPEATED: Counter "trilby_relay_decisions_repeated_total" [] "Records of decisions that came again and were stored already.";
    DECISIONS_PASSED_OVER: Counter "trilby_relay_decisions_passed_over_total" [] "Records in the topic of decisions that are none, of no account that there is, another under a known id, or unreadable. Alarm on any: somebody else writes there, or a disk fails.";
    DECISIONS_LOST: Counter "trilby_relay_decisions_lost_total" [] "Records of decisions that Kafka deleted before a relay had stored them. Alarm on any.";
    DECISIONS_AGE: Gauge "trilby_relay_decisions_age_seconds" [] "How old the oldest record of a decision is that this relay stores, or is not able to. 0: none waits.";
    REVOCATION_LAG: Gauge "trilby_revocation_lag_seconds" [] "How old what this node knows of revocations may be. Zero where each is announced.";
    LOGS_LOADED: Gauge "trilby_logs_loaded" [] "Logs whose state is in memory.";
    STATE_BEHIND: Counter "trilby_state_behind_total" [] "Requests that asked for a position this node did not reach in time.";
    POSITION_WAITS: Counter "trilby_position_waits_total" [] "Questions that carried a position which was not reached yet, and waited for it.";
}

impl Metric {
    /// Adds to a counter. Values are given in the order of [`Metric::labels`].
    pub fn add(&self, n: u64, values: &[&str]) {
        metrics::counter!(self.name, self.pairs(values)).increment(n);
    }

    /// Sets a gauge.
    pub fn set(&self, value: f64, values: &[&str]) {
        metrics::gauge!(self.name, self.pairs(values)).set(value);
    }

    /// Adds a duration in seconds to a histogram.
    pub fn record(&self, seconds: f64, values: &[&str]) {
        metrics::histogram!(self.name, self.pairs(values)).record(seconds);
    }

    /// Raises a gauge by one until the guard is dropped.
    #[must_use]
    pub fn up(&self) -> Up {
        let gauge = metrics::gauge!(self.name);
        gauge.increment(1.0);
        Up(gauge)
    }

    fn pairs(&self, values: &[&str]) -> Vec<Label> {
        let pairs = self.labels.iter().zip(values);
        pairs
            .map(|(name, value)| Label::new(*name, (*value).to_owned()))
            .collect()
    }
}

/// Holds a gauge up by one.
pub struct Up(metrics::Gauge);

impl Drop for Up {
    fn drop(&mut self) {
        self.0.decrement(1.0);
    }
}

impl std::fmt::Debug for Up {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Up")
    }
}

/// Tells the recorder what each metric is, and shows those that have no labels from the start, at zero.
pub(super) fn describe() {
    for metric in ALL {
        match metric.kind {
            Kind::Counter => metrics::describe_counter!(metric.name, metric.doc),
            Kind::Gauge => metrics::describe_gauge!(metric.name, metric.doc),
            Kind::Histogram => {
                metrics::describe_histogram!(metric.name, metrics::Unit::Seconds, metric.doc)
            }
        }
        match (metric.kind, metric.labels) {
            (Kind::Counter, []) => metric.add(0, &[]),
            (Kind::Gauge, []) => metric.set(0.0, &[]),
            (Kind::Counter | Kind::Gauge | Kind::Histogram, _) => {}
        }
    }
    BUILD_INFO.set(1.0, &[env!("CARGO_PKG_VERSION")]);
}

/// `docs/METRICS.md`.
#[must_use]
pub fn document() -> String {
    let mut text = String::from(
        "# Metrics\n\n\
         Made from the table in `libs/service/src/telemetry/metric.rs`; a test keeps the two the same.\n\n\
         Prometheus text at `/metrics` of the operator's port. Names, labels and units do not change; new ones may come.\n\n\
         | name | kind | labels | |\n| --- | --- | --- | --- |\n",
    );
    for metric in ALL {
        let kind = match metric.kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram => "histogram",
        };
        let labels: Vec<_> = metric
            .labels
            .iter()
            .map(|label| format!("`{label}`"))
            .collect();
        text.push_str(&format!(
            "| `{}` | {kind} | {} | {} |\n",
            metric.name,
            labels.join(", "),
            metric.doc
        ));
    }
    text
}
