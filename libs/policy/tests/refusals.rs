//! What each kind of document refuses: code, place and hint.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use serde_json::{Value, json};
use trilby_policy::{CODES, Document, Finding, Grammar, Kind, Severity};

const ALL: [Kind; 7] = [
    Kind::Identity,
    Kind::Boundary,
    Kind::Session,
    Kind::Resource,
    Kind::Trust,
    Kind::Scp,
    Kind::Rcp,
];

fn refused(text: &str, kind: Kind) -> Vec<Finding> {
    match Document::parse(text, kind, &Grammar::stored()) {
        Ok(document) => panic!("accepted as {kind:?}: {}", document.canonical()),
        Err(findings) => {
            assert!(findings.iter().all(|f| f.severity == Severity::Error));
            for finding in &findings {
                assert!(
                    CODES.iter().any(|(code, _)| *code == finding.code),
                    "{finding:?}"
                );
            }
            findings
        }
    }
}

fn document(statement: &Value) -> String {
    json!({ "Version": "2012-10-17", "Statement": [statement] }).to_string()
}

fn accepted(statement: &Value, kind: Kind) {
    let read = Document::parse(&document(statement), kind, &Grammar::stored());
    assert!(read.is_ok(), "{kind:?} {statement}: {:?}", read.err());
}

/// One finding with this code and pointer, and a hint that holds `hint`.
fn one(statement: &Value, kind: Kind, code: &str, pointer: &str, hint: &str) {
    let findings = refused(&document(statement), kind);
    let [finding] = findings.as_slice() else {
        panic!("{statement}: {findings:#?}");
    };
    assert_eq!(finding.code, code, "{statement}");
    assert_eq!(
        finding.pointer,
        format!("/Statement/0{pointer}"),
        "{statement}"
    );
    assert!(
        finding.hint.as_deref().unwrap_or_default().contains(hint),
        "{statement}: hint {:?}",
        finding.hint
    );
}

fn identity() -> Value {
    json!({ "Effect": "Allow", "Action": ["app:Read"], "Resource": ["*"] })
}

fn resource() -> Value {
    json!({ "Effect": "Allow", "Principal": "*", "Action": ["app:Read"] })
}

fn trust() -> Value {
    json!({ "Effect": "Allow", "Principal": { "AWS": "111111111111" }, "Action": "sts:AssumeRole" })
}

fn with(mut statement: Value, name: &str, value: Value) -> Value {
    statement[name] = value;
    statement
}

fn without(mut statement: Value, name: &str) -> Value {
    statement.as_object_mut().unwrap().remove(name);
    statement
}

