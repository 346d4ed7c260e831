use serde_json::{Value, json};

use super::*;

fn answered(case: &Value) -> Value {
    run(&json::parse(&case.to_string()).unwrap(), 7)
}

fn error(case: &Value) -> (String, String) {
    let answer = answered(case);
    let text = |name: &str| {
        answer["error"][name]
            .as_str()
            .unwrap_or_else(|| panic!("no error in {answer}"))
            .to_owned()
    };
    assert!(!text("message").is_empty());
    (text("code"), text("path"))
}

fn request(principal: &Value) -> Value {
    json!({ "request": { "principal": principal, "action": "s3:GetObject" } })
}

fn mary() -> Value {
    json!({
        "id": "mary-reads-a-bucket",
        "request": {
            "principal": "arn:aws:iam::111122223333:user/Mary",
            "action": "s3:GetObject",
            "resource": "arn:aws:s3:::reports/2026/q3.csv",
            "resource_account": "111122223333",
            "context": { "aws:SourceIp": "203.0.113.7", "aws:TagKeys": ["team", "stage"] },
        },
        "policies": {
            "identity": [{ "name": "AmazonS3ReadOnlyAccess", "document": {
                "Version": "2012-10-17",
                "Statement": [{ "Effect": "Allow", "Action": ["s3:Get*", "s3:List*"], "Resource": "*" }],
            } }],
            "resource": null,
            "rcp": null,
        },
    })
}

#[test]
fn the_answer_has_exactly_the_specified_members() {
    assert_eq!(
        answered(&mary()),
        json!({
            "id": "mary-reads-a-bucket",
            "decision": "allow",
            "layer": "identity",
            "matched": [{ "policy": "AmazonS3ReadOnlyAccess", "kind": "identity", "statement": 0, "sid": null, "effect": "Allow" }],
            "layers": { "identity": "allow", "resource": "none", "boundary": "none", "session": "none", "scp": "none", "rcp": "none" },
            "missing_context": [],
        })
    );
}

#[test]
fn the_members_go_out_in_the_order_people_read_them() {
    let line =
        serde_json::to_string(&answer(&json::parse(&mary().to_string()).unwrap(), 1)).unwrap();
    let places: Vec<usize> = [
        "\"id\"",
        "\"decision\"",
        "\"layer\"",
        "\"matched\"",
        "\"layers\"",
        "\"missing_context\"",
    ]
    .iter()
    .map(|member| line.find(member).unwrap())
    .collect();
    assert!(places.is_sorted(), "{line}");
}

#[test]
fn a_case_without_an_id_goes_by_its_line() {
    assert_eq!(answered(&request(&json!({ "anonymous": true })))["id"], 7);
    let mut numbered = request(&json!({ "anonymous": true }));
    numbered["id"] = json!(12);
    assert_eq!(answered(&numbered)["id"], 12);
}

#[test]
fn an_empty_boundary_allows_nothing_and_an_absent_one_is_none() {
    let mut case = mary();
    case["policies"]["boundary"] = json!([]);
    let answer = answered(&case);
    assert_eq!(
        (&answer["decision"], &answer["layer"]),
        (&json!("implicit_deny"), &json!("boundary"))
    );
    assert_eq!(answer["layers"]["boundary"], "no_match");
    case["policies"]["boundary"] = Value::Null;
    assert_eq!(answered(&case)["layers"]["boundary"], "none");
    case["policies"]["session"] = json!([]);
    assert_eq!(answered(&case)["layer"], "session");
}

#[test]
fn a_level_without_policies_allows_nothing() {
    let mut case = mary();
    case["policies"]["scp"] = json!([[]]);
    let answer = answered(&case);
    assert_eq!(
        (&answer["decision"], &answer["layer"]),
        (&json!("implicit_deny"), &json!("scp"))
    );
    case["policies"]["scp"] = json!([]);
    assert_eq!(answered(&case)["decision"], "allow");
    assert_eq!(answered(&case)["layers"]["scp"], "none");
}

