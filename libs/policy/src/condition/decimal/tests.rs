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
    assert_eq!(Decimal::parse(&"1".repeat(TEXT_MAX + 1)), None);
    assert_eq!(Decimal::parse("1e99999999999999999999"), None);
}
