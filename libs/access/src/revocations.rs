//! The table of revocations, fed by the directory and asked at every use of a session.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use trilby_directory::RevocationSink;
use trilby_service::clock::Clock;
use trilby_session::{RestsOn, Revocation, RevocationKind, RevocationTable};

/// Revocations taken in between two sweeps of what is too old to matter.
const SWEEP_EVERY: u64 = 1_024;

/// All revocations of the longest session's time, of all accounts.
///
/// Readers hold the lock for a few look-ups; the one writer, for one insertion.
pub struct Revocations {
    table: RwLock<RevocationTable>,
    taken: AtomicU64,
    clock: Arc<dyn Clock>,
}

impl Revocations {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            table: RwLock::new(RevocationTable::new()),
            taken: AtomicU64::new(0),
            clock,
        }
    }

    /// Whether a session, or something it rests on, was revoked.
    #[must_use]
    pub fn is_dead(&self, session: &RestsOn) -> bool {
        self.table
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .is_dead(session)
            .is_some()
    }

    /// How many revocations are known.
    #[must_use]
    pub fn len(&self) -> usize {
        self.table
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .len()
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
        let mut table = self.table.write().unwrap_or_else(PoisonError::into_inner);
        table.insert(&revocation);
        if self.taken.fetch_add(1, Ordering::Relaxed) % SWEEP_EVERY == SWEEP_EVERY - 1 {
            table.purge(self.clock.now());
        }
    }
}
