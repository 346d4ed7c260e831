//! What this service keeps in memory besides the state that every service has.

use moka::sync::Cache;
use trilby_model::{AccountId, SessionId};

use crate::authzen::session::Remembered;

/// Sessions that were asked about by their ids and are remembered, about 1 KiB each.
const SESSIONS_MAX: u64 = 20_000;

/// The parts of the decision service; the binary's wiring adds them to the services.
pub struct DecisionParts {
    sessions: Cache<(AccountId, SessionId), Remembered>,
}

impl DecisionParts {
    /// Nothing remembered yet.
    #[must_use]
    pub fn new() -> Self {
        Self {
            sessions: Cache::builder()
                .max_capacity(SESSIONS_MAX)
                .expire_after(crate::authzen::session::UntilExp)
                .build(),
        }
    }

    pub(crate) fn sessions(&self) -> &Cache<(AccountId, SessionId), Remembered> {
        &self.sessions
    }
}

impl Default for DecisionParts {
    fn default() -> Self {
        Self::new()
    }
}