#[test]
fn layers_that_do_not_bind_the_caller_say_none() {
    let mut case = mary();
    case["request"]["principal"] = json!("arn:aws:iam::111122223333:root");
    case["policies"]["identity"][0]["document"]["Statement"][0]["Effect"] = json!("Deny");
    case["policies"]["boundary"] = json!([]);
    let answer = answered(&case);
    assert_eq!(answer["decision"], "allow");
    assert_eq!(
        (&answer["layers"]["identity"], &answer["layers"]["boundary"]),
        (&json!("none"), &json!("none"))
    );
    case["request"]["principal"] = json!({ "service": "mail.example" });
    case["policies"]["scp"] = json!([[]]);
    let answer = answered(&case);
    assert_eq!(
        (&answer["decision"], &answer["layer"]),
        (&json!("implicit_deny"), &json!("resource"))
    );
    assert_eq!(answer["layers"]["scp"], "none");
}

#[test]
fn what_is_wrong_with_a_case_is_told_by_place() {
    let with = |pointer: &str, value: Value| {
        let mut case = mary();
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        case.pointer_mut(parent).unwrap()[name] = value;
        error(&case)
    };
    let wrong = |path: &str| ("invalid_parameter".to_owned(), path.to_owned());
    assert_eq!(with("/id", json!([])), wrong("/id"));
    assert_eq!(
        with("/request/principal", json!("nobody")),
        wrong("/request/principal")
    );
    assert_eq!(
        with(
            "/request/principal",
            json!("arn:aws:iam::111122223333:role/Dev")
        ),
        wrong("/request/principal")
    );
    assert_eq!(
        with(
            "/request/principal",
            json!("arn:aws:iam::111122223333:group/Dev")
        ),
        wrong("/request/principal")
    );
    assert_eq!(
        with(
            "/request/principal",
            json!("arn:aws:sts::111122223333:assumed-role/Dev")
        ),
        wrong("/request/principal")
    );
    assert_eq!(
        with(
            "/request/principal",
            json!("arn:aws:iam::111122223333:oidc-provider/x")
        ),
        wrong("/request/principal")
    );
    assert_eq!(
        with("/request/principal", json!({ "anonymous": false })),
        wrong("/request/principal")
    );
    assert_eq!(
        with("/request/role", json!("arn:aws:iam::111122223333:role/Dev")),
        wrong("/request/role")
    );
    assert_eq!(
        with("/request/action", json!("s3")),
        wrong("/request/action")
    );
    assert_eq!(
        with("/request/resource", json!("bucket")),
        wrong("/request/resource")
    );
    assert_eq!(
        with("/request/resource_account", json!("123")),
        wrong("/request/resource_account")
    );
    assert_eq!(
        with("/request/context", json!({ "a:b": null })),
        wrong("/request/context/a:b")
    );
    assert_eq!(
        with("/request/context", json!({ "a/b": [[1]] })),
        wrong("/request/context/a~1b/0")
    );
    assert_eq!(
        with("/policies/identity", json!({})),
        wrong("/policies/identity")
    );
    assert_eq!(with("/policies/scp", json!([{}])), wrong("/policies/scp/0"));
    assert_eq!(
        with("/policies/resource", json!([])),
        wrong("/policies/resource")
    );
    assert_eq!(
        with("/policies/identity/0/version", json!(1)),
        (
            "unknown_field".to_owned(),
            "/policies/identity/0/version".to_owned()
        )
    );
    assert_eq!(
        with("/expect", json!("allow")),
        ("unknown_field".to_owned(), "/expect".to_owned())
    );
    assert_eq!(
        with(
            "/request/context",
            json!({ "aws:userid": "1", "trilby:UserId": "2" })
        ),
        (
            "duplicate_field".to_owned(),
            "/request/context/trilby:UserId".to_owned()
        )
    );
    assert_eq!(error(&json!({ "request": {} })), wrong("/request/action"));
    assert_eq!(error(&json!([])), wrong(""));
}

#[test]
fn a_document_is_held_to_the_grammar_of_its_place() {
    let mut case = mary();
    case["policies"]["identity"][0]["document"]["Statement"][0]["Effect"] = json!("allow");
    assert_eq!(
        error(&case),
        (
            "invalid_policy".to_owned(),
            "/policies/identity/0/document/Statement/0/Effect".to_owned()
        )
    );
    let mut case = mary();
    case["policies"]["identity"][0]["document"]["Statement"][0]["Principal"] = json!("*");
    assert_eq!(error(&case).0, "invalid_policy");
    let mut case = mary();
    case["policies"]["identity"][0]["document"]
        .as_object_mut()
        .unwrap()
        .remove("Version");
    assert_eq!(
        answered(&case)["decision"],
        "allow",
        "an old version is accepted"
    );
}

