//! Kafka, as the settings name it.

#[cfg(not(feature = "kafka"))]
use anyhow::bail;
#[cfg(not(feature = "kafka"))]
use trilby_service::Settings;

#[cfg(feature = "kafka")]
mod options;

#[cfg(feature = "kafka")]
pub use options::{of, told};

#[cfg(not(feature = "kafka"))]
const NO_KAFKA: &str = "this build has no Kafka in it: build with `--features kafka`";

/// Refuses settings that this build can do nothing with.
#[cfg(all(feature = "postgres", not(feature = "kafka")))]
pub fn refuse(settings: &Settings) -> anyhow::Result<()> {
    match settings.kafka.brokers {
        Some(_) => bail!(NO_KAFKA),
        None => Ok(()),
    }
}

/// Refused: there is nothing to relay to.
#[cfg(not(feature = "kafka"))]
pub async fn relay(
    _: Settings,
    _: std::sync::Arc<crate::terminal::Terminal>,
) -> anyhow::Result<()> {
    bail!(NO_KAFKA)
}

#[cfg(all(test, feature = "kafka"))]
mod tests {
    use std::collections::BTreeSet;

    use trilby_feed_kafka::METRICS;
    use trilby_service::telemetry::metric;

    /// The crate may not use the table, and its names are rows of it. Gaps are counted by whoever hears of them.
    #[test]
    fn the_metrics_of_the_feed_and_its_relay_are_those_of_the_table() {
        let known: BTreeSet<&str> = METRICS.iter().copied().collect();
        let rows = metric::ALL.iter().map(|metric| metric.name);
        let is_of_it =
            |name: &&str| name.starts_with("trilby_relay_") || name.starts_with("trilby_feed_");
        let rows: BTreeSet<&str> = rows
            .filter(is_of_it)
            .filter(|name| !trilby_directory::METRICS.contains(name))
            .collect();
        assert_eq!(known, rows);
    }
}
