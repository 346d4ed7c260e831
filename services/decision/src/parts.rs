//! What this service keeps in memory besides the state that every service has.

use std::sync::Arc;

use moka::sync::Cache;
use trilby_eventlog::ActivitySink;
use trilby_model::{AccountId, SessionId};

use crate::authzen::session::Remembered;
use crate::record::writer::Writer;

/// Sessions that were asked about by their ids and are remembered, about 1 KiB each.
const SESSIONS_MAX: u64 = 20_000;

/// The parts of the decision service; the binary's wiring adds them to the services.
pub struct DecisionParts {
    sessions: Cache<(AccountId, SessionId), Remembered>,
    records: Writer,
}

impl DecisionParts {
    /// Nothing remembered yet; records of decisions are handed over here, and those that wait for it may take so much
    /// memory.
    ///
    /// # Errors
    /// The system gives no thread for the writer.
    pub fn start<S>(records: Arc<S>, waiting_bytes_max: usize) -> std::io::Result<Self>
    where
        S: ActivitySink + ?Sized + 'static,
    {
        Ok(Self {
            sessions: Cache::builder()
                .max_capacity(SESSIONS_MAX)
                .expire_after(crate::authzen::session::UntilExp)
                .build(),
            records: Writer::start(records, waiting_bytes_max)?,
        })
    }

    /// Writes every record that waits, and takes no more. For a process that stops, before its store is closed.
    pub async fn close(&self) {
        self.records.close().await;
    }

    pub(crate) fn records(&self) -> &Writer {
        &self.records
    }

    pub(crate) fn sessions(&self) -> &Cache<(AccountId, SessionId), Remembered> {
        &self.sessions
    }
}
