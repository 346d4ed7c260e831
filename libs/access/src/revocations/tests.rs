//! What is swept, and by whose clock.

use trilby_eventlog::RevocationKind;
use trilby_model::{LogId, Seq};
use trilby_service::clock::ManualClock;
use trilby_session::revocation::KEPT_S;

use super::*;

const BEGUN: Timestamp = Timestamp::from_micros(1_900_000_000_000_000);
/// More than are taken in between two sweeps.
const MANY: usize = 2_100;

fn revocation(n: usize, at: Timestamp) -> trilby_eventlog::Revocation {
    let n = u64::try_from(n).unwrap();
    let mut id_hash = [0; 16];
    id_hash[..8].copy_from_slice(&n.to_be_bytes());
    trilby_eventlog::Revocation {
        log: LogId::Account("111122223333".parse().unwrap()),
        kind: RevocationKind::Session,
        id_hash,
        seq: Seq::new(n),
        before: Seq::new(n),
        at,
    }
}

/// One at the beginning, and many later; gives how many of all are held.
fn held_of_all(own_clock: Timestamp, later: Timestamp) -> usize {
    let clock = Arc::new(ManualClock::at(BEGUN));
    let its: Arc<ManualClock> = Arc::clone(&clock);
    let held = Revocations::new(its);
    held.revoked(&revocation(0, BEGUN));
    clock.set(own_clock);
    for n in 1..=MANY {
        held.revoked(&revocation(n, later));
    }
    held.len()
}

#[test]
fn what_is_too_old_by_both_clocks_is_swept() {
    let after = BEGUN.plus_seconds(KEPT_S + 1);
    assert_eq!(held_of_all(after, after), MANY);
}

/// A clock that is ahead and then put right.
#[test]
fn one_clock_alone_sweeps_nothing() {
    let (soon, after) = (BEGUN.plus_seconds(1), BEGUN.plus_seconds(KEPT_S + 1));
    let all = MANY + 1;
    assert_eq!(held_of_all(after, soon), all);
    assert_eq!(held_of_all(soon, after), all);
}