#[test]
fn text_that_is_no_json_is_an_answer_too() {
    let told = serde_json::to_value(answer_text("{\"id\":1,", 3)).unwrap();
    assert_eq!(
        (&told["id"], &told["error"]["code"]),
        (&json!(3), &json!("invalid_json"))
    );
    let told = serde_json::to_value(answer_text("{\"id\":1,\"id\":2}", 3)).unwrap();
    assert_eq!(told["error"]["code"], "duplicate_field");
}

#[test]
fn a_role_with_a_path_is_given_beside_its_session() {
    let grant = |role: &str| json!({ "name": "r", "document": { "Version": "2012-10-17", "Statement": { "Effect": "Allow", "Principal": { "AWS": role }, "Action": "*" } } });
    let mut case = request(&json!("arn:aws:sts::111122223333:assumed-role/Dev/s1"));
    case["policies"] = json!({ "resource": grant("arn:aws:iam::111122223333:role/team/Dev") });
    assert_eq!(answered(&case)["decision"], "implicit_deny");
    case["request"]["role"] = json!("arn:aws:iam::111122223333:role/team/Dev");
    assert_eq!(answered(&case)["decision"], "allow");
    case["request"]["role"] = json!("arn:aws:iam::111122223333:role/team/Ops");
    assert_eq!(error(&case).1, "/request/role");
}

#[test]
fn numbers_keep_every_digit() {
    let mut case = mary();
    case["policies"]["identity"][0]["document"]["Statement"][0]["Condition"] =
        json!({ "NumericGreaterThan": { "app:n": "9007199254740992" } });
    let text = case.to_string().replace(
        r#""aws:SourceIp""#,
        r#""app:n":9007199254740993,"aws:SourceIp""#,
    );
    assert_eq!(run(&json::parse(&text).unwrap(), 1)["decision"], "allow");
}

