use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value, json};
use trilby_policy::{ContextValue, Document, Grammar, Kind};

use super::*;
use crate::compiled::{CompiledPolicy, Resolution};
use crate::evaluate::covers_resource;
use crate::filter::{Beginnings, Filter};
use crate::layer::LayerKind;
use crate::principal::Principal;
use crate::ready::Ready;
use crate::request::Request;

/// What a statement comes to: whether it is about the request, whether its tests hold, and the keys it fails for alone.
#[derive(Debug, PartialEq)]
struct Came {
    covers: bool,
    holds: bool,
    lacking: Vec<String>,
}

fn by_document(document: &Document, request: &Request) -> Vec<Came> {
    let each = document.statements.iter().map(|statement| {
        let outcome = statement.condition.evaluate(&request.context);
        Came {
            covers: statement.action.covers(&request.action)
                && covers_resource(statement, request, &request.context),
            holds: outcome.holds,
            lacking: if outcome.failed_for_missing_keys_alone() {
                outcome.missing
            } else {
                Vec::new()
            },
        }
    });
    each.collect()
}

fn by_code(document: &Document, text: &str, request: &Request) -> Vec<Came> {
    let code = Code::of(document, text).unwrap();
    let ready = Ready::told(request.clone());
    let view = View::of(&ready);
    let each = (0..code.count()).map(|index| {
        let mut clause = code.clause(text, index).unwrap();
        assert_eq!(clause.effect(), document.statements[index].effect);
        let covers = clause.covers(&view).unwrap();
        // Where the listed resources are not read, the tests are not either.
        let mut at_tests = code.clause(text, index).unwrap();
        if !at_tests.has(flag::ANY_ACTION) {
            at_tests.rest.block().unwrap();
        }
        if !at_tests.has(flag::ANY_RESOURCE) {
            at_tests.rest.block().unwrap();
        }
        let held = at_tests.hold(&view).unwrap();
        let holds = matches!(held, Held::All);
        if covers {
            let again = clause.hold(&view).unwrap();
            assert_eq!(matches!(again, Held::All), holds);
        }
        let mut lacking: Vec<String> = Vec::new();
        let mut known: Vec<String> = Vec::new();
        at_tests.each_lacking(&held, &view, |written, normal| {
            if !known.iter().any(|known| known == normal) {
                known.push(normal.to_owned());
                lacking.push(written.to_owned());
            }
        });
        Came {
            covers,
            holds,
            lacking: if holds { Vec::new() } else { lacking },
        }
    });
    each.collect()
}

/// Both forms come to the same, with texts shared and copied; and the filter lets everything through that is covered.
fn agree(document: &Value, request: &Request) {
    let text = document.to_string();
    let parsed = Document::parse(&text, Kind::Identity, &Grammar::trusted())
        .unwrap_or_else(|findings| panic!("{findings:?} in {text}"));
    let wanted = by_document(&parsed, request);
    assert_eq!(
        wanted,
        by_code(&parsed, &text, request),
        "{text} {request:?}"
    );
    assert_eq!(wanted, by_code(&parsed, "", request), "{text} {request:?}");

    let policy = CompiledPolicy::new("p", LayerKind::Identity, parsed, &Resolution::ByName);
    let filter = Filter::of_each([&policy, &policy]);
    let rest = request.resource.arn().map(crate::ready::rest_of);
    let beginnings = Beginnings::of(request.action.key(), &rest.unwrap_or_default());
    let told: Vec<_> = filter
        .candidates(&beginnings)
        .map(|told| (told.policy, told.statement))
        .collect();
    assert!(told.is_sorted(), "{told:?}");
    for (index, came) in wanted.iter().enumerate() {
        if came.covers {
            assert!(
                told.contains(&(0, index)) && told.contains(&(1, index)),
                "{text} {request:?}"
            );
        }
    }
}

fn request(action: &str, resource: &str, context: &[(&str, ContextValue)]) -> Request {
    let mut request = Request::new(
        Principal::Anonymous,
        action.parse().unwrap(),
        resource.parse::<crate::request::Resource>().unwrap(),
    );
    for (key, value) in context {
        request.context.insert(key, value.clone());
    }
    request
}

fn pieces(from: &'static [&'static str]) -> impl Strategy<Value = String> {
    prop::collection::vec(select(from), 0..6).prop_map(|pieces| pieces.concat())
}

fn text() -> impl Strategy<Value = String> {
    pieces(&["a", "b", "/", ":", "é", "*", "ab", "日"])
}

