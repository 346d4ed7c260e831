use trilby_testkit::metrics::Measured;

use super::*;

fn after(begun: Instant, seconds: u64) -> Instant {
    begun + Duration::from_secs(seconds)
}

/// One whose store and brokers answered.
fn ready() -> State {
    let state = State::default();
    state.store_answers();
    state.brokers_answer();
    state
}

/// What is under way is as old as this.
fn age(state: &State, sending: &Sending<'_>, seconds: u64) {
    let since = Instant::now() - Duration::from_secs(seconds);
    lock(&state.under_way).since.insert(sending.n, since);
}

#[test]
fn one_that_asked_nobody_yet_is_not_ready() {
    let state = State::default();
    assert!(state.ready().is_err());
    state.store_answers();
    assert!(state.ready().is_err());
    state.brokers_answer();
    assert_eq!(state.ready(), Ok(()));
    state.store_fails("it is away");
    assert!(state.ready().is_err());
}

#[test]
fn what_is_not_acknowledged_for_long_says_that_kafka_is_away() {
    let state = ready();
    let (first, second) = (state.sending(), state.sending());
    age(&state, &first, 4);
    assert_eq!(state.ready(), Ok(()));
    age(&state, &first, 9);
    let told = state.ready().unwrap_err();
    assert!(told.contains("9 s"), "{told}");
    // Younger ones that arrive change nothing as long as it does not.
    drop(second);
    state.brokers_answer();
    assert!(state.ready().is_err());
    drop(first);
    assert_eq!(state.ready(), Ok(()));
}

#[test]
fn what_was_looked_at_as_away_is_so_until_something_arrives() {
    let state = ready();
    let sending = state.sending();
    age(&state, &sending, 9);
    state.look(Instant::now());
    drop(sending);
    assert!(state.ready().is_err());
    state.brokers_answer();
    assert_eq!(state.ready(), Ok(()));
}

#[test]
fn what_waits_grows_older_though_nobody_reads_it_again() {
    let measured = Measured::new();
    let (state, begun) = (State::default(), Instant::now());
    state.waits(1, Some(begun));
    state.waits(2, Some(after(begun, 3)));
    for seconds in [3, 5, 300] {
        state.look(after(begun, seconds));
        assert_eq!(
            measured.gauge(metric::OLDEST),
            Duration::from_secs(seconds).as_secs_f64()
        );
    }
    state.waits(1, None);
    state.look(after(begun, 5));
    assert_eq!(measured.gauge(metric::OLDEST), 2.0);
    state.waits(2, None);
    state.look(after(begun, 6));
    assert_eq!(measured.gauge(metric::OLDEST), 0.0);
}

/// Given back or lost: another relay tells what waits there.
#[test]
fn a_shard_that_is_another_s_has_no_age() {
    let measured = Measured::new();
    let (state, begun) = (State::default(), Instant::now());
    for shard in 1..4 {
        state.waits(shard, Some(begun));
    }
    state.holds(&[1, 4]);
    state.waits(1, None);
    state.look(after(begun, 60));
    assert_eq!(measured.gauge(metric::OLDEST), 0.0);
    assert_eq!(measured.gauge(metric::SHARDS), 2.0);
}

#[test]
fn what_does_not_answer_is_named_and_not_what_was_not_asked() {
    let state = State::default();
    assert_eq!(state.ready().unwrap_err(), "Kafka was not asked yet");
    state.brokers_fail("refused");
    assert_eq!(state.ready().unwrap_err(), "Kafka does not answer");
    state.brokers_answer();
    assert_eq!(state.ready().unwrap_err(), "the store was not asked yet");
    state.store_fails("refused");
    assert_eq!(state.ready().unwrap_err(), "the store does not answer");
    state.store_answers();
    state.ready().unwrap();
}
