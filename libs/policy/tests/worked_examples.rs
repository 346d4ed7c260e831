//! The worked examples of statements and conditions: one caller, identity policies, a verdict.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use serde_json::{Value, json};
use trilby_model::{Action, Arn};
use trilby_policy::{Context, ContextValue, Document, Effect, Grammar, Kind};

#[derive(Debug, PartialEq, Clone, Copy)]
enum Verdict {
    Allow,
    ExplicitDeny,
    ImplicitDeny,
}
use Verdict::{Allow, ExplicitDeny, ImplicitDeny};

struct Ask {
    statements: Vec<Value>,
    version: Option<&'static str>,
    action: &'static str,
    resource: &'static str,
    context: Vec<(&'static str, ContextValue)>,
}

fn ask(statements: impl IntoIterator<Item = Value>) -> Ask {
    Ask {
        statements: statements.into_iter().collect(),
        version: Some("2012-10-17"),
        action: "app:Read",
        resource: "arn:aws:app::111111111111:doc/1",
        context: vec![(
            "aws:PrincipalArn",
            "arn:aws:iam::111111111111:user/alice".into(),
        )],
    }
}

impl Ask {
    fn action(mut self, action: &'static str) -> Self {
        self.action = action;
        self
    }

    fn resource(mut self, resource: &'static str) -> Self {
        self.resource = resource;
        self
    }

    fn with(mut self, key: &'static str, value: impl Into<ContextValue>) -> Self {
        self.context.push((key, value.into()));
        self
    }