#[test]
fn a_person_is_told_what_was_decided_and_why() {
    let mut case = mary();
    case["policies"]["identity"][0]["document"]["Statement"][0]["Condition"] =
        json!({ "StringEquals": { "app:team": "red" } });
    let text = explain_text(&json::parse(&case.to_string()).unwrap(), 1);
    assert_eq!(
        text,
        "mary-reads-a-bucket: implicit_deny\n  \
         user Mary may not s3:GetObject on arn:aws:s3:::reports/2026/q3.csv: no identity policy allows it\n  \
         layers: rcp none, scp none, identity no_match, resource none, boundary none, session none\n  \
         not matched: identity AmazonS3ReadOnlyAccess, statement 0, Allow, condition: StringEquals app:team wants [red], got nothing\n  \
         missing: app:team, and it could change the decision\n  \
         would allow: app:team = \"red\" in the context\n  \
         would allow: a statement in identity: {\"Action\":\"s3:GetObject\",\"Effect\":\"Allow\",\"Resource\":\"arn:aws:s3:::reports/2026/q3.csv\"}\n  \
         would allow: a statement in resource: {\"Action\":\"s3:GetObject\",\"Effect\":\"Allow\",\"Principal\":{\"AWS\":\"arn:aws:iam::111122223333:user/Mary\"},\"Resource\":\"arn:aws:s3:::reports/2026/q3.csv\"}\n"
    );
    let text = explain_text(&json::parse(r#"{"request":{}}"#).unwrap(), 4);
    assert!(
        text.starts_with("4: error\n  invalid_parameter at /request/action: "),
        "{text}"
    );
}

#[test]
fn a_key_larger_than_any_policy_needs_is_refused() {
    for (value, taken) in [
        (json!("x".repeat(32_768)), true),
        (json!("x".repeat(32_769)), false),
        (json!(vec!["x"; 1_000]), true),
        (json!(vec!["x"; 1_001]), false),
    ] {
        let mut case = mary();
        case["request"]["context"]["app:k"] = value;
        if taken {
            assert_eq!(answered(&case)["decision"], "allow");
        } else {
            let (code, path) = error(&case);
            assert_eq!(
                (code.as_str(), path.as_str()),
                ("invalid_parameter", "/request/context/app:k")
            );
        }
    }
}

#[test]
fn a_principal_goes_by_the_arn_it_is_given_root_and_user_alike() {
    for name in ["root", "user/Mary"] {
        for partition in ["aws", "trilby", "aws-cn"] {
            let arn = format!("arn:{partition}:iam::111122223333:{name}");
            let mut case = mary();
            case["request"]["principal"] = json!(arn);
            case["request"]["context"] = json!({ "app:owner": arn });
            case["policies"] = json!({ "scp": [[{ "document": {
                "Version": "2012-10-17",
                "Statement": [
                    { "Effect": "Allow", "Action": "*", "Resource": "*" },
                    {
                        "Effect": "Deny", "Action": "*", "Resource": "*",
                        "Condition": { "StringEquals": { "app:owner": "${aws:PrincipalArn}" } },
                    },
                ],
            } }]] });
            assert_eq!(answered(&case)["decision"], "explicit_deny", "{arn}");
        }
    }
}

#[test]
fn the_well_known_scp_against_root_users_binds_them_in_either_partition() {
    for (name, decision) in [("root", "explicit_deny"), ("user/Mary", "allow")] {
        for partition in ["aws", "trilby"] {
            let mut case = mary();
            case["request"]["principal"] =
                json!(format!("arn:{partition}:iam::111122223333:{name}"));
            case["policies"]["scp"] = json!([[{ "document": {
                "Version": "2012-10-17",
                "Statement": [
                    { "Effect": "Allow", "Action": "*", "Resource": "*" },
                    {
                        "Effect": "Deny", "Action": "*", "Resource": "*",
                        "Condition": { "StringLike": { "aws:PrincipalArn": "arn:aws:iam::*:root" } },
                    },
                ],
            } }]]);
            assert_eq!(answered(&case)["decision"], decision, "{partition} {name}");
        }
    }
}

#[test]
fn a_principal_is_somebody() {
    let run = |principal: &str, role: Option<&str>| {
        let mut request = json!({"principal": principal, "action": "app:Get", "resource": "*"});
        if let Some(role) = role {
            request["role"] = role.into();
        }
        let case = json!({"request": request, "policies": {}}).to_string();
        serde_json::to_value(answer_text(&case, 1)).unwrap()
    };
    let session = "arn:aws:sts::111122223333:assumed-role/Dev/x";
    for (principal, role) in [
        ("arn:aws:iam::111122223333:root", None),
        ("arn:aws:iam::111122223333:user/a/b/mary", None),
        ("arn:aws:sts::111122223333:federated-user/mary", None),
        (session, Some("arn:aws:iam::111122223333:role/team/Dev")),
    ] {
        assert!(
            run(principal, role).get("error").is_none(),
            "{principal} {role:?}"
        );
    }
    for (principal, role) in [
        ("arn:aws:iam::111122223333:root/", None),
        ("arn:aws:iam:eu:111122223333:root", None),
        ("arn:aws:iam::111122223333:user//mary", None),
        ("arn:aws:iam::111122223333:user/mary/", None),
        ("arn:aws:iam::111122223333:user/*", None),
        ("arn:aws:sts::111122223333:federated-user/a/b", None),
        (session, Some("arn:aws:iam::111122223333:role//Dev")),
        (session, Some("arn:aws:iam:eu:111122223333:role/Dev")),
    ] {
        let told = run(principal, role);
        let path = if role.is_some() {
            "/request/role"
        } else {
            "/request/principal"
        };
        assert_eq!(told["error"]["path"], path, "{principal} {role:?}: {told}");
    }
}

#[test]
fn what_people_read_has_a_line_for_each_thing() {
    let case = json!({
        "id": "one\nforged: allow\u{1b}[2K",
        "request": {"principal": "arn:aws:iam::111122223333:user/mary", "action": "app:Get", "resource": "*",
            "context": {"app:k": "x\n  matched: everything"}},
        "policies": {"identity": [{"name": "p\nq\u{202e}", "document": {"Version": "2012-10-17", "Statement": {
            "Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"StringEquals": {"app:k": "y"}}}}}]},
    });
    let told = explain_text(&json::parse(&case.to_string()).unwrap(), 1);
    assert!(told.contains("x\\n  matched: everything"), "{told}");
    assert!(
        told.starts_with("one\\nforged: allow\\u{1b}[2K: implicit_deny\n"),
        "{told}"
    );
    for line in told.lines() {
        assert!(!line.contains(['\u{1b}', '\u{202e}']), "{line:?}");
        assert!(
            !line.starts_with("forged") && !line.starts_with("q"),
            "{line:?}"
        );
    }
}
