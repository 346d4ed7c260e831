use super::*;

fn d(text: &str) -> Decimal {
    Decimal::parse(text).unwrap()
}

#[test]
fn equal_values_in_different_spellings() {
    for (a, b) in [
        ("10.5", "10.50"),
        ("10.5", "010.5"),
        ("1e3", "1000"),
        ("1.5E+2", "150"),
        ("25e-1", "2.5"),
        ("0", "-0.000"),
        ("0e99", "0"),
        ("+7", "7"),
    ] {
        assert_eq!(d(a), d(b), "{a} {b}");
        assert_eq!(d(a).cmp(&d(b)), Ordering::Equal, "{a} {b}");
    }
}

#[test]
fn the_order_is_that_of_the_numbers() {
    let sorted = [
        "-1e30",
        "-1000",
        "-10.5",
        "-10",
        "-0.1",
        "0",
        "0.001",
        "0.1",
        "0.11",
        "1",
        "9",
        "10",
        "10.5",
        "99",
        "100",
        "9007199254740992",
        "9007199254740993",
        "1e30",
    ];
    for pair in sorted.windows(2) {
        assert!(d(pair[0]) < d(pair[1]), "{pair:?}");
        assert!(d(pair[1]) > d(pair[0]), "{pair:?}");
    }
}

#[test]
fn what_is_not_a_number() {
    for text in [
        "", "five", "1.", ".5", "1e", "1e+", "--1", "+-1", "1 ", " 1", "0x10", "1,5", "1_000",
        "NaN", "inf", "١",
    ] {
        assert_eq!(Decimal::parse(text), None, "{text:?}");
    }
}

#[test]
fn no_number_of_a_request_is_too_long_for_a_limit() {
    let zeros = "0".repeat(600);
    let limit = Decimal::parse_limit("100").unwrap();
    for text in [
        format!("101.{zeros}"),
        format!("{zeros}101"),
        format!("1{zeros}"),
        "1e99999999999999999999".to_owned(),
        format!("1e+{zeros}3"),
        "1e9223372036854775807".to_owned(),
    ] {
        assert!(d(&text) > limit, "{text}");
        assert!(d(&format!("-{text}")) < limit, "-{text}");
    }
    for text in [
        "1e-99999999999999999999".to_owned(),
        format!("0.{zeros}1"),
        format!("99.{}", "9".repeat(600)),
        "0e99999999999999999999".to_owned(),
    ] {
        assert!(d(&text) < limit, "{text}");
        assert!(d(&text) >= d("0"), "{text}");
    }
    assert_eq!(d(&format!("100.{zeros}")), limit);
}

#[test]
fn a_limit_is_of_bounded_length() {
    assert!(Decimal::parse_limit(&"1".repeat(LIMIT_BYTES_MAX)).is_some());
    assert_eq!(Decimal::parse_limit(&"1".repeat(LIMIT_BYTES_MAX + 1)), None);
    for text in [
        "1e99999999999999999999",
        "1e-99999999999999999999",
        "1e4611686018427387904",
    ] {
        assert_eq!(Decimal::parse_limit(text), None, "{text}");
    }
    assert!(Decimal::parse_limit("1e300000").is_some());
}
