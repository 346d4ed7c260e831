use serde_json::{Value, json};

use super::*;
use crate::verify::tests::{role_claims, user_claims};

fn parse(value: &Value) -> Result<Claims, Error> {
    Claims::parse(&value.to_string())
}

fn changed(pointer: &str, to: Value) -> Value {
    let mut value = serde_json::to_value(role_claims()).unwrap();
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    value.pointer_mut(parent).unwrap()[name] = to;
    value
}

#[test]
fn claims_round_trip_and_leave_out_what_is_empty() {
    for claims in [role_claims(), user_claims()] {
        let text = serde_json::to_string(&claims).unwrap();
        assert_eq!(Claims::parse(&text).unwrap(), claims);
    }
    let text = serde_json::to_string(&user_claims()).unwrap();
    for absent in [
        "act", "role", "sn", "tags", "ttk", "pol", "parn", "fed", "depth", "chain", "null", "inc",
    ] {
        assert!(
            !text.contains(&format!("\"{absent}\"")),
            "{absent} in {text}"
        );
    }
}

#[test]
fn every_wrong_type_and_value_is_refused() {
    let huge = serde_json::from_str::<Value>("18446744073709551615").unwrap();
    let times = ["/iat", "/nbf", "/exp", "/auth_time"];
    let wrong = [
        json!("1"),
        json!(1.5),
        json!(1.0),
        json!(-1),
        json!([1]),
        json!(null),
        json!(true),
        json!(1_i64 << 41),
        huge,
    ];
    for pointer in times {
        for value in &wrong {
            assert!(
                parse(&changed(pointer, value.clone())).is_err(),
                "{pointer} {value}"
            );
        }
    }
    for (pointer, value) in [
        ("/iss", json!(["https://a", "https://b"])),
        ("/iss", json!(null)),
        ("/aud", json!("trilby")),
        ("/aud", json!([])),
        ("/aud", json!([1])),
        ("/sub", json!("TROL0123456789ABCDEFG:other")),
        ("/sub", json!("TUSR0123456789ABCDEFG")),
        ("/jti", json!("TUSR0123456789ABCDEFG")),
        ("/jti", json!("tses0123456789abcdefg")),
        ("/act", json!("x")),
        ("/cnf", json!({"jkt": "x"})),
        ("/scope", json!("admin")),
        ("/trilby/v", json!("1")),
        ("/trilby/kind", json!("admin")),
        ("/trilby/kind", json!("user")),
        ("/trilby/kind", json!("root")),
        ("/trilby/acct", json!("444455556666")),
        ("/trilby/acct", json!(111_122_223_333_i64)),
        (
            "/trilby/arn",
            json!("arn:trilby:sts::111122223333:assumed-role/admin/ci-42"),
        ),
        (
            "/trilby/arn",
            json!("arn:trilby:sts::444455556666:assumed-role/deploy/ci-42"),
        ),
        ("/trilby/arn", json!("arn:trilby:iam::111122223333:root")),
        (
            "/trilby/role",
            json!("arn:trilby:iam::444455556666:role/deploy"),
        ),
        (
            "/trilby/role",
            json!("arn:trilby:iam::111122223333:user/deploy"),
        ),
        ("/trilby/role", json!(null)),
        ("/trilby/sn", json!("x")),
        ("/trilby/sn", json!("other")),
        ("/trilby/seq", json!(-1)),
        ("/trilby/seq", json!("48213")),
        ("/trilby/depth", json!(9)),
        ("/trilby/depth", json!(256)),
        ("/trilby/dep", json!([["111122223333", "z", "x", 1]])),
        ("/trilby/dep", json!([["111122223333", "r", "x"]])),
        ("/trilby/dep", json!([["111122223333", "r", "x", 1, 2]])),
        ("/trilby/dep", json!([["111122223333", "r", "x", -1]])),
        (
            "/trilby/dep",
            json!(vec![json!(["111122223333", "r", "x", 1]); 13]),
        ),
        (
            "/trilby/chain",
            json!(vec!["arn:trilby:iam::111122223333:root"; 9]),
        ),
        ("/trilby/admin", json!(true)),
        ("/trilby/tags", json!({"team": 1})),
        ("/trilby/mfa", json!({"at": 1, "m": "totp", "x": 1})),
        ("/trilby/pol", json!("{}")),
    ] {
        assert!(
            parse(&changed(pointer, value.clone())).is_err(),
            "{pointer} {value}"
        );
    }
}