fn pattern() -> impl Strategy<Value = String> {
    pieces(&[
        "a",
        "b",
        "/",
        ":",
        "é",
        "*",
        "?",
        "ab",
        "${app:k}",
        "${APP:K, 'ab'}",
        "${app:l}",
        "${*}",
        "${$}",
        "日",
        "${aws:PrincipalTag/Team}",
    ])
}

fn actions() -> impl Strategy<Value = Value> {
    let one = select(
        &[
            "*",
            "*:*",
            "app:Read",
            "APP:re*",
            "app:*",
            "app:R?ad",
            "app:*d",
            "app:*e*d",
            "other:*",
            "other:Read",
        ][..],
    );
    prop::collection::vec(one, 1..4).prop_map(|all| json!(all))
}

fn name() -> impl Strategy<Value = String> {
    let part = |of: &'static [&'static str]| select(of);
    let parts = (
        part(&["aws", "trilby", "aws-cn"]),
        part(&["app", "other"]),
        part(&["", "eu", "*", "e?"]),
        part(&["111111111111", "", "*", "1*"]),
        pattern(),
    );
    let six = parts.prop_map(|(partition, service, region, account, resource)| {
        let resource = if resource.is_empty() {
            "*".to_owned()
        } else {
            resource
        };
        format!("arn:{partition}:{service}:{region}:{account}:{resource}")
    });
    prop_oneof![1 => Just("*".to_owned()), 9 => six]
}

fn arn() -> impl Strategy<Value = String> {
    let parts = (
        select(&["aws", "trilby", "aws-cn", "aws-us"][..]),
        select(&["app", "other"][..]),
        select(&["", "eu"][..]),
        select(&["111111111111", ""][..]),
        text(),
    );
    let six = parts.prop_map(|(partition, service, region, account, resource)| {
        format!("arn:{partition}:{service}:{region}:{account}:{resource}")
    });
    prop_oneof![1 => Just("*".to_owned()), 9 => six]
}

fn values(operator: &str) -> BoxedStrategy<Value> {
    let of = |texts: &'static [&'static str]| {
        prop::collection::vec(select(texts), 1..4)
            .prop_map(|all| json!(all))
            .boxed()
    };
    if operator.contains("Numeric") {
        of(&["1", "1.0", "-2", "9007199254740993", "1e3"])
    } else if operator.contains("Date") {
        of(&[
            "2026-01-01",
            "1767225600",
            "2026-01-01T00:00:00.5Z",
            "2027-01-01T01:00:00+02:00",
        ])
    } else if operator.contains("Bool") {
        of(&["true", "FALSE", "${app:k}", "${app:none, 'true'}"])
    } else if operator.contains("Binary") {
        of(&["YWI=", "YQ==", ""])
    } else if operator.contains("Ip") {
        of(&[
            "10.0.0.0/8",
            "0.0.0.0/0",
            "10.1.2.3",
            "2001:db8::/32",
            "::/0",
            "2001:db8::1/128",
        ])
    } else if operator.contains("Null") {
        of(&["true", "False"])
    } else if operator.contains("Arn") {
        prop::collection::vec(
            prop_oneof![
                name(),
                Just("${app:k}".to_owned()),
                Just("${app:n, 'arn:aws:app:::a'}".to_owned())
            ],
            1..3,
        )
        .prop_map(|all| json!(all))
        .boxed()
    } else {
        prop::collection::vec(pattern(), 1..3)
            .prop_map(|all| json!(all))
            .boxed()
    }
}

