//! The table of revocations, fed by the directory and asked at every use of a session.

use std::sync::{Arc, PoisonError, RwLock};

use trilby_directory::RevocationSink;
use trilby_model::{LogId, Timestamp};
use trilby_service::clock::Clock;
use trilby_session::{RestsOn, Revocation, RevocationKind, RevocationTable};

/// Revocations taken in between two sweeps of what is too old to matter; more if more are held, so that sweeping takes no longer than
/// taking in.
const SWEEP_EVERY: usize = 1_024;

/// All revocations of the longest session's time, of all accounts.
///
/// Readers hold the lock for a few look-ups; the one writer, for one insertion.
pub struct Revocations {
    held: RwLock<Held>,
    clock: Arc<dyn Clock>,
}

struct Held {
    table: RevocationTable,
    n_rows: usize,
    /// Of these since the last sweep.
    n_taken: usize,
    /// The time of the newest.
    newest: Timestamp,
}

impl Held {
    /// What is too old is so by two clocks: this process's, and that of whoever wrote the newest. One that is ahead for a while
    /// would otherwise bring sessions back.
    fn sweep(&mut self, now: Timestamp) {
        self.table.purge(now.min(self.newest));
        self.n_rows = self.table.len();
        self.n_taken = 0;
    }
}

impl Revocations {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            held: RwLock::new(Held {
                table: RevocationTable::new(),
                n_rows: 0,
                n_taken: 0,
                newest: Timestamp::from_micros(0),
            }),
            clock,
        }
    }

    /// Whether a session, or something it rests on, was revoked.
    #[must_use]
    pub fn is_dead(&self, session: &RestsOn) -> bool {
        self.held
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .table
            .is_dead(session)
            .is_some()
    }

    /// How many revocations are known.
    #[must_use]
    pub fn len(&self) -> usize {
        self.held
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .n_rows
    }

    /// How many are known in a log that name a value instead of a thing.
    #[must_use]
    pub fn n_by_value(&self, log: &LogId) -> usize {
        self.held
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .table
            .n_by_value(log)
    }

    /// Whether none is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl RevocationSink for Revocations {
    fn revoked(&self, revocation: &trilby_eventlog::Revocation) {
        let Some(kind) = RevocationKind::from_code(revocation.kind.code()) else {
            // Both tables are the sheet's; a letter that only one of them knows is a mistake of this program.
            tracing::error!(kind = %revocation.kind.letter(), "revocation of a kind that sessions do not know");
            return;
        };
        let revocation = Revocation {
            kind,
            id_hash: revocation.id_hash,
            log: revocation.log.clone(),
            before_seq: revocation.before,
            at: revocation.at,
        };
        let mut held = self.held.write().unwrap_or_else(PoisonError::into_inner);
        held.newest = held.newest.max(revocation.at);
        // One that is told again makes the table no larger.
        if held.table.insert(&revocation) {
            held.n_rows = held.n_rows.saturating_add(1);
            held.n_taken = held.n_taken.saturating_add(1);
            if held.n_taken >= SWEEP_EVERY.max(held.n_rows / 2) {
                held.sweep(self.clock.now());
            }
        }
    }
}

#[cfg(test)]
mod tests;
