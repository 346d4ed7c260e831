use super::*;

const NOW: i64 = 1_795_456_800;

fn ask(session: Session, requested_s: Option<i64>) -> Result<i64, Refusal> {
    at_age(session, requested_s, 0)
}

fn at_age(session: Session, requested_s: Option<i64>, age_s: i64) -> Result<i64, Refusal> {
    bound(
        session,
        requested_s,
        Timestamp::from_unix_seconds(NOW),
        NOW - age_s,
    )
    .map(Lifetime::duration_s)
}

fn role(role_max_s: i64, chain_max_s: i64, chained: bool) -> Session {
    Session::Role {
        role_max_s,
        chain_max_s,
        chained,
        chain_age_max_s: CHAIN_AGE_MAX_S,
    }
}

fn too_long(limit_s: i64, limit: Limit) -> Result<i64, Refusal> {
    Err(Refusal::TooLong { limit_s, limit })
}

#[test]
fn each_kind_has_its_least_default_and_most() {
    for (session, least, default, most) in [
        (Session::Key, 900, 900, 3_600),
        (Session::Root, 900, 900, 3_600),
        (Session::User, 900, 3_600, 43_200),
        (Session::Federated, 300, 900, 3_600),
        (role(7_200, 3_600, false), 900, 3_600, 7_200),
    ] {
        assert_eq!(ask(session, None), Ok(default));
        assert_eq!(ask(session, Some(least)), Ok(least));
        assert_eq!(ask(session, Some(most)), Ok(most));
        for low in [least - 1, 0, -1, i64::MIN] {
            assert_eq!(
                ask(session, Some(low)),
                Err(Refusal::TooShort { min_s: least })
            );
        }
        for high in [most + 1, i64::MAX] {
            assert!(matches!(
                ask(session, Some(high)),
                Err(Refusal::TooLong { .. })
            ));
        }
    }
}

#[test]
fn the_limit_is_named() {
    assert_eq!(ask(Session::Key, Some(3_601)), too_long(3_600, Limit::Kind));
    assert_eq!(
        ask(role(7_200, 3_600, false), Some(7_201)),
        too_long(7_200, Limit::Role)
    );
    assert_eq!(
        ask(role(7_200, 3_600, true), Some(3_601)),
        too_long(3_600, Limit::Chain)
    );
    assert_eq!(
        ask(role(1_800, 3_600, true), Some(1_801)),
        too_long(1_800, Limit::Role)
    );
    assert_eq!(
        at_age(role(7_200, 7_200, true), Some(3_600), 42_000),
        too_long(1_200, Limit::ChainAge)
    );
    let message = Refusal::TooLong {
        limit_s: 3_600,
        limit: Limit::Chain,
    }
    .to_string();
    assert_eq!(message, "the duration exceeds 3600 s, the role's chain_max");
}

#[test]
fn only_the_default_is_lowered_to_fit() {
    assert_eq!(ask(role(900, 3_600, false), None), Ok(900));
    assert_eq!(at_age(role(7_200, 7_200, true), None, 42_000), Ok(1_200));
    assert_eq!(at_age(role(7_200, 7_200, true), None, 43_140), Ok(60));
    assert_eq!(
        at_age(role(7_200, 7_200, true), None, 43_141),
        Err(Refusal::ChainExpired)
    );
}

#[test]
fn an_account_may_shorten_the_chain_and_never_lengthen_it() {
    let with_age = |chain_age_max_s| Session::Role {
        role_max_s: 43_200,
        chain_max_s: 43_200,
        chained: true,
        chain_age_max_s,
    };
    assert_eq!(at_age(with_age(3_600), None, 3_000), Ok(600));
    assert_eq!(
        at_age(with_age(3_600), None, 3_600),
        Err(Refusal::ChainExpired)
    );
    assert_eq!(
        at_age(with_age(i64::MAX), None, 43_200),
        Err(Refusal::ChainExpired)
    );
}

#[test]
fn roles_that_assume_each_other_come_to_an_end() {
    // A assumes B assumes A …, each time just before the session ends.
    let auth_time = NOW;
    let mut now = NOW;
    let mut hops = 0;
    while let Ok(lifetime) = bound(
        role(3_600, 3_600, true),
        None,
        Timestamp::from_unix_seconds(now),
        auth_time,
    ) {
        assert!(lifetime.expires_at <= auth_time + CHAIN_AGE_MAX_S);
        now = lifetime.expires_at - 1;
        hops += 1;
        assert!(hops < 20);
    }
    assert!(now < auth_time + CHAIN_AGE_MAX_S);
}
