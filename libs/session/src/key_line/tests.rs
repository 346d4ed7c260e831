use super::*;

const DAY: i64 = 86_400;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix_seconds(1_795_456_800 + seconds)
}

fn key(kid: &str, state: KeyState, published: i64) -> KeyTimes {
    KeyTimes {
        kid: kid.to_owned(),
        state,
        published_at: at(published),
        activated_at: (state != KeyState::Pending).then(|| at(published)),
        retired_at: (state == KeyState::Retiring).then(|| at(published)),
    }
}

fn due_at(keys: &[KeyTimes], seconds: i64) -> Option<Step> {
    due(keys, Rotation::DEFAULT, at(seconds))
}

#[test]
fn the_first_key_signs_without_waiting() {
    assert_eq!(due_at(&[], 0), Some(Step::Publish));
    let pending = [key("a", KeyState::Pending, 0)];
    assert_eq!(
        due_at(&pending, 0),
        Some(Step::Activate { kid: "a".into() })
    );
    assert_eq!(due_at(&[key("a", KeyState::Active, 0)], 0), None);
}

#[test]
fn a_revoked_key_is_replaced_at_once() {
    let revoked = key("a", KeyState::Revoked, 0);
    assert_eq!(
        due_at(std::slice::from_ref(&revoked), 10),
        Some(Step::Publish)
    );
    let keys = [revoked, key("b", KeyState::Pending, 10)];
    assert_eq!(due_at(&keys, 10), Some(Step::Activate { kid: "b".into() }));
}

#[test]
fn a_successor_is_published_a_day_before_it_signs() {
    let active = key("a", KeyState::Active, 0);
    assert_eq!(due_at(std::slice::from_ref(&active), 89 * DAY - 1), None);
    assert_eq!(
        due_at(std::slice::from_ref(&active), 89 * DAY),
        Some(Step::Publish)
    );
    let keys = [active, key("b", KeyState::Pending, 89 * DAY)];
    assert_eq!(due_at(&keys, 90 * DAY - 1), None);
    assert_eq!(
        due_at(&keys, 90 * DAY),
        Some(Step::Activate { kid: "b".into() })
    );
}

#[test]
fn a_retired_key_stays_until_its_last_token_is_gone() {
    let retiring = key("a", KeyState::Retiring, 0);
    assert!(retiring.is_published(at(43_799)));
    assert!(!retiring.is_published(at(43_800)));
    assert_eq!(
        due_at(&[retiring, key("b", KeyState::Active, 0)], 43_800),
        None
    );
}

#[test]
fn a_revoked_key_is_never_published() {
    for state in [KeyState::Pending, KeyState::Active] {
        assert!(key("a", state, 0).is_published(at(100 * DAY)));
    }
    assert!(!key("a", KeyState::Revoked, 0).is_published(at(0)));
}

#[test]
fn a_rotation_leaves_readers_time_to_fetch() {
    assert!(Rotation::new(1_199, 90 * DAY).is_none());
    assert!(Rotation::new(1_200, 1_199).is_none());
    assert!(Rotation::new(1_200, 1_200).is_some());
}
