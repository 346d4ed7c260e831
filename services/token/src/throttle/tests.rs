use super::*;

fn at(ms: i64) -> Timestamp {
    Timestamp::from_micros(1_795_456_800_000_000 + ms * 1_000)
}

fn network(text: &str) -> Network {
    Network::of(Some(text.parse().unwrap()))
}

fn wait_s(result: Result<(), Problem>) -> u64 {
    let problem = result.unwrap_err();
    assert_eq!(problem.code, Code::RateLimited);
    let (_, value) = problem
        .headers()
        .find(|(name, _)| name == "retry-after")
        .unwrap();
    value.to_str().unwrap().parse().unwrap()
}

#[test]
fn strangers_have_a_burst_and_a_rate_for_each_network() {
    let throttles = Throttles::default();
    let (one, other) = (network("192.0.2.1"), network("192.0.2.2"));
    for _ in 0..40 {
        throttles.stranger(one, at(0)).unwrap();
    }
    assert_eq!(wait_s(throttles.stranger(one, at(0))), 1);
    throttles.stranger(other, at(0)).unwrap();
    throttles.stranger(one, at(50)).unwrap();
    assert!(throttles.stranger(one, at(50)).is_err());
    // A clock that goes back gives nothing.
    assert!(throttles.stranger(one, at(-10_000)).is_err());
}

#[test]
fn a_clock_that_goes_back_and_forth_credits_no_time_twice() {
    let throttles = Throttles::default();
    let from = network("192.0.2.1");
    for _ in 0..40 {
        throttles.stranger(from, at(0)).unwrap();
    }
    for ms in [-10_000, 0, -10_000, 0] {
        assert!(throttles.stranger(from, at(ms)).is_err(), "{ms}");
    }
    // One that was set back is the new time.
    assert!(throttles.stranger(from, at(-120_000)).is_err());
    throttles.stranger(from, at(-119_000)).unwrap();
}

#[test]
fn an_ipv6_client_is_its_64() {
    assert_eq!(network("2001:db8::1"), network("2001:db8::ffff:1"));
    assert_ne!(network("2001:db8::1"), network("2001:db8:0:1::1"));
    assert_eq!(network("::ffff:192.0.2.1"), network("192.0.2.1"));
}

#[test]
fn five_wrong_passwords_are_free_then_each_waits_longer() {
    let throttles = Throttles::default();
    let mut now = 0;
    let mut waits = Vec::new();
    for n in 0..17_u8 {
        // From everywhere: the person's own delay is meant.
        let from = network(&format!("192.0.2.{n}"));
        let _ = throttles
            .login("111122223333", "mary", from, at(now))
            .unwrap();
        match throttles.login("111122223333", "Mary", network("198.51.100.1"), at(now)) {
            Ok(_) if n < 4 => {}
            Ok(_) => panic!("guess {n} was free"),
            Err(problem) => {
                let wait = wait_s(Err(problem));
                waits.push(wait);
                now += i64::try_from(wait).unwrap() * 1_000;
            }
        }
        now += 10_000;
    }
    // The two guesses of each free round count both.
    assert!(waits.starts_with(&[2, 3, 5, 9, 17]), "{waits:?}");
    assert!(waits.iter().all(|wait| *wait <= 901), "{waits:?}");
}

#[test]
fn parallel_guesses_are_counted_before_they_are_looked_at() {
    let throttles = Throttles::default();
    let admitted = (0..200_u8)
        .filter(|n| {
            throttles
                .login(
                    "111122223333",
                    "mary",
                    network(&format!("192.0.2.{n}")),
                    at(0),
                )
                .is_ok()
        })
        .count();
    assert_eq!(admitted, 5);
}

#[test]
fn a_right_password_forgets_failures_and_strangers_do_not_lock_out_for_good() {
    let throttles = Throttles::default();
    for _ in 0..4 {
        let _ = throttles
            .login("111122223333", "mary", network("192.0.2.1"), at(0))
            .unwrap();
    }
    throttles
        .login("111122223333", "mary", network("192.0.2.1"), at(0))
        .unwrap()
        .succeeded();
    for n in 0..5_u8 {
        let _ = throttles
            .login(
                "111122223333",
                "mary",
                network(&format!("192.0.2.{n}")),
                at(0),
            )
            .unwrap();
    }
    assert!(
        throttles
            .login("111122223333", "mary", network("192.0.2.9"), at(0))
            .is_err()
    );
    throttles
        .login("111122223333", "mary", network("192.0.2.9"), at(1_001))
        .unwrap()
        .succeeded();
    // Another person, another account: not concerned.
    throttles
        .login("111122223333", "bob", network("192.0.2.9"), at(0))
        .unwrap()
        .succeeded();
    throttles
        .login("444455556666", "mary", network("192.0.2.9"), at(0))
        .unwrap()
        .succeeded();
}

#[test]
fn a_network_that_fails_too_often_waits_whoever_it_guesses_at() {
    let throttles = Throttles::default();
    let from = network("192.0.2.1");
    for n in 0..20 {
        let _ = throttles
            .login("111122223333", &format!("user{n}"), from, at(0))
            .unwrap();
    }
    assert!(
        throttles
            .login("111122223333", "another", from, at(0))
            .is_err()
    );
    assert!(
        throttles
            .access_key(Some(&"TKEY0123456789ABCDEFG".parse().unwrap()), from, at(0))
            .is_err()
    );
    assert!(
        throttles
            .login("111122223333", "another", from, at(6_000))
            .is_ok()
    );
}

#[test]
fn an_access_key_and_an_account_have_their_own_rates() {
    let throttles = Throttles::default();
    let from = network("192.0.2.1");
    for _ in 0..50 {
        throttles
            .access_key(Some(&"TKEY0123456789ABCDEFG".parse().unwrap()), from, at(0))
            .unwrap();
    }
    assert!(
        throttles
            .access_key(Some(&"TKEY0123456789ABCDEFG".parse().unwrap()), from, at(0))
            .is_err()
    );
    throttles
        .access_key(Some(&"TKEY0123456789ABCDEFH".parse().unwrap()), from, at(0))
        .unwrap();
    let account = "111122223333".parse().unwrap();
    for _ in 0..400 {
        throttles.session(account, at(0)).unwrap();
    }
    assert!(throttles.session(account, at(0)).is_err());
}

#[test]
fn of_a_flood_of_refusals_only_some_are_told() {
    let throttles = Throttles::default();
    let account = Some("111122223333".parse().unwrap());
    for whose in [None, account] {
        let n_told = (0..100).filter(|_| throttles.tell(whose, at(0))).count();
        assert_eq!(n_told, 10);
        assert!(throttles.tell(whose, at(1_000)));
    }
}
