use super::*;

#[test]
fn account_ids_are_exactly_twelve_digits() {
    for good in ["000000000000", "111122223333", "999999999999"] {
        assert_eq!(good.parse::<AccountId>().unwrap().to_string(), good);
    }
    for bad in [
        "",
        "11112222333",
        "1111222233334",
        "+11112222333",
        "11112222333a",
        " 11112222333",
        "１１１１２２２２３３３３",
    ] {
        assert!(bad.parse::<AccountId>().is_err(), "{bad}");
    }
}

#[test]
fn account_numbers_outside_the_digits_are_none() {
    assert_eq!(
        AccountId::from_number(42).unwrap().to_string(),
        "000000000042"
    );
    assert!(AccountId::from_number(1_000_000_000_000).is_none());
}

#[test]
fn unique_ids_are_strict() {
    let good = "TUSR0123456789ABCDEFG";
    assert_eq!(good.parse::<UserId>().unwrap().as_str(), good);
    for bad in [
        "",
        "TUSR",
        "TUSR0123456789ABCDEF",
        "TUSR0123456789ABCDEFGH",
        "tusr0123456789ABCDEFG",
        "TUSR0123456789abcdefg",
        "TROL0123456789ABCDEFG",
        "TUSR0123456789ABCDEFI",
        "TUSR0123456789ABCDEF\n",
    ] {
        assert!(bad.parse::<UserId>().is_err(), "{bad}");
    }
}

#[test]
fn generated_ids_parse_and_differ() {
    let mut entropy = Entropy::new([3; 32]);
    macro_rules! check {
        ($($type:ty),*) => {$(
            let (a, b) = (<$type>::generate(&mut entropy), <$type>::generate(&mut entropy));
            assert_eq!(a.to_string().parse::<$type>().unwrap(), a);
            assert_ne!(a, b);
        )*};
    }
    check!(
        AccountId,
        OrganizationId,
        UnitId,
        ControlPolicyId,
        UserId,
        GroupId,
        RoleId,
        PolicyId,
        AccessKeyId,
        MfaDeviceId,
        SessionId,
        ProviderId,
        LinkId
    );
    assert_eq!(RootId::generate(&mut entropy).as_str().len(), 6);
}

#[test]
fn ids_are_strings_in_json_and_bad_ones_are_refused() {
    let id: OrganizationId = serde_json::from_str("\"o-4k7m2xq9ab\"").unwrap();
    assert_eq!(serde_json::to_string(&id).unwrap(), "\"o-4k7m2xq9ab\"");
    let refusal = serde_json::from_str::<OrganizationId>("\"o-4K7m2xq9ab\"")
        .unwrap_err()
        .to_string();
    assert!(
        refusal.starts_with("`o-4K7m2xq9ab` is not an organization id"),
        "{refusal}"
    );
    assert!(
        serde_json::from_str::<AccountId>("111122223333").is_err(),
        "a number is not an id"
    );
}

#[test]
fn an_error_repeats_only_a_piece_of_what_it_was_given() {
    let refusal = "x\n"
        .repeat(100_000)
        .parse::<UserId>()
        .unwrap_err()
        .to_string();
    assert!(refusal.len() < 400 && !refusal.contains('\n'), "{refusal}");
}
