//! What fails, and which tests show what must hold all the same.

/// A failure and its tests.
pub struct Failure {
    /// F1 to F22.
    pub name: &'static str,
    pub what: &'static str,
    /// Files of tests (`cargo test --test`).
    pub files: &'static [&'static str],
    /// Their tests, or a part of their names.
    pub tests: &'static [&'static str],
}

/// Those that can be tried without breaking a machine; docs/failures.md has the others.
pub const FAILURES: [Failure; 21] = [
    Failure {
        name: "F1",
        what: "a writer is killed: before it sends, after it, before it answers",
        files: &["postgres", "crash"],
        tests: &[
            "killing_a_writer_loses_and_repeats_nothing",
            "killing_the_writer_fifty_times_loses_and_repeats_nothing",
        ],
    },
    Failure {
        name: "F2",
        what: "a relay is killed: before it tells, before the acknowledgement, before it forgets",
        files: &["faults"],
        tests: &[
            "whenever_a_relay_dies_every_commit_is_told_in_order",
            "a_relay_that_forgets_before_it_tells_loses_commits",
        ],
    },
    Failure {
        name: "F3",
        what: "a decision process is killed while it reads, folds and writes snapshots",
        files: &["processes", "live"],
        tests: &[
            "a_reader_killed_anywhere_reads_the_same_again",
            "a_snapshot_that_does_not_fit_is_passed_over",
        ],
    },
    Failure {
        name: "F4",
        what: "the database and all its backends are killed under load; then each process in turn as well",
        files: &["postgres", "processes"],
        tests: &[
            "killing_the_server_loses_nothing_that_was_acknowledged",
            "whatever_dies_nothing_acknowledged_is_lost_and_nothing_wrong_is_answered",
            "the_whole_story_holds_while_everything_dies_in_turn",
            "the_story_holds_while_kafka_and_everything_else_dies_in_turn",
        ],
    },
    Failure {
        name: "F5",
        what: "a connection is cut at its commit",
        files: &["postgres"],
        tests: &["a_connection_cut_at_its_commit_is_neither_lost_nor_doubled"],
    },
    Failure {
        name: "F6",
        what: "two relays of one shard; one that slept goes on with what it had",
        files: &["faults"],
        tests: &[
            "a_relay_that_wakes_up_late_and_two_at_once_only_repeat",
            "relays_that_are_stopped_and_go_on_mislead_nobody",
        ],
    },
    Failure {
        name: "F7",
        what: "the feed doubles, reorders, drops and delays what it tells",
        files: &["live", "faults"],
        tests: &[
            "a_proxy_that_doubles_reorders_drops_and_delays_makes_nobody_wrong",
            "a_proxy_behind_the_broker_makes_nobody_wrong_and_nobody_late_for_good",
        ],
    },
    Failure {
        name: "F8",
        what: "the broker is down, a topic is deleted, its records are too old or too large",
        files: &["faults", "relay", "processes"],
        tests: &[
            "what_is_written_while_the_broker_is_down_is_heard_when_it_is_back",
            "a_commit_that_the_broker_does_not_take_is_told_by_a_pointer_and_the_log_goes_on",
            "whoever_slept_until_its_place_was_thrown_away_says_so_and_hears_on",
            "what_kafka_deletes_before_it_is_stored_is_counted_and_the_rest_is_stored",
            "topics_that_are_deleted_come_back_and_nothing_is_lost",
            "without_a_broker_changes_are_heard_by_asking_and_nothing_starts_again",
            "a_broker_that_comes_back_is_heard_by_all_who_heard_it",
            "records_are_held_while_the_broker_is_away",
            "whatever_kafka_and_its_relay_lose_the_store_is_asked_in_time",
        ],
    },
    Failure {
        name: "F9",
        what: "the database is down for a while",
        files: &["processes"],
        tests: &[
            "accounts_in_memory_are_decided_on_without_a_database_and_nothing_else_is_claimed",
            "without_store_and_kafka_an_answer_tells_its_age_and_ends_at_what_its_account_allows",
        ],
    },
    Failure {
        name: "F10",
        what: "the store is taken back under relays and processes, and has lost the last commits",
        files: &["faults", "processes"],
        tests: &[
            "a_store_that_was_taken_back_is_told_of_before_it_goes_on",
            "lost_commits_are_named_and_counted",
            "commits_that_were_lost_long_before_the_fence_are_found",
            "without_the_comparison_another_past_is_told",
            "what_a_restored_store_has_lost_counts_nowhere_any_more",
        ],
    },
    Failure {
        name: "F12",
        what: "clocks are wrong, and jump",
        files: &["postgres", "live"],
        tests: &[
            "wrong_clocks_change_no_order_and_no_time_goes_back",
            "time_never_goes_back_in_a_log",
        ],
    },
    Failure {
        name: "F13",
        what: "somebody changes the store behind the log's back",
        files: &["postgres", "tampering"],
        tests: &[
            "every_change_is_found_and_named",
            "every_change_is_noticed_and_named",
            "a_log_chained_anew_is_caught",
        ],
    },
    Failure {
        name: "F14",
        what: "an event that nobody knows, or of a newer version",
        files: &["live", "conformance", "postgres", "tampering"],
        tests: &[
            "an_event_nobody_knows_stops_its_log_and_no_other",
            "a_strange_event_harms_no_other_log",
            "an_unknown_event_leaves_the_check_incomplete",
            "a_poisoned_log_is_counted_once_however_often_it_is_asked_for",
        ],
    },
    Failure {
        name: "F15",
        what: "a person and an account are erased; then all is folded and verified anew",
        files: &["e2e", "processes"],
        tests: &[
            "a_person_and_then_an_account_are_erased_and_the_log_is_sound",
            "requests_that_wrote_to_other_logs_are_erased_and_an_erased_account_never_was",
            "a_person_is_erased_beside_the_processes_and_so_is_an_account",
        ],
    },
    Failure {
        name: "F16",
        what: "many writers of one log, some of them slow; a reader with a cursor must lose events",
        files: &["postgres"],
        tests: &[
            "a_reader_that_removes_loses_nothing_and_one_with_a_cursor_does",
            "a_reader_loses_nothing_of_one_log_that_many_write",
            "slow_transactions_lose_nothing_from_the_outbox",
        ],
    },
    Failure {
        name: "F17",
        what: "a transaction idles for long in another database",
        files: &["faults"],
        tests: &["a_transaction_that_idles_elsewhere_holds_nothing_up"],
    },
    Failure {
        name: "F18",
        what: "commits of several logs, on stale heads and in any order",
        files: &["postgres", "live"],
        tests: &[
            "commits_of_several_logs_are_whole_or_absent_whatever_their_order",
            "writers_of_the_same_two_logs_do_not_wait_for_each_other_for_ever",
        ],
    },
    Failure {
        name: "F19",
        what: "the power fails: of what was not flushed any part is on the disk",
        files: &["postgres", "power_cut"],
        tests: &[
            "a_power_cut_loses_nothing_that_was_acknowledged",
            "any_byte_of_the_last_frame_may_be_missing",
            "a_store_cut_anywhere_verifies_and_goes_on",
        ],
    },
    Failure {
        name: "F20",
        what: "a hundred clients want the same name",
        files: &["postgres", "conformance"],
        tests: &["one_of_a_hundred_gets_a_name"],
    },
    Failure {
        name: "F21",
        what: "random commands: a snapshot anywhere and the tail are the full fold; old folds are as ever",
        files: &["properties", "fold", "stored"],
        tests: &[
            "replaying_the_stored_log_gives_the_live_state",
            "a_snapshot_anywhere_and_the_tail_give_the_full_fold",
            "the_story_folds_into_the_same_state_as_ever",
            "every_stored_event_is_read_and_written_again_as_it_is",
        ],
    },
    Failure {
        name: "F22",
        what: "an upgrade that rolls, and is rolled back, with readers of both releases",
        files: &["postgres"],
        tests: &["no_reader_meets_a_version_that_it_cannot_fold"],
    },
];
