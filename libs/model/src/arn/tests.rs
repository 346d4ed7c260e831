use super::*;

fn account() -> AccountId {
    "111122223333".parse().unwrap()
}

#[test]
fn the_sixth_part_keeps_colons_and_slashes() {
    let text = "arn:aws:s3:::bucket/a:b/c::d";
    let arn: Arn = text.parse().unwrap();
    assert_eq!(
        (
            arn.partition(),
            arn.service(),
            arn.region(),
            arn.account(),
            arn.resource()
        ),
        ("aws", "s3", "", "", "bucket/a:b/c::d")
    );
    assert_eq!(arn.to_string(), text);
    assert_eq!(arn.account_id(), None);
}

#[test]
fn short_empty_and_overlong_arns_are_refused() {
    for bad in [
        "",
        "*",
        "arn",
        "arn:aws:iam::111122223333",
        "arn::iam::111122223333:root",
        "arn:aws:::111122223333:root",
        "Arn:aws:iam::1:root",
        "xarn:aws:iam::1:root",
        "arn:aws:iam::1:a\nb",
        &format!("arn:aws:s3:::{}", "a".repeat(2048)),
    ] {
        assert!(bad.parse::<Arn>().is_err(), "{bad}");
    }
}

#[test]
fn our_partition_and_its_alias_are_one_others_are_not() {
    assert!(
        same_partition("aws", "trilby")
            && same_partition("aws", "aws")
            && same_partition("other", "other")
    );
    assert!(!same_partition("aws-cn", "trilby") && !same_partition("AWS", "aws"));
    let (a, b): (Arn, Arn) = (
        "arn:aws:iam::111122223333:root".parse().unwrap(),
        "arn:trilby:iam::111122223333:root".parse().unwrap(),
    );
    assert_ne!(a, b);
    assert!(a.same_thing(&b));
    assert_eq!(a.matching_key(), b.matching_key());
    assert_eq!(a.in_own_partition(), b);
    assert!(!a.same_thing(&"arn:aws-cn:iam::111122223333:root".parse().unwrap()));
}

#[test]
fn built_arns_read_as_the_table_says() {
    let a = account();
    let path: Path = "/team/eng/".parse().unwrap();
    let root_path: Path = "/".parse().unwrap();
    let organization: OrganizationId = "o-4k7m2xq9ab".parse().unwrap();
    let cases = [
        (Arn::account_of(&a), "arn:trilby:iam::111122223333:account"),
        (Arn::root(&a), "arn:trilby:iam::111122223333:root"),
        (
            Arn::user(&a, &root_path, &"mary".parse().unwrap()),
            "arn:trilby:iam::111122223333:user/mary",
        ),
        (
            Arn::user(&a, &path, &"mary".parse().unwrap()),
            "arn:trilby:iam::111122223333:user/team/eng/mary",
        ),
        (
            Arn::group(&a, &root_path, &"Billing".parse().unwrap()),
            "arn:trilby:iam::111122223333:group/Billing",
        ),
        (
            Arn::role(&a, &path, &"Admin".parse().unwrap()),
            "arn:trilby:iam::111122223333:role/team/eng/Admin",
        ),
        (
            Arn::policy(&a, &root_path, &"P1".parse().unwrap()),
            "arn:trilby:iam::111122223333:policy/P1",
        ),
        (
            Arn::system_policy(&"FullAccess".parse().unwrap()),
            "arn:trilby:iam::system:policy/FullAccess",
        ),
        (
            Arn::assumed_role(&a, &"Admin".parse().unwrap(), &"mary".parse().unwrap()),
            "arn:trilby:sts::111122223333:assumed-role/Admin/mary",
        ),
        (
            Arn::application(&a, &"s3".parse().unwrap()),
            "arn:trilby:registry::111122223333:application/s3",
        ),
        (
            Arn::registered_resource(
                &"s3".parse().unwrap(),
                &a,
                &"bucket".parse().unwrap(),
                &"reports".parse().unwrap(),
            ),
            "arn:trilby:s3::111122223333:bucket/reports",
        ),
        (
            Arn::organization(&a, &organization),
            "arn:trilby:organizations::111122223333:organization/o-4k7m2xq9ab",
        ),
        (
            Arn::organization_root(&a, &organization, &"r-x3f9".parse().unwrap()),
            "arn:trilby:organizations::111122223333:unit/o-4k7m2xq9ab/r-x3f9",
        ),
        (
            Arn::unit(&a, &organization, &"ou-7dk20aqz".parse().unwrap()),
            "arn:trilby:organizations::111122223333:unit/o-4k7m2xq9ab/ou-7dk20aqz",
        ),
        (
            Arn::member(&a, &organization, &"444455556666".parse().unwrap()),
            "arn:trilby:organizations::111122223333:account/o-4k7m2xq9ab/444455556666",
        ),
        (
            Arn::control_policy(&a, &organization, &"p-fullac01".parse().unwrap()),
            "arn:trilby:organizations::111122223333:control-policy/o-4k7m2xq9ab/p-fullac01",
        ),
        (Arn::installation(), "arn:trilby:operator:::installation"),
    ];
    for (arn, text) in cases {
        assert_eq!(arn.to_string(), text);
        assert_eq!(text.parse::<Arn>().unwrap(), arn);
    }
}
