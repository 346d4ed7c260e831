use super::*;
use crate::clock::{ManualClock, SeededEntropy};

fn ids(echo: &[u8]) -> RequestIds {
    let mut headers = HeaderMap::new();
    headers.insert(
        HeaderName::from_static(ECHO_HEADER),
        HeaderValue::from_bytes(echo).unwrap(),
    );
    let clock = ManualClock::at(Timestamp::from_unix_seconds(1_795_000_000));
    RequestIds::of(&headers, &clock, &SeededEntropy::new(1))
}

#[test]
fn our_id_is_a_uuid_of_version_7_with_the_clocks_time() {
    let id = ids(b"a").id;
    let uuid: uuid::Uuid = id.as_str().parse().unwrap();
    assert_eq!(uuid.get_version_num(), 7);
    assert_eq!(uuid.get_timestamp().unwrap().to_unix().0, 1_795_000_000);
}

#[test]
fn a_clients_id_comes_back_as_it_came() {
    for id in [
        "a",
        "bfe9eb29-ab87-4ca3-be83-a1d5d8305716",
        "with blank; and \"quotes\"",
    ] {
        let ids = ids(id.as_bytes());
        assert_eq!((ids.echo.as_deref(), ids.echo_cut), (Some(id), false));
    }
}

#[test]
fn a_long_id_is_cut_at_256_and_strange_bytes_are_dropped() {
    let long = ids(&[b'x'; 300]);
    assert_eq!((long.echo.unwrap().len(), long.echo_cut), (256, true));
    let strange = ids("tür\t1".as_bytes());
    assert_eq!(
        (strange.echo.as_deref(), strange.echo_cut),
        (Some("tr1"), true)
    );
    assert_eq!(ids(b"\xff\xfe").echo, None);
}
