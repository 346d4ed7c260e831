//! Whether the store answers this process. Its news do not say: they come through Kafka as well.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};
use trilby_eventlog::EventLog;

/// Between two questions.
const EVERY: Duration = Duration::from_secs(1);
/// Longest that an answer may take.
const PATIENCE: Duration = Duration::from_secs(2);
/// Without an answer for so long the store is not reached.
const LATE: Duration = Duration::from_secs(5);

/// Asks until it is dropped.
pub struct Reach {
    answered_at: Arc<Mutex<Instant>>,
    task: JoinHandle<()>,
}

impl Drop for Reach {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Reach {
    /// Of a store that has just answered.
    pub fn start(log: Arc<dyn EventLog>) -> Self {
        let answered_at = Arc::new(Mutex::new(Instant::now()));
        let at = Arc::clone(&answered_at);
        let task = tokio::spawn(async move {
            loop {
                sleep(EVERY).await;
                let asked = Instant::now();
                match timeout(PATIENCE, log.store_meta()).await {
                    Ok(Ok(_)) => *at.lock().unwrap_or_else(PoisonError::into_inner) = asked,
                    Ok(Err(error)) => tracing::debug!(%error, "the store does not answer"),
                    Err(_) => tracing::debug!("the store does not answer in time"),
                }
            }
        });
        Self { answered_at, task }
    }

    /// For `/readyz`.
    pub fn check(&self) -> impl Fn() -> Result<(), String> + Send + Sync + 'static {
        let answered_at = Arc::clone(&self.answered_at);
        move || {
            let at = *answered_at.lock().unwrap_or_else(PoisonError::into_inner);
            match at.elapsed() {
                late if late > LATE => Err(format!(
                    "the store has not answered for {} s",
                    late.as_secs()
                )),
                _ => Ok(()),
            }
        }
    }
}

#[cfg(test)]
mod tests;
