use super::*;

#[test]
fn no_process_has_more_connections_than_it_may() {
    for role in [Role::Identity, Role::Token, Role::Decision] {
        for has_kafka in [false, true] {
            for max in 2..=40 {
                let it = Connections::of(role, max, has_kafka);
                let all = it.reading + it.appending + it.recording;
                assert_eq!(all, max, "{role:?} {has_kafka} {it:?}");
                assert!(it.reading >= 1, "{it:?}");
                assert_eq!(it.appending > 0, role.writes(), "{it:?}");
            }
        }
    }
}

#[test]
fn what_is_there_goes_to_reading() {
    let of = |role, max| Connections::of(role, max, false);
    let identity = Connections {
        reading: 14,
        appending: 2,
        recording: 0,
    };
    assert_eq!(of(Role::Identity, 16), identity);
    let decision = Connections {
        reading: 15,
        appending: 0,
        recording: 1,
    };
    assert_eq!(of(Role::Decision, 16), decision);
    let least = Connections {
        reading: 1,
        appending: 1,
        recording: 0,
    };
    assert_eq!(of(Role::Token, 2), least);
}