fn condition() -> impl Strategy<Value = Value> {
    let base = select(
        &[
            "StringEquals",
            "StringNotEquals",
            "StringEqualsIgnoreCase",
            "StringNotEqualsIgnoreCase",
            "StringLike",
            "StringNotLike",
            "NumericEquals",
            "NumericNotEquals",
            "NumericLessThan",
            "NumericGreaterThanEquals",
            "DateEquals",
            "DateLessThanEquals",
            "DateGreaterThan",
            "Bool",
            "BinaryEquals",
            "IpAddress",
            "NotIpAddress",
            "ArnLike",
            "ArnNotEquals",
        ][..],
    );
    let forms = (
        select(&["", "", "ForAllValues:", "ForAnyValue:"][..]),
        base,
        select(&["", "", "IfExists"][..]),
    );
    let operator = prop_oneof![
        9 => forms.prop_map(|(set, base, if_exists)| format!("{set}{base}{if_exists}")),
        1 => Just("Null".to_owned()),
    ];
    let key = select(
        &[
            "app:k",
            "App:K",
            "app:l",
            "app:none",
            "aws:PrincipalTag/Team",
            "trilby:SourceIp",
            "aws:CurrentTime",
            "app:n",
            "aws:PrincipalOrgPaths",
            "aws:ResourceTag/x",
            "aws:SourceArn",
            "trilby:sourcearn",
        ][..],
    );
    let test = operator.prop_flat_map(move |operator| {
        let values = values(&operator);
        (Just(operator), key.clone(), values)
    });
    prop::collection::vec(test, 0..3).prop_map(|tests| {
        let mut block = Map::new();
        for (operator, key, values) in tests {
            let keys = block.entry(operator).or_insert_with(|| json!({}));
            let known = keys
                .as_object()
                .unwrap()
                .keys()
                .any(|known| known.eq_ignore_ascii_case(key));
            if !known {
                keys[key] = values;
            }
        }
        Value::Object(block)
    })
}

fn document() -> impl Strategy<Value = Value> {
    let statement = (
        prop::bool::ANY,
        prop::bool::weighted(0.2),
        actions(),
        prop::bool::weighted(0.3),
        prop::collection::vec(name(), 1..4),
        condition(),
    )
        .prop_map(|(deny, not_action, actions, not_resource, names, condition)| {
            let mut statement = json!({ "Effect": if deny { "Deny" } else { "Allow" }, "Condition": condition });
            statement[if not_action { "NotAction" } else { "Action" }] = actions;
            statement[if not_resource { "NotResource" } else { "Resource" }] = json!(names);
            statement
        });
    (
        select(&["2012-10-17", "2012-10-17", "2008-10-17"][..]),
        prop::collection::vec(statement, 1..4),
    )
        .prop_map(|(version, statements)| json!({ "Version": version, "Statement": statements }))
}

