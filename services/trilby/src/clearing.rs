//! Clearing away what is over: receipts, revocations, marks, counters, old activity.
//!
//! Of one store's processes those that are the token service do it; which of them at a moment, the store settles.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;
use trilby_eventlog::{Error, EventLog};
use trilby_model::Timestamp;
use trilby_service::Settings;
use trilby_service::clock::Clock;
use trilby_session::revocation;

/// A day is promised. A receipt answers as long as it is there; it is kept for another day, so that none goes that a request
/// under way may ask for.
const RECEIPTS_KEPT_S: i64 = 48 * 3_600;

const DAY_S: i64 = 24 * 3_600;

/// Runs until it is dropped.
pub struct Clearing(JoinHandle<()>);

impl Drop for Clearing {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Clearing {
    /// Begins at once, and goes on as often as the settings say.
    pub fn start(log: Arc<dyn EventLog>, clock: Arc<dyn Clock>, settings: &Settings) -> Self {
        let every = Duration::from_secs(settings.log.clear_every_s);
        let days = i64::try_from(settings.log.activity_days).unwrap_or(i64::MAX);
        Self(tokio::spawn(async move {
            let mut ticks = tokio::time::interval(every);
            ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
            loop {
                ticks.tick().await;
                match clear(&*log, clock.now(), days.saturating_mul(DAY_S)).await {
                    Ok(0) => {}
                    Ok(n_rows) => tracing::debug!(n_rows, "cleared away what was over"),
                    // Nothing rests on it but room; the next round tries again.
                    Err(error) => tracing::warn!(%error, "what is over cannot be cleared away"),
                }
            }
        }))
    }
}

async fn clear(log: &dyn EventLog, now: Timestamp, activity_kept_s: i64) -> Result<u64, Error> {
    let (receipts, revocations) = (
        now.plus_seconds(-RECEIPTS_KEPT_S),
        now.plus_seconds(-revocation::KEPT_S),
    );
    let n_rows = log.purge(now, receipts, revocations).await;
    // Neither waits for the other to succeed: this one also makes room for records to come.
    let n_records = log.activity_purge(now.plus_seconds(-activity_kept_s)).await;
    Ok(n_rows?.saturating_add(n_records?))
}
