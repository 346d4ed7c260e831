use std::fmt;
use std::str::FromStr;

use super::*;

fn good<T: FromStr<Err = NameError> + AsRef<str>>(texts: &[&str]) {
    for text in texts {
        assert_eq!(text.parse::<T>().unwrap().as_ref(), *text);
    }
}

fn bad<T: FromStr<Err = NameError> + fmt::Debug>(texts: &[&str]) {
    for text in texts {
        assert!(text.parse::<T>().is_err(), "accepted: {text:?}");
    }
}

#[test]
fn principal_names() {
    good::<UserName>(&["a", "Mary.Jane+test=1,2@x_y-z", &"u".repeat(64)]);
    bad::<UserName>(&[
        "",
        &"u".repeat(65),
        "a b",
        "a/b",
        "a:b",
        "a*",
        "a?",
        "ä",
        "a\n",
        "\u{feff}a",
    ]);
    good::<GroupName>(&[&"g".repeat(128)]);
    bad::<GroupName>(&[&"g".repeat(129)]);
    good::<RoleName>(&[&"r".repeat(64)]);
    bad::<RoleName>(&[&"r".repeat(65)]);
    good::<PolicyName>(&[&"p".repeat(128)]);
    bad::<InlinePolicyName>(&[&"p".repeat(129), ""]);
    good::<RoleSessionName>(&["ab", &"s".repeat(64)]);
    bad::<RoleSessionName>(&["a", &"s".repeat(65), "a:b"]);
    bad::<SourceIdentity>(&["a", "aws:mary"]);
}

#[test]
fn names_differ_in_spelling_and_agree_in_key() {
    let (a, b): (UserName, UserName) = ("Mary".parse().unwrap(), "mary".parse().unwrap());
    assert_ne!(a, b);
    assert_eq!(a.key(), b.key());
    assert_eq!(a.to_string(), "Mary");
}

#[test]
fn aliases_cannot_be_taken_for_account_ids() {
    good::<AccountAlias>(&["acme", "a-1", "11112222333", &"a".repeat(63)]);
    bad::<AccountAlias>(&[
        "ab",
        "Acme",
        "-acme",
        "acme-",
        "ac--me",
        "111122223333",
        &"a".repeat(64),
    ]);
}

#[test]
fn account_names_are_what_people_can_see() {
    good::<AccountName>(&["Acme GmbH & Söhne", "日本"]);
    bad::<AccountName>(&[
        "",
        " acme",
        "acme ",
        "a\tb",
        "a\u{202e}b",
        "a\u{200b}b",
        "a\u{2028}b",
        &"a".repeat(129),
    ]);
}

#[test]
fn applications_cannot_take_our_own_prefixes() {
    good::<ApplicationName>(&["s3", "docs", "iam-tools", &"a".repeat(63)]);
    bad::<ApplicationName>(&["", "S3", "3s", "-a", "a_b", "a:b", "a*", &"a".repeat(64)]);
    bad::<ApplicationName>(&RESERVED_PREFIXES);
}

#[test]
fn resources() {
    good::<ResourceType>(&["bucket", "Order_Item-2"]);
    bad::<ResourceType>(&["", "a/b", "a:b", "a*", &"t".repeat(65)]);
    good::<ResourceKey>(&[
        "a",
        "reports/2026/q3.pdf",
        "a:b*?",
        "ключ",
        &"k".repeat(512),
    ]);
    bad::<ResourceKey>(&[
        "",
        "a\nb",
        "a\u{0}",
        "a\u{85}",
        &"k".repeat(513),
        &"ä".repeat(257),
    ]);
}

#[test]
fn paths_are_framed_by_slashes() {
    good::<Path>(&["/", "/team/", "/team/eng/", "/a*b/"]);
    bad::<Path>(&[
        "",
        "team",
        "/team",
        "team/",
        "//",
        "/te am/",
        "/ä/",
        "/a\u{7f}/",
        &format!("/{}/", "a".repeat(511)),
    ]);
}

#[test]
fn tags_keep_reserved_prefixes_for_us() {
    good::<TagKey>(&["team", "Cost Center", "größe", "a:b/c=d+e-f@g._"]);
    bad::<TagKey>(&[
        "",
        "aws:x",
        "AWS:x",
        "Trilby:x",
        "a\nb",
        "a;b",
        "a*",
        "a\u{2028}b",
        &"k".repeat(129),
    ]);
    good::<TagValue>(&["", "payments", &"v".repeat(256)]);
    bad::<TagValue>(&[&"v".repeat(257), "a*b", "${aws:username}", "a\tb"]);
}

#[test]
fn external_ids() {
    good::<ExternalId>(&["ab", "https://x.example/y", &"e".repeat(1224)]);
    bad::<ExternalId>(&["a", "a b", &"e".repeat(1225)]);
}

#[test]
fn e_mail_addresses_are_plain() {
    good::<EmailAddress>(&["mary@acme.example", "m.j+x@a-b.co", "root@localhost"]);
    bad::<EmailAddress>(&[
        "",
        "mary",
        "@acme.example",
        "mary@",
        "a@b@c",
        "a b@c.d",
        "\"a\"@b.c",
        "a@b..c",
        "a@-b.c",
        ".a@b.c",
        "a..b@c.d",
        "a@b.c\n",
        "märy@acme.example",
    ]);
}

#[test]
fn the_message_names_kind_and_rule() {
    let error = "a b".parse::<UserName>().unwrap_err();
    assert_eq!(
        error.to_string(),
        "`a b` is not a user name: it may hold only A-Z a-z 0-9 + = , . @ _ -"
    );
    assert_eq!(
        serde_json::from_str::<GroupName>("\"a b\"")
            .unwrap_err()
            .to_string()
            .split(" at line")
            .next()
            .unwrap(),
        "`a b` is not a group name: it may hold only A-Z a-z 0-9 + = , . @ _ -"
    );
}
