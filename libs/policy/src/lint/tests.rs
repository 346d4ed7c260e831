use serde_json::{Value, json};

use super::*;
use crate::kind::Grammar;

fn read(statements: &Value, kind: Kind) -> Document {
    let document = json!({ "Version": "2012-10-17", "Statement": statements });
    Document::from_value(&document, kind, &Grammar::stored()).unwrap()
}

fn codes(statements: &Value, kind: Kind) -> Vec<(&'static str, String)> {
    lint(&read(statements, kind), kind)
        .into_iter()
        .map(|finding| {
            assert_eq!(finding.severity, Severity::Warning);
            assert!(crate::CODES.iter().any(|(code, _)| *code == finding.code));
            (finding.code, finding.pointer)
        })
        .collect()
}

fn one(statement: &Value, kind: Kind, code: &'static str, pointer: &str) {
    let pointer = format!("/Statement/0{pointer}");
    assert_eq!(
        codes(&json!([statement]), kind),
        [(code, pointer)],
        "{statement}"
    );
}

fn clean(statement: &Value, kind: Kind) {
    assert_eq!(codes(&json!([statement]), kind), [], "{statement}");
}

fn when(effect: &str, condition: Value) -> Value {
    json!({ "Effect": effect, "Action": "app:Read", "Resource": "*", "Condition": condition })
}

#[test]
fn an_ordinary_policy_is_clean() {
    clean(
        &json!({ "Effect": "Allow", "Action": ["s3:Get*", "s3:List*"], "Resource": "*" }),
        Kind::Identity,
    );
    clean(
        &json!({ "Effect": "Allow", "Action": "*", "Resource": "*" }),
        Kind::Identity,
    );
    clean(
        &when(
            "Deny",
            json!({"BoolIfExists": {"aws:MultiFactorAuthPresent": false}}),
        ),
        Kind::Identity,
    );
}

#[test]
fn wide_grants() {
    let everyone = json!({ "Effect": "Allow", "Principal": "*", "Action": "app:Read" });
    one(
        &everyone,
        Kind::Resource,
        "wildcard_principal",
        "/Principal",
    );
    let mut narrowed = everyone;
    narrowed["Condition"] = json!({"StringEquals": {"aws:PrincipalOrgID": "o-1"}});
    clean(&narrowed, Kind::Resource);
    one(
        &json!({ "Effect": "Allow", "NotAction": "iam:*", "Resource": "*" }),
        Kind::Identity,
        "not_action_allow",
        "/NotAction",
    );
    one(
        &json!({ "Effect": "Allow", "Action": "s3:*", "NotResource": "arn:aws:s3:::secret" }),
        Kind::Identity,
        "not_resource_allow",
        "/NotResource",
    );
    one(
        &json!({ "Effect": "Deny", "NotPrincipal": { "AWS": "111111111111" }, "Action": "*" }),
        Kind::Resource,
        "not_principal",
        "/NotPrincipal",
    );
}

