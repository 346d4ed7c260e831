//! The names of this crate's metrics. They are rows of the table in `libs/service`, which this crate may not use.

pub(crate) const FEED_PASSED_OVER: &str = "trilby_feed_passed_over_total";
pub(crate) const TOLD: &str = "trilby_relay_commits_total";
pub(crate) const LOST: &str = "trilby_relay_failures_total";
pub(crate) const OLDEST: &str = "trilby_relay_oldest_waiting_seconds";
pub(crate) const SHARDS: &str = "trilby_relay_shards";
pub(crate) const ORPHANS: &str = "trilby_relay_orphans_total";
pub(crate) const STORED: &str = "trilby_relay_decisions_total";
pub(crate) const REPEATED: &str = "trilby_relay_decisions_repeated_total";
pub(crate) const PASSED_OVER: &str = "trilby_relay_decisions_passed_over_total";
pub(crate) const LOST_DECISIONS: &str = "trilby_relay_decisions_lost_total";
pub(crate) const AGE: &str = "trilby_relay_decisions_age_seconds";

/// All of them.
pub const METRICS: &[&str] = &[
    FEED_PASSED_OVER,
    TOLD,
    LOST,
    OLDEST,
    SHARDS,
    ORPHANS,
    STORED,
    REPEATED,
    PASSED_OVER,
    LOST_DECISIONS,
    AGE,
];
