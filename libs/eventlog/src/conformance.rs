//! What every backend must do: one suite, run on each.
//!
//! A backend's tests say how to open a fresh store that announces its own commits:
//!
//! ```text
//! trilby_eventlog::conformance_tests!(async { (Memory::for_tests(), ()) });
//! ```
//! The second half of the pair is kept alive while the case runs (a temporary directory).

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test suite, called by tests of the backends only"
)]
#![allow(missing_docs, reason = "the name of a case says what it shows")]

use serde_json::{Value, json};
use trilby_model::{LogId, Seq, Timestamp};

use crate::archive::Archive;
use crate::claim::{Claim, ClaimKey, ClaimScope};
use crate::commit::{Commit, Committed, Entry, Expected};
use crate::envelope::NewEvent;
use crate::feed::Feed;
use crate::log::EventLog;
use crate::receipt::NewReceipt;
use crate::revocation::{Dependency, NewRevocation, RevocationKind, RevocationMark, id_hash};
use crate::verify::{self, Options, Status};

mod activity;
mod append;
mod claims;
mod feed;
mod multi;
pub mod nodes;
mod past;
mod sessions;
mod side;
mod snapshots;
mod stores;

pub use activity::*;
pub use append::*;
pub use claims::*;
pub use feed::*;
pub use multi::*;
pub use past::*;
pub use sessions::*;
pub use side::*;
pub use snapshots::*;
pub use stores::*;

/// A store under test.
pub trait Store: Archive + Feed + Clone + 'static {}
impl<T: Archive + Feed + Clone + 'static> Store for T {}