#[test]
fn escalation() {
    for action in [
        "iam:*Policy*",
        "iam:PassRole",
        "sts:AssumeRole",
        "sts:*",
        "iam:Put*",
    ] {
        let statement = json!({ "Effect": "Allow", "Action": action, "Resource": "*" });
        one(
            &statement,
            Kind::Identity,
            "privilege_escalation",
            "/Action/0",
        );
        clean(&statement, Kind::Boundary);
    }
    clean(
        &json!({ "Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "arn:aws:iam::111111111111:role/Dev" }),
        Kind::Identity,
    );
}

#[test]
fn conditions_that_are_true_for_nothing() {
    let all = json!({"ForAllValues:StringEquals": {"aws:TagKeys": "team"}});
    let place = "/Condition/ForAllValues:StringEquals/aws:TagKeys";
    one(
        &when("Allow", all.clone()),
        Kind::Identity,
        "for_all_values_allow",
        place,
    );
    clean(&when("Deny", all.clone()), Kind::Identity);
    let mut guarded = all;
    guarded["Null"] = json!({"trilby:tagkeys": "false"});
    clean(&when("Allow", guarded), Kind::Identity);

    let not = json!({"StringNotEquals": {"app:k": "a"}});
    one(
        &when("Allow", not.clone()),
        Kind::Identity,
        "negated_operator_allow",
        "/Condition/StringNotEquals/app:k",
    );
    clean(&when("Deny", not), Kind::Identity);
}

#[test]
fn a_test_that_needs_the_key_guards_the_others() {
    for (guard, guards) in [
        (json!({"Null": {"app:k": "false"}}), true),
        (json!({"StringLike": {"APP:K": "a*"}}), true),
        (json!({"ForAnyValue:StringNotLike": {"app:k": "z*"}}), true),
        (json!({"Null": {"app:k": ["true", "false"]}}), false),
        (json!({"StringLikeIfExists": {"app:k": "a*"}}), false),
        (json!({"StringLike": {"app:other": "a*"}}), false),
    ] {
        let mut condition = guard.clone();
        condition["StringNotEquals"] = json!({"app:k": "ab"});
        let found = codes(&json!([when("Allow", condition)]), Kind::Identity);
        let negated = found
            .iter()
            .any(|(code, _)| *code == "negated_operator_allow");
        assert_eq!(negated, !guards, "{guard}");
    }
}

#[test]
fn variables_that_never_resolve() {
    for (resource, code) in [
        ("arn:aws:s3:::b/${aws:TagKeys}", "multivalued_variable"),
        ("arn:aws:s3:::b/${aws:usernam}", "unknown_condition_key"),
        (
            "arn:aws:s3:::b/${aws:usernam, 'x'}",
            "unknown_condition_key",
        ),
    ] {
        let statement = json!({ "Effect": "Allow", "Action": "app:Read", "Resource": ["arn:aws:s3:::a", resource] });
        one(&statement, Kind::Identity, code, "/Resource/1");
    }
    one(
        &when(
            "Deny",
            json!({"StringLike": {"app:k": "${aws:PrincipalTg/x}*"}}),
        ),
        Kind::Identity,
        "unknown_condition_key",
        "/Condition/StringLike/app:k",
    );
    let known = [
        "aws:username",
        "trilby:FederatedSubject",
        "app:anything",
        "aws:PrincipalTag/x",
    ];
    for key in known {
        let resource = format!("arn:aws:s3:::b/${{{key}}}");
        let statement = json!({ "Effect": "Allow", "Action": "app:Read", "Resource": resource });
        clean(&statement, Kind::Identity);
    }
}

#[test]
fn single_conditions() {
    for (effect, condition, code, pointer) in [
        (
            "Deny",
            json!({"Bool": {"aws:MultiFactorAuthPresent": "false"}}),
            "mfa_absent_not_denied",
            "/Condition/Bool/aws:MultiFactorAuthPresent",
        ),
        (
            "Deny",
            json!({"ForAnyValue:StringEquals": {"aws:username": "a"}}),
            "set_operator_on_single_value",
            "/Condition/ForAnyValue:StringEquals/aws:username",
        ),
        (
            "Allow",
            json!({"IpAddress": {"aws:SourceIp": ["203.0.113.0/24", "10.1.0.0/16"]}}),
            "private_address",
            "/Condition/IpAddress/aws:SourceIp/1",
        ),
        (
            "Allow",
            json!({"StringLike": {"aws:Referer": "https://a/*"}}),
            "spoofable_key_allow",
            "/Condition/StringLike/aws:Referer",
        ),
        (
            "Deny",
            json!({"StringEquals": {"aws:SourceIp": "203.0.113.7"}}),
            "operator_type",
            "/Condition/StringEquals/aws:SourceIp",
        ),
        (
            "Deny",
            json!({"StringEquals": {"aws:PrincipalOrgId2": "o-1"}}),
            "unknown_condition_key",
            "/Condition/StringEquals/aws:PrincipalOrgId2",
        ),
        (
            "Deny",
            json!({"StringEquals": {"app:k": "${aws:TagKeys}"}}),
            "multivalued_variable",
            "/Condition/StringEquals/app:k",
        ),
    ] {
        one(&when(effect, condition), Kind::Identity, code, pointer);
    }
}

#[test]
fn statements_that_say_nothing_new() {
    let allow = |action: &str| json!({ "Effect": "Allow", "Action": action, "Resource": "*" });
    let deny = |action: &str| json!({ "Effect": "Deny", "Action": action, "Resource": "*" });
    assert_eq!(
        codes(&json!([allow("s3:Get*"), allow("S3:get*")]), Kind::Identity),
        [("duplicate_statement", "/Statement/1".to_owned())]
    );
    assert_eq!(
        codes(
            &json!([allow("s3:GetObject"), allow("s3:*")]),
            Kind::Identity
        ),
        [("shadowed_statement", "/Statement/0".to_owned())]
    );
    assert_eq!(
        codes(
            &json!([allow("s3:GetObject"), deny("s3:*")]),
            Kind::Identity
        ),
        [("unreachable_allow", "/Statement/0".to_owned())]
    );
    assert_eq!(
        codes(
            &json!([allow("s3:*"), deny("s3:GetObject")]),
            Kind::Identity
        ),
        []
    );
    let mut conditional = deny("s3:*");
    conditional["Condition"] = json!({"Bool": {"aws:SecureTransport": false}});
    assert_eq!(
        codes(&json!([allow("s3:GetObject"), conditional]), Kind::Identity),
        []
    );
    assert_eq!(
        codes(
            &json!([{ "Effect": "Allow", "Action": ["s3:Get*", "s3:GetObject"],
                "Resource": ["arn:aws:s3:::b/x", "arn:trilby:s3:::b/*"] }]),
            Kind::Identity
        ),
        [
            ("redundant_pattern", "/Statement/0/Action/1".to_owned()),
            ("redundant_pattern", "/Statement/0/Resource/0".to_owned()),
        ]
    );
}

/// Such a statement does not apply at all while the variable is null, and so says more than what covers it.
#[test]
fn a_variable_left_out_of_an_allow_is_not_covered() {
    let wide = "arn:aws:app:::x/*";
    let narrow = "arn:aws:app:::x/${aws:username}";
    let but = |effect: &str, names: Value| json!({ "Effect": effect, "Action": "app:Get", "NotResource": names });
    assert_eq!(
        codes(
            &json!([but("Allow", json!([wide, narrow]))]),
            Kind::Identity
        ),
        [("not_resource_allow", "/Statement/0/NotResource".to_owned()),]
    );
    assert_eq!(
        codes(&json!([but("Deny", json!([wide, narrow]))]), Kind::Identity),
        [("redundant_pattern", "/Statement/0/NotResource/1".to_owned()),]
    );
    let two = json!([but("Allow", json!([wide])), but("Allow", json!([narrow]))]);
    let found = codes(&two, Kind::Identity);
    assert!(
        found.iter().all(|(code, _)| *code == "not_resource_allow"),
        "{found:?}"
    );
    let two = json!([but("Deny", json!([wide])), but("Deny", json!([narrow]))]);
    assert_eq!(
        codes(&two, Kind::Identity),
        [("shadowed_statement", "/Statement/0".to_owned()),]
    );
}

#[test]
fn old_documents() {
    let document = Document::from_value(
        &json!({ "Statement": { "Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::${aws:username}" } }),
        Kind::Identity,
        &Grammar::trusted(),
    )
    .unwrap();
    let codes: Vec<&str> = lint(&document, Kind::Identity)
        .iter()
        .map(|f| f.code)
        .collect();
    assert_eq!(codes, ["old_version", "literal_variable"]);
}

#[test]
fn principals_that_are_gone() {
    let id = format!("TROL{}", "0".repeat(17));
    one(
        &json!({ "Effect": "Allow", "Principal": { "AWS": ["111111111111", id] }, "Action": "*" }),
        Kind::Resource,
        "dangling_principal",
        "/Principal/AWS/1",
    );
}

#[test]
fn open_trust_is_an_error() {
    let document = read(
        &json!([{ "Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole" }]),
        Kind::Resource,
    );
    let findings = lint(&document, Kind::Trust);
    assert_eq!(findings[0].code, "weak_trust_policy");
    assert_eq!(findings[0].severity, Severity::Error);
}

#[test]
fn resources_of_someone_else() {
    let bucket: Arn = "arn:aws:s3:::reports".parse().unwrap();
    let document = read(
        &json!([{ "Effect": "Allow", "Principal": { "AWS": "111111111111" }, "Action": "s3:*", "Resource": [
            "arn:aws:s3:::reports",
            "arn:trilby:s3:::reports/*",
            "arn:aws:s3:::reports/${aws:username}",
            "*",
            "arn:aws:s3:::rep*",
            "arn:aws:s3:::reports-old",
            "arn:aws:s3:::reports-old/*",
            "arn:aws:sqs:::reports/x"
        ] }]),
        Kind::Resource,
    );
    let pointers: Vec<String> = lint_attached(&document, &bucket)
        .into_iter()
        .map(|f| f.pointer)
        .collect();
    assert_eq!(
        pointers,
        [5, 6, 7].map(|i| format!("/Statement/0/Resource/{i}"))
    );
}

#[test]
fn what_the_catalogue_does_not_know() {
    let mut catalogue = Catalogue::new();
    let operations = ["Read", "Write"].map(str::to_owned);
    catalogue.add("Docs", operations, ["docs:Owner".to_owned()]);
    let document = read(
        &json!([{
            "Effect": "Allow", "Resource": "*",
            "Action": ["docs:reed", "docs:R*", "docs:Delete*", "other:Thing", "*"],
            "Condition": { "StringEquals": { "docs:owner": "a", "docs:Ownr": "b", "other:k": "c" } }
        }]),
        Kind::Identity,
    );
    let findings = lint_catalogue(&document, &catalogue);
    let found: Vec<(&str, &str)> = findings
        .iter()
        .map(|f| (f.code, f.pointer.as_str()))
        .collect();
    assert_eq!(
        found,
        [
            ("unknown_action", "/Statement/0/Action/0"),
            ("unknown_action", "/Statement/0/Action/2"),
            (
                "unknown_condition_key",
                "/Statement/0/Condition/StringEquals/docs:Ownr"
            ),
        ]
    );
    assert_eq!(
        findings[0].hint.as_deref(),
        Some("did you mean `docs:Read`?")
    );
    assert_eq!(
        findings[2].hint.as_deref(),
        Some("did you mean `docs:Owner`?")
    );
}

#[test]
fn findings_can_be_placed_in_the_text() {
    let text = "{\"Version\": \"2012-10-17\",\n \"Statement\": {\n  \"Effect\": \"Allow\", \"Action\": \"sts:*\",\n  \"Resource\": \"*\"}}";
    let node = trilby_model::json::parse(text).unwrap();
    let document = Document::from_node(&node, Kind::Identity, &Grammar::stored()).unwrap();
    let findings = lint(&document, Kind::Identity);
    assert_eq!(findings[0].pointer, "/Statement/0/Action/0");
    let placed = findings[0].clone().located_in(&node);
    assert_eq!(placed.pointer, "/Statement/Action");
    assert_eq!((placed.line, placed.column), (3, 32));
}

/// Messages and hints of a statement's only finding.
fn told(statement: &Value, kind: Kind) -> (String, Option<String>) {
    let mut found = lint(&read(&json!([statement]), kind), kind);
    assert_eq!(found.len(), 1, "{found:?}");
    let found = found.swap_remove(0);
    (found.message, found.hint)
}

#[test]
fn actions_of_the_service_that_do_not_exist() {
    let acting =
        |element: &str, action: &str| json!({ "Effect": "Deny", element: action, "Resource": "*" });
    for action in [
        "iam:CreateUsr",
        "sts:assumerol",
        "trilby:Evaluat?y",
        "iam:List*Instance*",
    ] {
        one(
            &acting("Action", action),
            Kind::Identity,
            "unknown_action",
            "/Action/0",
        );
        one(
            &acting("Action", action),
            Kind::Scp,
            "unknown_action",
            "/Action/0",
        );
    }
    one(
        &acting("NotAction", "iam:CreateUsr"),
        Kind::Identity,
        "unknown_action",
        "/NotAction/0",
    );
    for action in [
        "iam:createuser",
        "iam:*",
        "IAM:Create*",
        "*",
        "*:*",
        "s3:Whatever",
        "sts:TagSession",
    ] {
        clean(&acting("Action", action), Kind::Identity);
    }
    let (_, hint) = told(&acting("Action", "iam:CreateUsr"), Kind::Identity);
    assert_eq!(hint.as_deref(), Some("did you mean `iam:CreateUser`?"));
}

#[test]
fn keys_that_no_request_carries_yet() {
    let code = "key_never_sent";
    let through = json!({ "Bool": { "aws:ViaAWSService": false } });
    one(
        &when("Deny", through.clone()),
        Kind::Identity,
        code,
        "/Condition/Bool/aws:ViaAWSService",
    );
    one(
        &when("Allow", through.clone()),
        Kind::Identity,
        code,
        "/Condition/Bool/aws:ViaAWSService",
    );
    let (message, hint) = told(&when("Deny", through), Kind::Identity);
    assert_eq!(
        message,
        "no request carries `aws:ViaAWSService`, so that this Deny never applies"
    );
    assert_eq!(
        hint.as_deref(),
        Some("write BoolIfExists, or leave the test out")
    );
    // The hint works.
    clean(
        &when(
            "Deny",
            json!({ "BoolIfExists": { "aws:ViaAWSService": false } }),
        ),
        Kind::Identity,
    );
    let region = json!({ "StringNotEquals": { "trilby:RequestedRegion": "eu" } });
    one(
        &when("Deny", region.clone()),
        Kind::Scp,
        code,
        "/Condition/StringNotEquals/trilby:RequestedRegion",
    );
    let (message, hint) = told(&when("Deny", region), Kind::Scp);
    assert_eq!(
        message,
        "no request carries `trilby:RequestedRegion`, so that this test always holds"
    );
    assert!(
        hint.unwrap()
            .contains("\"Null\": {\"trilby:RequestedRegion\": \"false\"}")
    );
    clean(
        &when(
            "Deny",
            json!({
                "StringNotEquals": { "aws:RequestedRegion": "eu" }, "Null": { "aws:RequestedRegion": "false" },
            }),
        ),
        Kind::Scp,
    );
    clean(
        &when(
            "Deny",
            json!({ "IpAddress": { "aws:SourceIp": "203.0.113.0/24" } }),
        ),
        Kind::Identity,
    );
    clean(
        &when(
            "Deny",
            json!({ "StringEquals": { "aws:ResourceTag/stage": "prod" } }),
        ),
        Kind::Identity,
    );
    // A second factor's age is absent without one.
    let age = |operator: &str| {
        when(
            "Deny",
            json!({ operator: { "aws:MultiFactorAuthAge": 3600 } }),
        )
    };
    one(
        &age("NumericGreaterThan"),
        Kind::Identity,
        "mfa_absent_not_denied",
        "/Condition/NumericGreaterThan/aws:MultiFactorAuthAge",
    );
    clean(&age("NumericGreaterThanIfExists"), Kind::Identity);
    clean(&age("NumericLessThan"), Kind::Identity);
}

#[test]
fn hints_name_what_may_have_been_meant_and_nothing_else() {
    let (message, hint) = told(
        &when("Deny", json!({ "StringEquals": { "aws:SourceVpce": "v" } })),
        Kind::Identity,
    );
    assert_eq!(
        message,
        "AWS has `aws:SourceVpce`, Trilby does not: no request carries it"
    );
    assert_eq!(hint, None);
    let (_, hint) = told(
        &when(
            "Deny",
            json!({ "StringNotEquals": { "aws:SourceIp": "203.0.113.1" } }),
        ),
        Kind::Identity,
    );
    assert_eq!(hint.as_deref(), Some("use NotIpAddress"));
    let (message, _) = told(
        &json!({ "Effect": "Allow", "Action": "iam:PassRole", "Resource": "*" }),
        Kind::Identity,
    );
    assert_eq!(
        message,
        "by `iam:PassRole` on every resource a principal can raise its own rights"
    );
}

#[test]
fn a_star_that_is_no_wildcard() {
    for operator in [
        "StringEquals",
        "StringNotEqualsIfExists",
        "ForAnyValue:StringEqualsIgnoreCase",
    ] {
        let statement = when(
            "Deny",
            json!({ operator: { "app:k": ["a", "repo:octo-org/*"] } }),
        );
        one(
            &statement,
            Kind::Identity,
            "literal_star",
            &format!("/Condition/{operator}/app:k/1"),
        );
    }
    let (_, hint) = told(
        &when("Deny", json!({ "StringNotEquals": { "app:k": "a*" } })),
        Kind::Identity,
    );
    assert_eq!(
        hint.as_deref(),
        Some("use StringNotLike, or write `${*}` if a star is meant")
    );
    clean(
        &when("Deny", json!({ "StringEquals": { "app:k": "a${*}b" } })),
        Kind::Identity,
    );
    clean(
        &when("Deny", json!({ "StringLike": { "app:k": "a*" } })),
        Kind::Identity,
    );
    clean(
        &when("Deny", json!({ "StringEquals": { "app:k": "what?" } })),
        Kind::Identity,
    );
}