    fn verdict(self) -> Verdict {
        let mut document = json!({ "Statement": self.statements });
        if let Some(version) = self.version {
            document["Version"] = json!(version);
        }
        let document =
            Document::from_value(&document, Kind::Identity, &Grammar::simulated()).unwrap();
        let action: Action = self.action.parse().unwrap();
        let resource: Arn = self.resource.parse().unwrap();
        let context: Context = self.context.into_iter().collect();
        let matching: Vec<Effect> = document
            .statements
            .iter()
            .filter(|s| {
                s.action.covers(&action)
                    && s.resource
                        .as_ref()
                        .unwrap()
                        .covers(&resource, s.effect, &context)
                    && s.condition.evaluate(&context).holds
            })
            .map(|s| s.effect)
            .collect();
        if matching.contains(&Effect::Deny) {
            ExplicitDeny
        } else if matching.contains(&Effect::Allow) {
            Allow
        } else {
            ImplicitDeny
        }
    }
}

fn allow(action: &str, resource: &str) -> Value {
    json!({ "Effect": "Allow", "Action": action, "Resource": resource })
}

#[test]
fn statements() {
    let all = || allow("*", "*");
    let deny = |mut statement: Value| {
        statement["Effect"] = json!("Deny");
        statement
    };
    let doc = |rest: &str| format!("arn:aws:app::111111111111:doc/{rest}");
    let cases: Vec<(&str, Ask, Verdict)> = vec![
        ("E02", ask([allow("app:Read", &doc("1"))]), Allow),
        (
            "E03",
            ask([allow("app:Read", "*"), deny(allow("app:Read", "*"))]),
            ExplicitDeny,
        ),
        ("E04", ask([allow("app:Write", "*")]), ImplicitDeny),
        ("E05", ask([allow("APP:rEAD", "*")]), Allow),
        (
            "E06",
            ask([allow("app:Read", &doc("ABC"))]).resource("arn:aws:app::111111111111:doc/abc"),
            ImplicitDeny,
        ),
        ("E07", ask([allow("app:R?a*", "*")]), Allow),
        (
            "E08",
            ask([allow("app:Read", &doc("*/x"))]).resource("arn:aws:app::111111111111:doc/1/2/x"),
            Allow,
        ),
        (
            "E09",
            ask([allow("app:Read", &doc("?"))]).resource("arn:aws:app::111111111111:doc/12"),
            ImplicitDeny,
        ),
        (
            "E10",
            ask([json!({ "Effect": "Allow", "NotAction": "app:Delete", "Resource": "*" })]),
            Allow,
        ),
        (
            "E11",
            ask([
                all(),
                json!({ "Effect": "Deny", "NotAction": "app:Read", "Resource": "*" }),
            ])
            .action("app:Write"),
            ExplicitDeny,
        ),
        (
            "E12",
            ask([
                all(),
                json!({ "Effect": "Deny", "Action": "*", "NotResource": doc("public/*") }),
            ]),
            ExplicitDeny,
        ),
        (
            "E13",
            ask([allow("app:Read", "arn:aws:app:*:*:doc/1")])
                .resource("arn:aws:app:eu:111111111111:doc/1"),
            Allow,
        ),
        (
            "E14",
            ask([allow("app:Read", "arn:aws:app:*:111111111111:doc/1")])
                .resource("arn:aws:app:eu:222222222222:111111111111:doc/1"),
            ImplicitDeny,
        ),
        (
            "the partitions are twins",
            ask([allow("app:Read", "arn:trilby:app::111111111111:doc/*")]),
            Allow,
        ),
        (
            "other partitions are not",
            ask([allow("app:Read", "arn:aws-cn:app::111111111111:doc/*")]),
            ImplicitDeny,
        ),
    ];
    check(cases);
}

fn when(condition: Value) -> Ask {
    ask([json!({ "Effect": "Allow", "Action": "*", "Resource": "*", "Condition": condition })])
}

fn list(values: &[&str]) -> ContextValue {
    ContextValue::List(values.iter().map(|v| (*v).to_owned()).collect())
}

fn check(cases: Vec<(&str, Ask, Verdict)>) {
    for (id, ask, expected) in cases {
        assert_eq!(ask.verdict(), expected, "{id}");
    }
}

#[test]
fn presence() {
    check(vec![
        (
            "C01",
            when(json!({"StringEquals": {"app:k": "a"}})),
            ImplicitDeny,
        ),
        (
            "C02",
            when(json!({"StringNotEquals": {"app:k": "a"}})),
            Allow,
        ),
        (
            "C03",
            when(json!({"StringEqualsIfExists": {"app:k": "a"}})),
            Allow,
        ),
        ("C04", when(json!({"Null": {"app:k": "true"}})), Allow),
        (
            "C05",
            when(json!({"Null": {"app:k": "false"}})),
            ImplicitDeny,
        ),
        (
            "C54",
            when(json!({
                "ForAllValues:StringEquals": {"app:k": ["a"]},
                "Null": {"app:k": "false"}
            })),
            ImplicitDeny,
        ),
        (
            "C57",
            when(json!({"Null": {"app:k": true}})).with("app:k", list(&[])),
            Allow,
        ),
        (
            "Null with both values is always true",
            when(json!({"Null": {"app:k": ["TRUE", false]}})),
            Allow,
        ),
        (
            "a list of an empty string is present",
            when(json!({"Null": {"app:k": true}})).with("app:k", list(&[""])),
            ImplicitDeny,
        ),
    ]);
}

#[test]
fn combining() {
    check(vec![
        (
            "C06",
            when(json!({"StringEquals": {"app:k": ["a", "b"]}})).with("app:k", "b"),
            Allow,
        ),
        (
            "C07",
            when(json!({"StringNotEquals": {"app:k": ["a", "b"]}})).with("app:k", "b"),
            ImplicitDeny,
        ),
        (
            "C08",
            when(json!({"StringEquals": {"app:k": "a", "app:l": "b"}}))
                .with("app:k", "a")
                .with("app:l", "x"),
            ImplicitDeny,
        ),
        (
            "C09",
            when(json!({"StringEquals": {"app:k": "a"}, "StringLike": {"app:l": "b*"}}))
                .with("app:k", "a")
                .with("app:l", "x"),
            ImplicitDeny,
        ),
        ("an empty block", when(json!({})), Allow),
        (
            "an empty operator",
            when(json!({"StringEquals": {}})),
            Allow,
        ),
    ]);
}

#[test]
fn sets() {
    let all = |wanted: Value| json!({ "ForAllValues:StringEquals": { "app:k": wanted } });
    let any = |wanted: Value| json!({ "ForAnyValue:StringEquals": { "app:k": wanted } });
    check(vec![
        (
            "C10",
            when(all(json!(["a", "b", "c"]))).with("app:k", list(&["a", "c"])),
            Allow,
        ),
        (
            "C11",
            when(all(json!(["a", "b"]))).with("app:k", list(&["a", "z"])),
            ImplicitDeny,
        ),
        ("C12", when(all(json!("a"))), Allow),
        (
            "C13",
            when(any(json!(["a", "b"]))).with("app:k", list(&["z", "b"])),
            Allow,
        ),
        ("C14", when(any(json!("a"))), ImplicitDeny),
        (
            "C15",
            when(json!({"ForAnyValue:StringNotEquals": {"app:k": ["a", "b"]}}))
                .with("app:k", list(&["a", "c"])),
            Allow,
        ),
        (
            "C16",
            when(json!({"ForAllValues:StringNotEquals": {"app:k": ["a", "b"]}}))
                .with("app:k", list(&["a", "c"])),
            ImplicitDeny,
        ),
        (
            "C17",
            when(json!({"ForAnyValue:StringEqualsIfExists": {"app:k": "a"}})),
            Allow,
        ),
        (
            "C46",
            when(json!({"StringEquals": {"app:k": ["a", "b"]}})).with("app:k", list(&["a", "b"])),
            ImplicitDeny,
        ),
        (
            "C46 negated",
            when(json!({"StringNotEquals": {"app:k": "z"}})).with("app:k", list(&["a", "b"])),
            ImplicitDeny,
        ),
        ("C47", when(all(json!("a"))).with("app:k", list(&[])), Allow),
        (
            "C48",
            when(any(json!("a"))).with("app:k", list(&[])),
            ImplicitDeny,
        ),
        (
            "C49",
            when(all(json!("a"))).with("app:k", list(&[""])),
            Allow,
        ),
        (
            "ForAnyValue over nothing but empty strings",
            when(any(json!(""))).with("app:k", list(&[""])),
            ImplicitDeny,
        ),
        (
            "ForAllValues negated over an empty list",
            when(json!({"ForAllValues:StringNotEquals": {"app:k": "a"}})).with("app:k", list(&[])),
            Allow,
        ),
        (
            "ForAnyValue negated, key absent",
            when(json!({"ForAnyValue:StringNotEquals": {"app:k": "a"}})),
            ImplicitDeny,
        ),
        (
            "a scalar is a list of one",
            when(any(json!("a"))).with("app:k", "a"),
            Allow,
        ),
        (
            "a scalar is a list of one, for all",
            when(all(json!("a"))).with("app:k", "b"),
            ImplicitDeny,
        ),
    ]);
}

#[test]
fn variables() {
    let home = |version| {
        let mut ask = ask([allow(
            "*",
            "arn:aws:app::111111111111:home/${aws:username}/*",
        )])
        .resource("arn:aws:app::111111111111:home/alice/x")
        .with("aws:username", "alice");
        ask.version = version;
        ask
    };
    check(vec![
        (
            "C18",
            when(json!({"StringLike": {"app:p": "home/${aws:username}/*"}}))
                .with("aws:username", "alice")
                .with("app:p", "home/alice/x"),
            Allow,
        ),
        (
            "C19",
            when(json!({"StringNotEquals": {"app:k": "${aws:PrincipalTag/Team}"}}))
                .with("app:k", "a"),
            Allow,
        ),
        (
            "C20",
            when(json!({"StringEquals": {"app:k": "${aws:PrincipalTag/Team}"}})).with("app:k", "a"),
            ImplicitDeny,
        ),
        (
            "C20 of an empty value: a null variable is no empty text",
            when(json!({"StringEquals": {"app:k": "${aws:PrincipalTag/Team}"}})).with("app:k", ""),
            ImplicitDeny,
        ),
        (
            "C20 beside other text",
            when(json!({"StringEquals": {"app:k": "team-${aws:PrincipalTag/Team}"}}))
                .with("app:k", "team-"),
            ImplicitDeny,
        ),
        (
            "C21",
            when(json!({"StringEquals": {"app:k": "${aws:PrincipalTag/Team, 'common'}"}}))
                .with("app:k", "common"),
            Allow,
        ),
        ("C22", home(Some("2008-10-17")), ImplicitDeny),
        ("C22 without a version", home(None), ImplicitDeny),
        ("C23", home(Some("2012-10-17")), Allow),
        (
            "C24",
            ask([allow("*", "arn:aws:app::111111111111:doc/${app:absent}")]),
            ImplicitDeny,
        ),
        (
            "C25",
            ask([
                allow("*", "*"),
                json!({
                    "Effect": "Deny", "Action": "*",
                    "NotResource": "arn:aws:app::111111111111:${app:absent}"
                }),
            ]),
            ExplicitDeny,
        ),
        (
            "C58",
            ask([json!({
                "Effect": "Allow", "Action": "*",
                "NotResource": ["arn:aws:app::111111111111:x", "arn:aws:app::111111111111:${app:absent}"]
            })]),
            ImplicitDeny,
        ),
        (
            "C26",
            when(json!({"StringLike": {"app:k": "${aws:PrincipalTag/t}"}}))
                .with("aws:PrincipalTag/t", "*")
                .with("app:k", "zzz"),
            ImplicitDeny,
        ),
        (
            "a star in a tag is literal in a resource",
            ask([allow(
                "*",
                "arn:aws:app::111111111111:${aws:PrincipalTag/t}",
            )])
            .with("aws:PrincipalTag/t", "doc/*"),
            ImplicitDeny,
        ),
        (
            "C27",
            when(json!({"StringLike": {"app:k": "a${*}b"}})).with("app:k", "a*b"),
            Allow,
        ),
        (
            "C28",
            when(json!({"StringLike": {"app:k": "a${*}b"}})).with("app:k", "axxb"),
            ImplicitDeny,
        ),
        (
            "an empty value is no reason for the default",
            when(json!({"StringEquals": {"app:k": "${app:e, 'common'}"}}))
                .with("app:e", "")
                .with("app:k", ""),
            Allow,
        ),
        (
            "a multivalued key is null",
            when(json!({"StringNotLike": {"app:k": "${app:l}"}}))
                .with("app:l", list(&["a"]))
                .with("app:k", "a"),
            Allow,
        ),
        (
            "Bool takes a variable",
            when(json!({"Bool": {"app:k": "${app:l}"}}))
                .with("app:l", "TRUE")
                .with("app:k", "true"),
            Allow,
        ),
    ]);
}

#[test]
fn types() {
    check(vec![
        (
            "C29",
            when(json!({"NumericLessThanEquals": {"app:k": "10.5"}})).with("app:k", "10.50"),
            Allow,
        ),
        (
            "C30",
            when(json!({"NumericEquals": {"app:k": 5}})).with("app:k", "five"),
            ImplicitDeny,
        ),
        (
            "C31",
            when(json!({"NumericNotEquals": {"app:k": 5}})).with("app:k", "five"),
            Allow,
        ),
        (
            "C32",
            when(json!({"DateLessThan": {"app:k": "2030-01-01T00:00:00Z"}}))
                .with("app:k", "1700000000"),
            Allow,
        ),
        (
            "C33",
            when(json!({"Bool": {"app:k": "TRUE"}})).with("app:k", true),
            Allow,
        ),
        (
            "C34",
            when(json!({"Bool": {"app:k": "false"}})),
            ImplicitDeny,
        ),
        (
            "C35",
            when(json!({"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}))
                .with("aws:SourceIp", "203.0.113.9"),
            Allow,
        ),
        (
            "C36",
            when(json!({"IpAddress": {"aws:SourceIp": "2001:db8::/32"}}))
                .with("aws:SourceIp", "2001:db8:1::5"),
            Allow,
        ),
        (
            "C37",
            when(json!({"IpAddress": {"aws:SourceIp": "0.0.0.0/0"}}))
                .with("aws:SourceIp", "2001:db8::1"),
            ImplicitDeny,
        ),
        (
            "C38",
            when(json!({"NotIpAddress": {"aws:SourceIp": ["10.0.0.0/8", "192.168.0.0/16"]}}))
                .with("aws:SourceIp", "172.16.0.1"),
            Allow,
        ),
        (
            "C53",
            when(json!({"BinaryEquals": {"app:k": "QmluYXJ5"}})).with("app:k", "QmluYXJ5"),
            Allow,
        ),
        (
            "C55",
            when(json!({"NumericGreaterThan": {"app:k": 9_007_199_254_740_992_i64}}))
                .with("app:k", "9007199254740993"),
            Allow,
        ),
        (
            "C56",
            when(json!({"DateGreaterThan": {"app:k": "2026-01-01T00:00:00+02:00"}}))
                .with("app:k", "2025-12-31T22:30:00Z"),
            Allow,
        ),
        (
            "an ordering operator has no negation, so absence is false",
            when(json!({"NumericGreaterThanEquals": {"app:k": 1}})),
            ImplicitDeny,
        ),
    ]);
}

#[test]
fn names() {
    let finance = "arn:aws:svc:*:111111111111:finance/*";
    let store = "arn:aws:svc:us:222222222222:store/abc:111111111111:finance/d";
    check(vec![
        (
            "C39",
            when(json!({"ArnLike": {"app:k": finance}})).with("app:k", store),
            ImplicitDeny,
        ),
        (
            "C40",
            when(json!({"StringLike": {"app:k": finance}})).with("app:k", store),
            Allow,
        ),
        (
            "C41",
            when(json!({"ArnNotEquals": {"app:k": finance}})).with("app:k", "no arn"),
            Allow,
        ),
        (
            "C42",
            when(json!({"ArnEquals": {"app:k": finance}}))
                .with("app:k", "arn:aws:svc:eu:111111111111:finance/x"),
            Allow,
        ),
        (
            "ARN operators hold the partitions for one",
            when(json!({"ArnEquals": {"app:k": finance}}))
                .with("app:k", "arn:trilby:svc:eu:111111111111:finance/x"),
            Allow,
        ),
        (
            "a variable may be a whole ARN",
            when(json!({"ArnEquals": {"app:k": "${aws:PrincipalArn}"}}))
                .with("app:k", "arn:trilby:iam::111111111111:user/alice"),
            Allow,
        ),
        (
            "C43",
            when(json!({"IpAddress": {"AWS:sourceIP": "203.0.113.9"}}))
                .with("aws:SourceIp", "203.0.113.9"),
            Allow,
        ),
        (
            "the prefixes are twins",
            when(json!({"IpAddress": {"trilby:SourceIp": "203.0.113.9"}}))
                .with("aws:SourceIp", "203.0.113.9"),
            Allow,
        ),
        (
            "C44",
            when(json!({"StringEquals": {"app:k": "Bob"}})).with("app:k", "bob"),
            ImplicitDeny,
        ),
        (
            "C45",
            when(json!({"StringEqualsIgnoreCase": {"app:k": "Bob"}})).with("app:k", "bob"),
            Allow,
        ),
        (
            "case beyond ASCII",
            when(json!({"StringEqualsIgnoreCase": {"app:k": "ÄRZTE"}})).with("app:k", "ärzte"),
            Allow,
        ),
        (
            "C50",
            when(json!({"StringEquals": {"app:k": ""}})).with("app:k", ""),
            Allow,
        ),
        (
            "C51",
            when(json!({"StringEquals": {"app:k": "a*"}})).with("app:k", "a*"),
            Allow,
        ),
        (
            "C52",
            when(json!({"StringEquals": {"app:k": "a*"}})).with("app:k", "abc"),
            ImplicitDeny,
        ),
    ]);
}

/// Every form of the truth table, against each state a key can be in.
#[test]
fn truth_table() {
    let states: [(&str, Option<ContextValue>); 8] = [
        ("absent", None),
        ("fits", Some("a".into())),
        ("differs", Some("z".into())),
        ("list fits", Some(list(&["a", "b"]))),
        ("list mixed", Some(list(&["a", "z"]))),
        ("list differs", Some(list(&["y", "z"]))),
        ("empty list", Some(list(&[]))),
        ("list of empty", Some(list(&[""]))),
    ];
    #[rustfmt::skip]
    let table = [
        ("StringEquals",                          [0, 1, 0, 0, 0, 0, 0, 0]),
        ("StringNotEquals",                       [1, 0, 1, 0, 0, 0, 0, 0]),
        ("StringEqualsIfExists",                  [1, 1, 0, 0, 0, 0, 0, 0]),
        ("StringNotEqualsIfExists",               [1, 0, 1, 0, 0, 0, 0, 0]),
        ("ForAllValues:StringEquals",             [1, 1, 0, 1, 0, 0, 1, 1]),
        ("ForAllValues:StringNotEquals",          [1, 0, 1, 0, 0, 1, 1, 1]),
        ("ForAnyValue:StringEquals",              [0, 1, 0, 1, 1, 0, 0, 0]),
        ("ForAnyValue:StringNotEquals",           [0, 0, 1, 0, 1, 1, 0, 0]),
        ("ForAllValues:StringEqualsIfExists",     [1, 1, 0, 1, 0, 0, 1, 1]),
        ("ForAnyValue:StringEqualsIfExists",      [1, 1, 0, 1, 1, 0, 0, 0]),
        ("ForAnyValue:StringNotEqualsIfExists",   [1, 0, 1, 0, 1, 1, 0, 0]),
    ];
    for (operator, row) in table {
        for ((state, value), expected) in states.clone().into_iter().zip(row) {
            let mut ask = when(json!({ operator: { "app:k": ["a", "b"] } }));
            if let Some(value) = value {
                ask = ask.with("app:k", value);
            }
            let expected = if expected == 1 { Allow } else { ImplicitDeny };
            assert_eq!(ask.verdict(), expected, "{operator}, {state}");
        }
    }
}