#[test]
fn a_missing_required_member_is_refused() {
    let whole = serde_json::to_value(role_claims()).unwrap();
    for name in [
        "iss",
        "aud",
        "sub",
        "client_id",
        "iat",
        "nbf",
        "exp",
        "auth_time",
        "jti",
        "trilby",
    ] {
        let mut value = whole.clone();
        value.as_object_mut().unwrap().remove(name);
        assert_eq!(parse(&value).unwrap_err(), Error::Malformed, "{name}");
    }
    for name in ["v", "kind", "acct", "arn", "seq"] {
        let mut value = whole.clone();
        value["trilby"].as_object_mut().unwrap().remove(name);
        assert_eq!(parse(&value).unwrap_err(), Error::Malformed, "{name}");
    }
}

#[test]
fn a_session_says_in_which_incarnation_of_the_store_its_positions_count() {
    // One that says nothing is of a store that was never fenced.
    let unsaid = serde_json::to_value(role_claims()).unwrap();
    assert_eq!(unsaid.pointer("/trilby/inc"), None);
    assert_eq!(parse(&unsaid).unwrap().trilby.inc, INCARNATION_FIRST);
    let mut fenced = role_claims();
    fenced.trilby.inc = 2;
    let text = serde_json::to_string(&fenced).unwrap();
    assert!(text.contains("\"inc\":2"), "{text}");
    assert_eq!(Claims::parse(&text).unwrap(), fenced);
    for none in [
        json!(0),
        json!(-1),
        json!(null),
        json!("2"),
        json!(1_i64 << 32),
    ] {
        assert!(
            parse(&changed("/trilby/inc", none.clone())).is_err(),
            "{none}"
        );
    }
}

#[test]
fn doubled_members_are_refused_wherever_they_stand() {
    let text = serde_json::to_string(&role_claims()).unwrap();
    for (once, twice) in [
        ("\"iss\":", "\"iss\":\"https://evil\",\"iss\":"),
        ("\"v\":", "\"v\":1,\"v\":"),
        ("\"team\":", "\"team\":\"blue\",\"team\":"),
        ("\"team\":", "\"te\\u0061m\":\"blue\",\"team\":"),
    ] {
        assert!(text.contains(once));
        assert_eq!(
            Claims::parse(&text.replacen(once, twice, 1)).unwrap_err(),
            Error::Malformed
        );
    }
}

#[test]
fn another_version_is_told_apart_even_with_unknown_members() {
    let mut value = changed("/trilby/v", json!(2));
    value["trilby"]["new"] = json!(1);
    assert_eq!(parse(&value).unwrap_err(), Error::Version { found: 2 });
    assert_eq!(
        parse(&changed("/trilby/v", json!(0))).unwrap_err(),
        Error::Version { found: 0 }
    );
}

#[test]
fn times_must_follow_each_other_and_end() {
    for change in [
        (|c: &mut Claims| c.nbf = c.iat + 1) as fn(&mut Claims),
        |c| c.exp = c.iat,
        |c| c.auth_time = c.iat + 1,
        |c| c.auth_time = c.exp - 43_201,
    ] {
        let mut claims = role_claims();
        change(&mut claims);
        assert!(matches!(claims.check(), Err(Error::Inconsistent { .. })));
    }
}

#[test]
fn debug_names_the_session_and_nothing_more() {
    let claims = role_claims();
    assert_eq!(
        format!("{claims:?}"),
        "Claims(TSES0123456789ABCDEFG, role in 111122223333, …)"
    );
    assert_eq!(
        format!("{:?}", claims.trilby),
        "Private(role in 111122223333, …)"
    );
}
