use super::*;

fn holds(range: &str, address: &str) -> bool {
    Network::parse(range)
        .unwrap()
        .contains(address.parse().unwrap())
}

#[test]
fn ranges_hold_their_addresses() {
    assert!(holds("203.0.113.0/24", "203.0.113.9"));
    assert!(!holds("203.0.113.0/24", "203.0.114.9"));
    assert!(holds("203.0.113.7", "203.0.113.7"));
    assert!(!holds("203.0.113.7", "203.0.113.8"));
    assert!(holds("0.0.0.0/0", "8.8.8.8"));
    assert!(holds("2001:db8::/32", "2001:db8:1::5"));
    assert!(holds("::/0", "2001:db8:1::5"));
    assert!(!holds("2001:db8::1", "2001:db8::2"));
}

#[test]
fn host_bits_are_masked() {
    assert_eq!(Network::parse("10.1.2.3/8"), Network::parse("10.0.0.0/8"));
}

#[test]
fn families_never_mix() {
    assert!(!holds("0.0.0.0/0", "2001:db8::1"));
    assert!(!holds("::/0", "10.0.0.1"));
    assert!(!holds("10.0.0.0/8", "::ffff:10.0.0.1"));
}

#[test]
fn what_is_not_a_range() {
    for text in [
        "",
        "10.0.0",
        "10.0.0.0/33",
        "10.0.0.0/",
        "10.0.0.0/-1",
        "10.0.0.0/08",
        "::/129",
        "010.0.0.1",
        "10.0.0.1/8/8",
        "fe80::1%eth0",
        "example.com",
        "10.0.0.0/255.0.0.0",
    ] {
        assert_eq!(Network::parse(text), None, "{text:?}");
    }
}

#[test]
fn covering() {
    let n = |text| Network::parse(text).unwrap();
    assert!(n("10.0.0.0/8").covers(&n("10.1.0.0/16")));
    assert!(n("10.0.0.0/8").covers(&n("10.0.0.0/8")));
    assert!(!n("10.1.0.0/16").covers(&n("10.0.0.0/8")));
    assert!(!n("10.0.0.0/8").covers(&n("11.0.0.0/16")));
    assert!(!n("0.0.0.0/0").covers(&n("::/0")));
}