/// Makes one test of each case. With a reason, tests that are ignored because of it.
#[macro_export]
macro_rules! conformance_tests {
    (@each $attributes:tt $open:expr; $($case:ident)*) => {
        $(
            $crate::conformance_tests!(@one $attributes $open; $case);
        )*
    };
    (@one [$(#[$attribute:meta])*] $open:expr; $case:ident) => {
        $(#[$attribute])*
        #[tokio::test]
        async fn $case() {
            let (store, _keep) = $open.await;
            $crate::conformance::$case(&store).await;
        }
    };
    (@all $attributes:tt $open:expr) => {
        $crate::conformance_tests!(@each $attributes $open;
            a_first_commit_starts_at_one
            seqs_go_on_and_hashes_follow
            several_events_are_one_commit
            a_stale_commit_is_refused_and_told_the_heads
            a_new_log_is_refused_if_it_is_there
            malformed_commits_are_refused
            bounds_are_kept
            time_never_runs_backwards
            every_event_has_its_own_salt
            bodies_are_canonical_json
            reading_gives_whole_commits
            several_logs_are_read_as_each_is
            an_unknown_log_is_empty
            logs_are_listed_in_order
            concurrent_writers_of_one_log_leave_no_gap
            a_commit_may_follow_one_that_is_under_way
            what_follows_a_refused_commit_is_refused
            a_strange_event_harms_no_other_log
            a_receipt_gives_the_same_answer
            a_receipt_comes_before_a_conflict
            a_receipt_of_a_refused_commit_is_not_kept
            a_receipt_tells_all_logs_of_its_commit
            old_receipts_are_purged
            a_commit_of_two_logs_is_one
            one_stale_log_refuses_all
            a_read_guard_holds_still_and_writes_nothing
            opposite_orders_do_not_deadlock
            one_of_a_hundred_gets_a_name
            a_name_is_free_again_when_released
            a_name_changes_hands_in_one_commit
            a_name_of_a_log_is_its_own
            releasing_what_another_log_holds_does_nothing
            a_refused_commit_takes_no_name
            what_was_decided_in_another_incarnation_is_not_written
            a_revocation_ends_older_sessions_only
            a_revocation_can_reach_less_far_back
            only_the_same_thing_is_revoked
            revocations_are_listed_and_purged
            revocations_are_told_whatever_their_times
            trusting_rows_follow_their_events
            a_past_time_gives_the_last_commit_not_later
            a_seq_inside_a_commit_is_told
            the_feed_tells_commits_in_order
            the_feed_tells_revocations
            a_slow_receiver_is_told_of_the_gap
            a_refused_commit_is_not_announced
            the_newest_usable_snapshot_is_given
            snapshots_are_pruned
            credentials_have_generations
            a_ticket_is_taken_once
            a_side_row_comes_with_its_commit_or_not_at_all
            side_writes_are_all_or_none
            one_of_many_marks_wins
            a_counter_counts_every_addition
            a_counter_starts_anew_after_its_time
            a_counter_is_only_raised
            sealed_keys_and_personal_data_are_kept_and_removed
            what_is_over_is_purged
            activity_is_found_by_id_and_in_order
            activity_is_paged_without_loss
            a_doubled_activity_id_writes_nothing
            expired_activity_leaves_its_chain
            a_written_store_verifies
            a_copy_is_the_same_store
            a_closed_log_takes_nothing
            an_erased_log_keeps_its_chain
            a_log_of_many_events_is_erased_whole
            an_erased_log_takes_no_snapshot
            a_fence_shows_in_hashes
        );
    };
    ($open:expr) => {
        $crate::conformance_tests!(@all [] $open);
    };
    ($open:expr, ignore = $why:literal) => {
        $crate::conformance_tests!(@all [#[ignore = $why]] $open);
    };
}

// What the cases are written with.

pub fn account(n: u64) -> LogId {
    format!("{n:012}").parse().unwrap()
}

pub fn organization() -> LogId {
    "o-4k7m2xq9ab".parse().unwrap()
}

pub fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix_seconds(1_700_000_000).plus_seconds(seconds)
}

pub fn event(n: u64) -> NewEvent {
    NewEvent {
        etype: "test.happened".to_owned(),
        ever: 1,
        data: json!({ "n": n }),
    }
}

pub fn meta() -> Value {
    json!({ "actor": { "id": "TUSR0000000000000001" } })
}

/// A commit of these entries at a fixed time, with a salt that differs with the first event.
pub fn commit(entries: Vec<Entry>) -> Commit {
    Commit::new(at(0), meta(), [7; 32], entries)
}

pub async fn expected(store: &(impl EventLog + ?Sized), log: &LogId) -> Expected {
    match store.head(log).await.unwrap() {
        Some(head) => Expected::at(&head),
        None => Expected::New,
    }
}

/// An entry that fits the log as it stands.
pub async fn entry(store: &(impl EventLog + ?Sized), log: &LogId, events: Vec<NewEvent>) -> Entry {
    Entry {
        log: log.clone(),
        expected: expected(store, log).await,
        events,
    }
}

/// Appends so many events, as one commit.
pub async fn append(store: &impl Store, log: &LogId, n_events: u64) -> Committed {
    let events = (0..n_events).map(event).collect();
    let entry = entry(store, log, events).await;
    store.append(commit(vec![entry])).await.unwrap()
}

pub fn claim(log: &LogId, name: &str) -> Claim {
    Claim {
        key: ClaimKey {
            scope: ClaimScope::Store,
            kind: 1,
            mac: crate::claim::mac(&[1; 32], name),
        },
        log: log.clone(),
        event: 0,
    }
}

pub fn receipt(log: &LogId, key: u8) -> NewReceipt {
    NewReceipt {
        log: log.clone(),
        key: [key; 32],
        request_hash: [key ^ 1; 32],
        status: 201,
        response: Some(b"{\"id\":1}".to_vec()),
    }
}

pub fn revocation(log: &LogId, id: &str) -> NewRevocation {
    NewRevocation {
        log: log.clone(),
        event: 0,
        kind: RevocationKind::User,
        id_hash: id_hash(RevocationKind::User, &[id]),
        before: None,
    }
}

pub fn dependency(log: &LogId, id: &str, seq: u64) -> Dependency {
    Dependency {
        log: log.clone(),
        kind: RevocationKind::User,
        id_hash: id_hash(RevocationKind::User, &[id]),
        seq: Seq::new(seq),
    }
}

/// The store is sound in itself.
pub async fn assert_sound(store: &dyn Archive) {
    let report = verify::verify(store, &Options::default()).await.unwrap();
    assert_eq!(report.status, Status::Ok, "{:#?}", report.findings);
}
