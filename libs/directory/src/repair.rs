//! Logs in memory that fell behind the news are read from the store at once, a few at a time.

use std::sync::Arc;

use tokio::sync::Semaphore;

use crate::directory::Inner;
use crate::slot::Slot;

/// Logs read at once. Few, since it is done for those who may ask, beside those who do.
const AT_ONCE: usize = 8;

/// Lets so many read at once. Those who wait are at most as many as there are logs in memory.
pub(crate) struct Repairs(Arc<Semaphore>);

impl Default for Repairs {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(AT_ONCE)))
    }
}

impl Inner {
    /// Reads what a log lacks, in a task of its own. Whoever asks for the log meanwhile reads it or waits for that.
    pub(crate) fn bring_up(self: &Arc<Self>, slot: &Arc<Slot>) {
        if slot.is_to_be_read() {
            return;
        }
        let (inner, slot) = (Arc::clone(self), Arc::clone(slot));
        let places = Arc::clone(&self.repairs.0);
        tokio::spawn(async move {
            let place = places.acquire().await;
            // What is heard from now on may come too late for this reading.
            slot.is_being_read();
            if let Err(error) = inner.catch_up(&slot).await {
                // INVARIANT: nobody is given a state below the hint, so who asks for the log tries again.
                tracing::warn!(log.id = %slot.log(), %error, "not brought up to date");
            }
            drop(place);
        });
    }
}
