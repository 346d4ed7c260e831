use super::*;

fn pepper(version: u16) -> Pepper {
    Pepper::new(PepperVersion::new(version).unwrap(), [version as u8; 32])
}

#[test]
fn the_highest_version_writes_and_older_ones_still_verify() {
    let old = Peppers::single(pepper(1));
    let stored = old.mac("secret");
    let both = Peppers::new([pepper(2), pepper(1)]).unwrap();
    assert_eq!(both.current().version().get(), 2);
    assert!(both.verify(Some(&stored), "secret"));
    assert!(!both.verify(Some(&stored), "Secret"));
    assert_eq!(both.mac("secret").version().get(), 2);
}

#[test]
fn a_dropped_version_and_an_unknown_id_verify_nothing() {
    let stored = Peppers::single(pepper(1)).mac("secret");
    let new = Peppers::single(pepper(2));
    assert!(!new.verify(Some(&stored), "secret"));
    assert!(!new.verify(None, "secret"));
    assert!(!new.verify(None, ""));
}

#[test]
fn a_version_named_twice_or_no_version_is_refused() {
    assert!(Peppers::new([pepper(1), pepper(1)]).is_none());
    assert!(Peppers::new([]).is_none());
    assert!(PepperVersion::new(0).is_none());
}

#[test]
fn stored_bytes_round_trip_and_nothing_else_is_read() {
    let mac = Peppers::single(pepper(3)).mac("x");
    let bytes = mac.to_bytes();
    assert_eq!(Mac::from_bytes(&bytes), Some(mac));
    for cut in 0..bytes.len() {
        assert_eq!(Mac::from_bytes(&bytes[..cut]), None);
    }
    let mut longer = bytes.clone();
    longer.push(0);
    assert_eq!(Mac::from_bytes(&longer), None);
    let mut zero = bytes;
    zero[..2].fill(0);
    assert_eq!(Mac::from_bytes(&zero), None);
}

#[test]
fn debug_shows_no_key_and_no_hash() {
    let peppers = Peppers::single(pepper(7));
    let shown = format!("{peppers:?} {:?}", peppers.mac("x"));
    assert_eq!(shown, "[Pepper(version 7, …)] Mac(pepper 7, …)");
}