#[test]
fn a_finding_names_its_line_and_column() {
    let text = "{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": {\n    \"Effect\": \"allow\",\n    \"Action\": \"*\", \"Resource\": \"*\"\n  }\n}";
    let findings = refused(text, Kind::Identity);
    assert_eq!(findings.len(), 1);
    assert_eq!(findings[0].code, "invalid_effect");
    assert_eq!(findings[0].pointer, "/Statement/Effect");
    assert_eq!((findings[0].line, findings[0].column), (4, 15));
    assert_eq!(findings[0].hint.as_deref(), Some("did you mean `Allow`?"));
}

#[test]
fn one_answer_names_every_mistake() {
    let statement = json!({
        "Effekt": "Allow", "Action": ["read", "app:Read"], "Resource": "arn:aws:s3",
        "Condition": { "StringEqual": { "app:k": "a" }, "NumericEquals": { "app:k": "five" } }
    });
    let codes: Vec<&str> = refused(&document(&statement), Kind::Identity)
        .iter()
        .map(|f| f.code)
        .collect();
    assert_eq!(
        codes,
        [
            "unknown_member",
            "missing_member",
            "invalid_action",
            "invalid_arn_pattern",
            "invalid_condition_value",
            "unknown_operator",
        ]
    );
}

#[test]
fn the_number_of_findings_is_bounded() {
    let statement = with(identity(), "Action", json!(vec![""; 5_000]));
    let findings = refused(&document(&statement), Kind::Identity);
    assert_eq!(findings.len(), trilby_policy::limits::FINDINGS_MAX);
    // What is found only in a document that is right in itself is as bounded.
    let anybody = json!({"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"});
    let trust = json!({"Version": "2012-10-17", "Statement": vec![anybody; 1_000]});
    let findings = refused(&trust.to_string(), Kind::Trust);
    assert_eq!(findings.len(), trilby_policy::limits::FINDINGS_MAX);
}

#[test]
fn json_itself() {
    for (text, code, pointer) in [
        ("", "invalid_json", ""),
        ("{", "invalid_json", ""),
        (
            r#"{"Version":"2012-10-17","Version":"2012-10-17"}"#,
            "duplicate_member",
            "/Version",
        ),
        (
            r#"{"Version":"2012-10-17","Statement":{"Effect":"Deny","Effect":"Allow"}}"#,
            "duplicate_member",
            "/Statement/Effect",
        ),
        (
            r#"{"Version":"2012-10-17","Statement":{"Condition":{"Bool":{},"Bool":{}}}}"#,
            "duplicate_member",
            "/Statement/Condition/Bool",
        ),
    ] {
        let findings = refused(text, Kind::Identity);
        assert_eq!(
            (findings[0].code, findings[0].pointer.as_str()),
            (code, pointer),
            "{text}"
        );
    }
    let deep = "[".repeat(100) + &"]".repeat(100);
    assert_eq!(refused(&deep, Kind::Identity)[0].code, "too_deep");
}

#[test]
fn the_document() {
    let statement = identity();
    for (value, code, pointer) in [
        (json!([]), "wrong_type", ""),
        (json!("x"), "wrong_type", ""),
        (json!({ "Statement": statement }), "version_required", ""),
        (json!({ "Version": "2012-10-17" }), "missing_member", ""),
        (
            json!({ "Version": 2012, "Statement": statement }),
            "wrong_type",
            "/Version",
        ),
        (
            json!({ "Version": "2012-10-18", "Statement": statement }),
            "invalid_version",
            "/Version",
        ),
        (
            json!({ "Version": "2008-10-17", "Statement": statement }),
            "old_version",
            "/Version",
        ),
        (
            json!({ "Version": "2012-10-17", "Statement": [] }),
            "empty_list",
            "/Statement",
        ),
        (
            json!({ "Version": "2012-10-17", "Statement": null }),
            "wrong_type",
            "/Statement",
        ),
        (
            json!({ "Version": "2012-10-17", "Statement": [[]] }),
            "wrong_type",
            "/Statement/0",
        ),
        (
            json!({ "Version": "2012-10-17", "Id": "x", "Statement": statement }),
            "element_not_allowed",
            "/Id",
        ),
        (
            json!({ "Version": "2012-10-17", "Statment": statement, "Statement": statement }),
            "unknown_member",
            "/Statment",
        ),
    ] {
        let findings = refused(&value.to_string(), Kind::Identity);
        assert_eq!(
            (findings[0].code, findings[0].pointer.as_str()),
            (code, pointer),
            "{value}"
        );
    }
}

#[test]
fn old_versions_where_they_are_accepted() {
    let texts = [
        json!({ "Statement": identity() }).to_string(),
        json!({ "Version": "2008-10-17", "Statement": identity() }).to_string(),
    ];
    let legacy = Grammar {
        legacy_version: true,
        ..Grammar::stored()
    };
    for text in &texts {
        for kind in [Kind::Identity, Kind::Boundary, Kind::Session] {
            assert!(Document::parse(text, kind, &legacy).is_ok());
            assert!(Document::parse(text, kind, &Grammar::stored()).is_err());
        }
        // A control policy was never written in the old version.
        assert!(Document::parse(text, Kind::Scp, &legacy).is_err());
        assert!(Document::parse(text, Kind::Scp, &Grammar::simulated()).is_ok());
    }
}

#[test]
fn elements_of_every_statement() {
    for (statement, code, pointer) in [
        (without(identity(), "Effect"), "missing_member", ""),
        (without(identity(), "Action"), "missing_member", ""),
        (
            with(identity(), "Effect", json!("ALLOW")),
            "invalid_effect",
            "/Effect",
        ),
        (
            with(identity(), "Effect", json!(true)),
            "wrong_type",
            "/Effect",
        ),
        (
            with(identity(), "NotAction", json!("*")),
            "conflicting_members",
            "/NotAction",
        ),
        (
            with(identity(), "NotResource", json!("*")),
            "conflicting_members",
            "/NotResource",
        ),
        (
            with(identity(), "Action", json!([])),
            "empty_list",
            "/Action",
        ),
        (
            with(identity(), "Resource", json!([])),
            "empty_list",
            "/Resource",
        ),
        (
            with(identity(), "Action", json!(["*", 1])),
            "wrong_type",
            "/Action/1",
        ),
        (
            with(identity(), "Action", json!(null)),
            "wrong_type",
            "/Action",
        ),
        (with(identity(), "Sid", json!(1)), "wrong_type", "/Sid"),
        (with(identity(), "Sid", json!("a b")), "invalid_sid", "/Sid"),
        (with(identity(), "Sid", json!("a-b")), "invalid_sid", "/Sid"),
        (
            with(identity(), "Condition", json!([])),
            "wrong_type",
            "/Condition",
        ),
        (
            with(identity(), "action", json!("*")),
            "unknown_member",
            "/action",
        ),
    ] {
        one(&statement, Kind::Identity, code, pointer, "");
    }
    one(
        &with(identity(), "Conditions", json!({})),
        Kind::Identity,
        "unknown_member",
        "/Conditions",
        "`Condition`",
    );
}

#[test]
fn sids() {
    let two = |a: &str, b: &str| {
        json!({ "Version": "2012-10-17", "Statement": [
            with(identity(), "Sid", json!(a)), with(identity(), "Sid", json!(b))
        ] })
        .to_string()
    };
    let findings = refused(&two("Same", "Same"), Kind::Identity);
    assert_eq!(findings[0].code, "duplicate_sid");
    assert_eq!(findings[0].pointer, "/Statement/1/Sid");
    for (a, b) in [("", ""), ("Same", "same")] {
        assert!(Document::parse(&two(a, b), Kind::Identity, &Grammar::stored()).is_ok());
    }
    accepted(
        &with(resource(), "Sid", json!("a wide sid_with-signs.")),
        Kind::Resource,
    );
    one(
        &with(resource(), "Sid", json!("tab\there")),
        Kind::Resource,
        "invalid_sid",
        "/Sid",
        "ASCII",
    );
}

#[test]
fn actions() {
    for bad in [
        "",
        "read",
        "app:",
        ":Read",
        "a*p:Read",
        "*:Read",
        "?:*",
        "app:Re ad",
        "app:Read:x",
        "äpp:Read",
        "app :Read",
    ] {
        one(
            &with(identity(), "Action", json!(bad)),
            Kind::Identity,
            "invalid_action",
            "/Action",
            "",
        );
    }
    one(
        &with(identity(), "Action", json!("app:${aws:username}")),
        Kind::Identity,
        "variable_not_allowed",
        "/Action",
        "",
    );
    for good in ["*", "*:*", "app:*", "APP:re?d*", "my-app:Do_it.now/later"] {
        accepted(&with(identity(), "Action", json!(good)), Kind::Identity);
    }
}

#[test]
fn resources() {
    for bad in [
        "",
        "**",
        "doc/1",
        "arn:aws:s3",
        "arn:aws:s3:::",
        "arn:aws:s3::doc",
        "arn::s3:::x",
        "arn:aws::::x",
        "ARN:aws:s3:::x",
        "arn:*:s3:::x",
        "arn:aw?:s3:::x",
        "arn:aws:s*:::x",
        "arn:aws:?:::x",
        "${app:whole}",
    ] {
        one(
            &with(identity(), "Resource", json!(bad)),
            Kind::Identity,
            "invalid_arn_pattern",
            "/Resource",
            "",
        );
    }
    for bad in [
        "arn:aws:s3:${aws:RequestedRegion}:111111111111:x",
        "arn:aws:s3::${aws:PrincipalAccount}:x",
        "arn:${app:p}:s3:::x",
        "arn:aws${?}:s3:::x",
        "arn:aws:s3::${*}:x",
    ] {
        one(
            &with(identity(), "Resource", json!(bad)),
            Kind::Identity,
            "variable_not_allowed",
            "/Resource",
            "",
        );
    }
    for bad in [
        "${",
        "${}",
        "${ aws:username }",
        "${aws:username",
        "${a,'x'}",
        "${a, 'x}",
        "${a${b}}",
        "${a, 'x'y}",
    ] {
        let text = format!("arn:aws:s3:::home/{bad}");
        one(
            &with(identity(), "Resource", json!(text)),
            Kind::Identity,
            "invalid_variable",
            "/Resource",
            "",
        );
    }
    for good in [
        "*",
        "arn:aws:s3:::*",
        "arn:trilby:s3:*:1111?1111111:a/b:c",
        "arn:aws:s3:::${aws:username, 'it}s'}/${*}",
        "arn:aws:s3:::$x/{y}",
        "arn:aws:s3:::${aws:PrincipalTag/cost center}",
    ] {
        accepted(&with(identity(), "Resource", json!(good)), Kind::Identity);
    }
}

#[test]
fn conditions() {
    let with = |condition: Value| with(identity(), "Condition", condition);
    for (condition, code, pointer) in [
        (
            json!({"StringEquals": []}),
            "wrong_type",
            "/Condition/StringEquals",
        ),
        (
            json!({"StringEquals": {"app:k": []}}),
            "empty_list",
            "/Condition/StringEquals/app:k",
        ),
        (
            json!({"StringEquals": {"app:k": null}}),
            "wrong_type",
            "/Condition/StringEquals/app:k",
        ),
        (
            json!({"StringEquals": {"app:k": ["a", {}]}}),
            "wrong_type",
            "/Condition/StringEquals/app:k/1",
        ),
        (
            json!({"StringEquals": {"app:k": [["a"]]}}),
            "wrong_type",
            "/Condition/StringEquals/app:k/0",
        ),
        (
            json!({"StringEquals": {"": "a"}}),
            "invalid_condition_key",
            "/Condition/StringEquals/",
        ),
        (
            json!({"StringEquals": {"${app:k}": "a"}}),
            "variable_not_allowed",
            "/Condition/StringEquals/${app:k}",
        ),
        (
            json!({"StringEquals": {"app:k/~x": "${"}}),
            "invalid_variable",
            "/Condition/StringEquals/app:k~1~0x",
        ),
        (
            json!({"StringEquals": {"app:k": "a", "APP:K": "b"}}),
            "duplicate_condition_key",
            "/Condition/StringEquals/app:k",
        ),
        (
            json!({"NumericEquals": {"app:k": "five"}}),
            "invalid_condition_value",
            "/Condition/NumericEquals/app:k",
        ),
        (
            json!({"DateEquals": {"app:k": "soon"}}),
            "invalid_condition_value",
            "/Condition/DateEquals/app:k",
        ),
        (
            json!({"Bool": {"app:k": "yes"}}),
            "invalid_condition_value",
            "/Condition/Bool/app:k",
        ),
        (
            json!({"Bool": {"app:k": "${app:l, 'yes'}"}}),
            "invalid_condition_value",
            "/Condition/Bool/app:k",
        ),
        (
            json!({"Null": {"app:k": 1}}),
            "invalid_condition_value",
            "/Condition/Null/app:k",
        ),
        (
            json!({"BinaryEquals": {"app:k": "QmluYXJ5IQ"}}),
            "invalid_condition_value",
            "/Condition/BinaryEquals/app:k",
        ),
        (
            json!({"IpAddress": {"app:k": "10.0.0.0/40"}}),
            "invalid_condition_value",
            "/Condition/IpAddress/app:k",
        ),
        (
            json!({"ArnLike": {"app:k": "arn:aws:s3"}}),
            "invalid_arn_pattern",
            "/Condition/ArnLike/app:k",
        ),
        (
            json!({"NumericEquals": {"app:k": "${app:l}"}}),
            "variable_not_allowed",
            "/Condition/NumericEquals/app:k",
        ),
        (
            json!({"DateEquals": {"app:k": "${app:l}"}}),
            "variable_not_allowed",
            "/Condition/DateEquals/app:k",
        ),
        (
            json!({"IpAddress": {"app:k": "${app:l}"}}),
            "variable_not_allowed",
            "/Condition/IpAddress/app:k",
        ),
        (
            json!({"BinaryEquals": {"app:k": "${app:l}"}}),
            "variable_not_allowed",
            "/Condition/BinaryEquals/app:k",
        ),
        (
            json!({"Null": {"app:k": "${app:l}"}}),
            "variable_not_allowed",
            "/Condition/Null/app:k",
        ),
    ] {
        one(&with(condition), Kind::Identity, code, pointer, "");
    }
    // A key that is there twice is told, whatever else is wrong with it.
    let twice = json!({"NumericEquals": {"APP:K": "five", "app:k": 5}});
    let codes: Vec<&str> = refused(&document(&with(twice)), Kind::Identity)
        .iter()
        .map(|finding| finding.code)
        .collect();
    assert_eq!(
        codes,
        ["invalid_condition_value", "duplicate_condition_key"]
    );
    accepted(
        &with(json!({"Bool": {"app:k": ["${app:l, 'TRUE'}", "false"]}})),
        Kind::Identity,
    );
    // The twin of a key is that key.
    let twins = json!({"StringEquals": {"aws:username": "a", "trilby:UserName": "b"}});
    one(
        &with(twins),
        Kind::Identity,
        "duplicate_condition_key",
        "/Condition/StringEquals/trilby:UserName",
        "",
    );
    // The same key under two operators is two tests.
    accepted(
        &with(json!({"StringLike": {"app:k": "a*"}, "StringNotLike": {"app:k": "ab*"}})),
        Kind::Identity,
    );
}

#[test]
fn operators_are_matched_exactly() {
    for (written, meant) in [
        ("stringequals", "`StringEquals`"),
        ("StringEqual", "`StringEquals`"),
        ("ForAnyValues:StringLike", ""),
        ("ForAllValues:StringLik", "`ForAllValues:StringLike`"),
        ("StringLikeIfExist", "`StringLike`"),
        ("NullIfExists", ""),
        ("ForAllValues:Null", ""),
        ("NumericNotLessThan", "`Numeric"),
        ("IPAddress", "`IpAddress`"),
        ("StringEqualsIfExistsIfExists", "`StringEqualsIfExists`"),
    ] {
        let condition = json!({ written: { "app:k": "true" } });
        one(
            &with(identity(), "Condition", condition),
            Kind::Identity,
            "unknown_operator",
            &format!("/Condition/{written}"),
            meant,
        );
    }
}

#[test]
fn a_multivalued_key_needs_a_set_operator() {
    for key in [
        "aws:TagKeys",
        "trilby:tagkeys",
        "aws:CalledVia",
        "issuer.example/a:amr",
    ] {
        let plain = json!({ "StringEquals": { key: "a" } });
        one(
            &with(identity(), "Condition", plain),
            Kind::Identity,
            "set_operator_required",
            &format!("/Condition/StringEquals/{}", key.replace('/', "~1")),
            "ForAnyValue:StringEquals",
        );
        for good in [
            "ForAllValues:StringEquals",
            "ForAnyValue:StringLikeIfExists",
        ] {
            accepted(
                &with(identity(), "Condition", json!({ good: { key: "a" } })),
                Kind::Identity,
            );
        }
        accepted(
            &with(identity(), "Condition", json!({ "Null": { key: true } })),
            Kind::Identity,
        );
    }
}

#[test]
fn characters_beyond_latin_1() {
    let sign = |text: &str| {
        with(
            identity(),
            "Condition",
            json!({"StringEquals": {"app:k": text}}),
        )
    };
    accepted(&sign("Straße ÿ"), Kind::Identity);
    for bad in ["Ā", "日本", "\u{1}", "\u{0}", "\u{b}"] {
        one(
            &sign(bad),
            Kind::Identity,
            "invalid_character",
            "/Condition/StringEquals/app:k",
            "",
        );
    }
    let wide = Grammar {
        unicode: true,
        ..Grammar::stored()
    };
    assert!(Document::parse(&document(&sign("日本")), Kind::Identity, &wide).is_ok());
    assert!(Document::parse(&document(&sign("\u{1}")), Kind::Identity, &wide).is_err());
}

#[test]
fn the_element_table() {
    // Which kinds take which element; the others say so.
    let identity_like = [Kind::Identity, Kind::Boundary, Kind::Session, Kind::Scp];
    for kind in ALL {
        let is_identity = identity_like.contains(&kind);
        let base = match kind {
            Kind::Identity | Kind::Boundary | Kind::Session | Kind::Scp => identity(),
            Kind::Resource => resource(),
            Kind::Trust => trust(),
            Kind::Rcp => with(
                with(identity(), "Principal", json!("*")),
                "Effect",
                json!("Deny"),
            ),
        };
        accepted(&base, kind);
        accepted(&with(base.clone(), "Condition", json!({})), kind);
        accepted(&with(base.clone(), "Sid", json!("One")), kind);

        if is_identity {
            let more = with(base.clone(), "Principal", json!("*"));
            one(&more, kind, "element_not_allowed", "/Principal", "");
            let more = with(base.clone(), "NotPrincipal", json!("*"));
            one(&more, kind, "element_not_allowed", "/NotPrincipal", "");
        } else {
            one(
                &without(base.clone(), "Principal"),
                kind,
                "missing_member",
                "",
                "",
            );
        }

        let not_action = with(
            without(base.clone(), "Action"),
            "NotAction",
            json!("app:Read"),
        );
        if matches!(kind, Kind::Trust | Kind::Rcp) {
            one(&not_action, kind, "element_not_allowed", "/NotAction", "");
        } else {
            accepted(&not_action, kind);
        }

        let not_resource = with(without(base.clone(), "Resource"), "NotResource", json!("*"));
        if kind == Kind::Trust {
            one(
                &not_resource,
                kind,
                "element_not_allowed",
                "/NotResource",
                "",
            );
            let more = with(base.clone(), "Resource", json!("*"));
            one(&more, kind, "element_not_allowed", "/Resource", "");
        } else {
            accepted(&not_resource, kind);
        }
        if is_identity || kind == Kind::Rcp {
            one(&without(base, "Resource"), kind, "missing_member", "", "");
        }
    }
    let with_id =
        json!({ "Version": "2012-10-17", "Id": "x", "Statement": resource() }).to_string();
    assert!(Document::parse(&with_id, Kind::Resource, &Grammar::stored()).is_ok());
}

#[test]
fn not_principal() {
    let deny =
        json!({ "Effect": "Deny", "NotPrincipal": { "AWS": "111111111111" }, "Action": "*" });
    accepted(&deny, Kind::Resource);
    one(
        &with(deny.clone(), "Effect", json!("Allow")),
        Kind::Resource,
        "allow_with_not_principal",
        "/NotPrincipal",
        "Principal",
    );
    one(
        &with(deny.clone(), "Principal", json!("*")),
        Kind::Resource,
        "conflicting_members",
        "/NotPrincipal",
        "",
    );
    one(
        &with(deny, "Action", json!("sts:AssumeRole")),
        Kind::Trust,
        "element_not_allowed",
        "/NotPrincipal",
        "",
    );
}

#[test]
fn principals() {
    let aws = |value: &str| with(resource(), "Principal", json!({ "AWS": [value] }));
    for good in [
        "*",
        "111111111111",
        "arn:aws:iam::111111111111:root",
        "arn:trilby:iam::111111111111:user/alice",
        "arn:aws:iam::111111111111:user/a/path/alice",
        "arn:aws:iam::111111111111:role/Dev",
        "arn:aws:sts::111111111111:assumed-role/Dev/s1",
        "arn:aws:sts::111111111111:federated-user/bob",
    ] {
        accepted(&aws(good), Kind::Resource);
    }
    for (bad, hint) in [
        ("", "name an account"),
        ("alice", "name an account"),
        ("1111", "name an account"),
        ("arn:aws:iam::111111111111:group/g", "a group"),
        ("arn:aws:iam::111111111111:user/*", "no wildcards"),
        ("arn:aws:iam::111111111111:role/D?v", "no wildcards"),
        (
            "arn:aws:sts::111111111111:assumed-role/Dev/*",
            "no wildcards",
        ),
        ("arn:aws:sts::111111111111:assumed-role/Dev", "ROLE/SESSION"),
        (
            "arn:aws:sts::111111111111:assumed-role/a/Dev/s1",
            "ROLE/SESSION",
        ),
        ("arn:aws:iam::*:root", "no wildcards"),
        ("arn:aws:iam::111111111111:root/x", "name an account"),
        ("arn:aws:iam::111111111111:user/", "name an account"),
        ("arn:aws:iam::111111111111:user//x", "name an account"),
        ("arn:aws:iam:eu:111111111111:user/x", "name an account"),
        ("arn:aws:s3::111111111111:user/x", "name an account"),
        ("arn:aws:iam::111111111111:policy/x", "name an account"),
        (
            "arn:aws:iam::111111111111:user/${aws:username}",
            "variables",
        ),
    ] {
        one(
            &aws(bad),
            Kind::Resource,
            "invalid_principal",
            "/Principal/AWS/0",
            hint,
        );
    }
    for (principal, code, pointer) in [
        (json!("111111111111"), "invalid_principal", "/Principal"),
        (json!(["*"]), "wrong_type", "/Principal"),
        (json!({}), "empty_list", "/Principal"),
        (json!({ "AWS": [] }), "empty_list", "/Principal/AWS"),
        (
            json!({ "AWS": 111_111_111_111_i64 }),
            "wrong_type",
            "/Principal/AWS",
        ),
        (
            json!({ "Federated": "x*" }),
            "invalid_principal",
            "/Principal/Federated",
        ),
        (
            json!({ "Service": "" }),
            "invalid_principal",
            "/Principal/Service",
        ),
        (
            json!({ "CanonicalUser": "x" }),
            "unsupported_principal_type",
            "/Principal/CanonicalUser",
        ),
        (
            json!({ "aws": "*" }),
            "unknown_principal_type",
            "/Principal/aws",
        ),
    ] {
        one(
            &with(resource(), "Principal", principal),
            Kind::Resource,
            code,
            pointer,
            "",
        );
    }
    one(
        &with(resource(), "Principal", json!({ "Aws": "*" })),
        Kind::Resource,
        "unknown_principal_type",
        "/Principal/Aws",
        "`AWS`",
    );
}

#[test]
fn trust_policies() {
    for good in [
        "sts:AssumeRole",
        "sts:AssumeRoleWithWebIdentity",
        "sts:AssumeRole*",
        "STS:assume*",
        "sts:TagSession",
        "sts:Set*",
        "sts:*",
    ] {
        accepted(&with(trust(), "Action", json!(good)), Kind::Trust);
    }
    for bad in [
        "*",
        "app:Read",
        "sts:GetCallerIdentity",
        "sts:Get*",
        "iam:PassRole",
        "sts:AssumeRoot",
    ] {
        one(
            &with(trust(), "Action", json!(bad)),
            Kind::Trust,
            "action_not_allowed",
            "/Action",
            "sts:TagSession",
        );
    }
    for (principal, pointer) in [
        (json!("*"), "/Principal"),
        (json!({ "AWS": ["111111111111", "*"] }), "/Principal/AWS"),
        (json!({ "Federated": "*" }), "/Principal/Federated"),
        (json!({ "Service": "*" }), "/Principal/Service"),
    ] {
        let open = with(trust(), "Principal", principal.clone());
        one(
            &open,
            Kind::Trust,
            "weak_trust_policy",
            pointer,
            "name the accounts",
        );
        // A condition does not make it better, and a Deny of everyone narrows.
        let narrowed = with(
            open.clone(),
            "Condition",
            json!({"StringEquals": {"sts:ExternalId": "x1"}}),
        );
        one(&narrowed, Kind::Trust, "weak_trust_policy", pointer, "");
        accepted(&with(open, "Effect", json!("Deny")), Kind::Trust);
    }
    accepted(
        &with(
            trust(),
            "Principal",
            json!({ "Federated": "arn:aws:iam::111111111111:oidc-provider/a" }),
        ),
        Kind::Trust,
    );
}

#[test]
fn resource_control_policies_only_deny() {
    let allow_all = json!({ "Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*" });
    accepted(&allow_all, Kind::Rcp);
    let narrower = with(allow_all.clone(), "Action", json!("app:Read"));
    one(
        &narrower,
        Kind::Rcp,
        "effect_not_allowed",
        "/Effect",
        "Deny",
    );
    let conditional = with(
        allow_all.clone(),
        "Condition",
        json!({"Null": {"aws:username": true}}),
    );
    one(
        &conditional,
        Kind::Rcp,
        "effect_not_allowed",
        "/Effect",
        "Deny",
    );
    let someone = with(
        allow_all.clone(),
        "Principal",
        json!({ "AWS": "111111111111" }),
    );
    one(
        &with(someone, "Effect", json!("Deny")),
        Kind::Rcp,
        "invalid_principal",
        "/Principal",
        "\"*\"",
    );
    let alone =
        json!({ "Version": "2012-10-17", "Statement": with(allow_all, "Action", json!("app:*")) });
    assert_eq!(
        refused(&alone.to_string(), Kind::Rcp)[0].pointer,
        "/Statement/Effect"
    );
}

#[test]
fn a_simulation_relaxes_the_version_and_nothing_else() {
    let text = json!({ "Statement": {
        "Effect": "Allow", "Principal": { "AWS": "arn:aws:iam::111111111111:user/*" }, "Action": "*"
    } })
    .to_string();
    let findings = Document::parse(&text, Kind::Resource, &Grammar::simulated()).unwrap_err();
    assert_eq!(findings[0].code, "invalid_principal");
    // A trust policy stands in the place of a resource policy there.
    let trust = json!({ "Statement": trust() }).to_string();
    assert!(Document::parse(&trust, Kind::Resource, &Grammar::simulated()).is_ok());
}

#[test]
fn hints_lead_neither_to_the_opposite_nor_into_the_next_error() {
    let when = |operator: &str| json!({ "Effect": "Allow", "Action": "app:Read", "Resource": "*", "Condition": { operator: { "app:k": "a" } } });
    for (operator, opposite) in [
        ("StringMatches", true),
        ("StringEqualss", true),
        ("StringNotEqual", false),
        ("ForAnyValue:StringNotLikes", false),
    ] {
        let findings = refused(&document(&when(operator)), Kind::Identity);
        let hint = findings[0].hint.clone().unwrap_or_default();
        assert!(hint.contains("did you mean"), "{operator}: {hint}");
        assert_ne!(hint.contains("Not"), opposite, "{operator}: {hint}");
    }
    let trusted = json!({
        "Effect": "Allow", "Action": "sts:AssumeRole",
        "Principal": { "AWS": "arn:aws:iam::444455556666:role/*" },
    });
    one(
        &trusted,
        Kind::Trust,
        "invalid_principal",
        "/Principal/AWS",
        "name the account, and test aws:PrincipalArn",
    );
    let mut owned = trusted.clone();
    owned["Principal"]["AWS"] = json!("nobody");
    let findings = refused(&document(&owned), Kind::Trust);
    assert!(
        !findings[0].hint.as_deref().unwrap().contains('*'),
        "{findings:?}"
    );
    let named =
        json!({ "Effect": "Allow", "Principal": "*", "Action": "app:Read", "Resource": "*" });
    let findings = refused(&document(&named), Kind::Identity);
    assert_eq!(
        findings[0].message,
        "`Principal` is not allowed in an identity policy"
    );
    let comma = r#"{"Version":"2012-10-17" "Statement":[]}"#;
    assert!(
        refused(comma, Kind::Identity)[0]
            .message
            .starts_with("`\"` stands where"),
        "{comma}"
    );
}

#[test]
fn hints_for_what_people_write_at_first() {
    let hint = |text: &str| {
        let findings = refused(text, Kind::Identity);
        let hints: Vec<String> = findings
            .into_iter()
            .filter_map(|found| found.hint)
            .collect();
        hints.join("; ")
    };
    let when = |condition: Value| {
        document(
            &json!({ "Effect": "Allow", "Action": "app:Read", "Resource": "*", "Condition": condition }),
        )
    };
    let key_first = hint(&when(json!({ "aws:username": "mary" })));
    assert_eq!(
        key_first,
        r#"the operator comes first: {"StringEquals": {"aws:username": ...}}"#
    );
    let plural = hint(&when(
        json!({ "ForAnyValues:StringLike": { "app:k": "a" } }),
    ));
    assert_eq!(plural, "did you mean `ForAnyValue:StringLike`?");
    let bare = r#"{"Version":"2012-10-17","Effect":"Allow","Action":"app:Read","Resource":"*"}"#;
    assert!(
        hint(bare).contains("put what is here under `Statement`"),
        "{}",
        hint(bare)
    );
    let named = document(
        &json!({ "Effect": "Allow", "Principal": "*", "Action": "app:Read", "Resource": "*" }),
    );
    assert!(hint(&named).contains("trust policies of roles"));
    for comma in [
        r#"{"Version":"2012-10-17",}"#,
        r#"{"Version":["2012-10-17",]}"#,
    ] {
        let findings = refused(comma, Kind::Identity);
        assert!(
            findings[0].message.contains("remove the comma before it"),
            "{findings:?}"
        );
    }
}