fn told() -> impl Strategy<Value = ContextValue> {
    let scalar = prop_oneof![
        text(),
        arn(),
        select(
            &[
                "true",
                "False",
                "1",
                "1.00",
                "-2.5",
                "9007199254740992",
                "10.1.2.3",
                "2001:db8::1",
                "::1",
                "fe80::2",
                "2026-01-01T00:00:00Z",
                "1767225600",
                "YWI=",
                "YWJ=",
                "",
                "AB",
            ][..]
        )
        .prop_map(str::to_owned),
    ];
    prop_oneof![
        4 => scalar.clone().prop_map(ContextValue::Scalar),
        1 => prop::collection::vec(scalar, 0..3).prop_map(ContextValue::List),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn code_comes_to_what_the_document_comes_to(
        document in document(),
        action in select(&["app:Read", "APP:READ", "app:rexd", "other:Read", "third:Read"][..]),
        resource in arn(),
        context in prop::collection::vec(
            (select(&["app:k", "app:l", "app:n", "aws:PrincipalTag/team", "aws:SourceIp", "aws:CurrentTime", "aws:ResourceTag/X", "aws:SourceArn"][..]), told()),
            0..6,
        ),
    ) {
        // Some random patterns are no patterns: a variable's text may not close.
        let text = document.to_string();
        if Document::parse(&text, Kind::Identity, &Grammar::trusted()).is_ok() {
            agree(&document, &request(action, &resource, &context));
        }
    }
}

/// Texts that begin as ARNs of either partition do, and texts that nearly do.
const ARN_TEXTS: [&str; 9] = [
    "arn:aws:app:::a",
    "arn:trilby:app:::a",
    "arn:trilby:app:::aws:b",
    "arn:aws:",
    "arn:trilby",
    "ARN:AWS:APP:::A",
    "arn:aws-cn:app:::a",
    "aws:app",
    "",
];

proptest! {
    #[test]
    fn arns_compared_as_texts_come_to_the_same_in_code(
        set in select(&["", "ForAllValues:", "ForAnyValue:"][..]),
        base in select(&[
            "StringEquals", "StringNotEquals", "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase", "StringLike",
            "StringNotLike",
        ][..]),
        key in select(&["aws:SourceArn", "trilby:PrincipalArn", "app:k", "aws:FederatedProvider"][..]),
        wanted in prop::collection::vec(
            prop_oneof![
                select(&ARN_TEXTS[..]),
                select(&[
                    "arn:aws:*", "arn:*:app:::a", "*:aws:*", "*aws*a", "arn:tr?lby:app*", "${app:l}", "${app:l}:::a",
                    "${app:l, 'arn:aws:app'}*", "${*}",
                ][..]),
            ],
            1..3,
        ),
        value in prop_oneof![
            9 => select(&ARN_TEXTS[..]).prop_map(ContextValue::from),
            1 => prop::collection::vec(select(&ARN_TEXTS[..]).prop_map(str::to_owned), 0..3).prop_map(ContextValue::List),
        ],
        brought in select(&["arn:aws:app", "arn:trilby:app", "arn:aws:app:::a"][..]),
    ) {
        let statement = json!({
            "Effect": "Allow", "Action": "*", "Resource": "*", "Condition": { format!("{set}{base}"): { key: wanted } },
        });
        let document = json!({ "Version": "2012-10-17", "Statement": [statement] });
        let told = [(key, value), ("app:l", brought.into())];
        agree(&document, &request("app:Read", "*", &told));
    }
}

fn of(pieces: &'static [&'static str], most: usize) -> impl Strategy<Value = String> {
    prop::collection::vec(select(pieces), 0..most).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn variables_behind_stars_come_to_the_same_in_code(
        pattern in of(&["*", "*", "a", "?", "${app:k}", "${app:k}", "${app:l}", "${app:n, 'ab'}"], 14),
        value in of(&["a", "b", "ab"], 10),
        (k, l) in (of(&["a", "b"], 3), of(&["a", "b"], 3)),
    ) {
        let statement = json!({
            "Effect": "Allow", "Action": "*", "Resource": "*", "Condition": { "StringLike": { "app:text": pattern } },
        });
        let document = json!({ "Version": "2012-10-17", "Statement": [statement] });
        let told = [("app:text", value.into()), ("app:k", k.into()), ("app:l", l.into())];
        agree(&document, &request("app:Read", "*", &told));
    }

    #[test]
    fn texts_without_case_come_to_the_same_in_code(
        wanted in prop::collection::vec(of(&["k", "K", "\u{212a}", "\u{e9}", "\u{c9}", "\u{130}", "\u{3a3}", "\u{3c2}", "\u{3c3}"], 3), 1..4),
        value in of(&["k", "K", "\u{212a}", "\u{e9}", "\u{c9}", "i\u{307}", "\u{3a3}", "\u{3c2}", "\u{3c3}"], 3),
    ) {
        let statement = json!({
            "Effect": "Allow", "Action": "*", "Resource": "*", "Condition": { "StringEqualsIgnoreCase": { "app:text": wanted } },
        });
        let document = json!({ "Version": "2012-10-17", "Statement": [statement] });
        agree(&document, &request("app:Read", "*", &[("app:text", value.into())]));
    }
}

#[test]
fn texts_of_the_document_are_not_copied() {
    let text = r#"{"Version":"2012-10-17","Statement":[{"Action":["documents:ReadEverything"],"Effect":"Allow","Resource":["arn:trilby:documents::111111111111:folder/reports/*"]}]}"#;
    let document = Document::parse(text, Kind::Identity, &Grammar::stored()).unwrap();
    let (shared, copied) = (
        Code::of(&document, text).unwrap(),
        Code::of(&document, "").unwrap(),
    );
    assert!(
        shared.bytes.len() < 30 && copied.bytes.len() > 70,
        "{} {}",
        shared.bytes.len(),
        copied.bytes.len()
    );
}

#[test]
fn bytes_that_cannot_be_read_are_no_answer() {
    let text = r#"{"Version":"2012-10-17","Statement":[{"Action":["app:Read"],"Effect":"Allow","Resource":["arn:aws:app:::a"],"Condition":{"StringEquals":{"app:k":"abcdef"}}}]}"#;
    let document = Document::parse(text, Kind::Identity, &Grammar::stored()).unwrap();
    let whole = Code::of(&document, text).unwrap();
    let request = request("app:Read", "arn:aws:app:::a", &[("app:k", "abcdef".into())]);
    let ready = Ready::told(request);
    let view = View::of(&ready);
    for size in 0..whole.bytes.len() {
        let cut = Code {
            bytes: whole.bytes[..size].into(),
            numbers: None,
        };
        let Some(mut clause) = cut.clause(text, 0) else {
            continue;
        };
        let covers = clause.covers(&view);
        let holds =
            covers.and_then(|covers| Some(covers && matches!(clause.hold(&view)?, Held::All)));
        assert_ne!(holds, Some(true), "{size} bytes");
    }
}
