//! However a document is made, reading, linting and evaluating it ends soon, with a short answer.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use std::time::{Duration, Instant};

use trilby_policy::{Context, ContextValue, Document, Finding, Grammar, Kind, lint};

const MIB: usize = 1024 * 1024;
/// Far more than any of these needs without optimization on a busy machine, far less than anything quadratic takes.
const PATIENCE: Duration = Duration::from_secs(20);

fn soon<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let wall = Instant::now();
    let start = on_cpu();
    let done = work();
    let took = match (start, on_cpu()) {
        (Some(start), Some(end)) => end.saturating_sub(start),
        _ => wall.elapsed(),
    };
    assert!(took < PATIENCE, "{what} took {took:?}");
    done
}

/// Time that this thread ran, where the system tells: a busy machine is no reason to fail.
fn on_cpu() -> Option<Duration> {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    let nanoseconds = told.split(' ').next()?.parse().ok()?;
    Some(Duration::from_nanos(nanoseconds))
}

/// Reads, lints and prints; gives the document or its findings.
fn all_of_it(what: &str, text: &str, kind: Kind) -> Result<Document, Vec<Finding>> {
    let read = soon(what, || {
        let read = Document::parse(text, kind, &Grammar::trusted());
        if let Ok(document) = &read {
            let again = Document::parse(&document.canonical(), kind, &Grammar::trusted());
            assert_eq!(again.as_ref(), Ok(document), "{what}");
            assert!(lint(document, kind).len() <= 100, "{what}");
        }
        read
    });
    if let Err(findings) = &read {
        assert!((1..=100).contains(&findings.len()), "{what}");
        let told: usize = findings.iter().map(|f| f.to_string().len()).sum();
        assert!(told < 3 * MIB, "{what}: an answer of {told} bytes");
    }
    read
}

fn code(read: Result<Document, Vec<Finding>>) -> &'static str {
    read.map(|_| "").unwrap_or_else(|findings| findings[0].code)
}

/// As many numbered pieces as fill a mebibyte.
fn filled(piece: impl Fn(usize) -> String) -> String {
    let mut text = String::new();
    for index in 0.. {
        let next = piece(index);
        if text.len() + next.len() > MIB {
            break;
        }
        if index > 0 {
            text.push(',');
        }
        text.push_str(&next);
    }
    text
}

fn document(statement: &str) -> String {
    format!(r#"{{"Version":"2012-10-17","Statement":[{statement}]}}"#)
}

fn statement(action: &str, resource: &str, condition: &str) -> String {
    format!(
        r#"{{"Effect":"Allow","Action":[{action}],"Resource":[{resource}],"Condition":{{{condition}}}}}"#
    )
}

const ALL: &str = r#""*""#;

#[test]
fn a_mebibyte_of_anything_is_read_soon() {
    let sid = |i| format!(r#"{{"Sid":"S{i}","Effect":"Allow","Action":"a:b{i}","Resource":"*"}}"#);
    let key = |i| format!(r#""app:k{i}":"v""#);
    let all = [
        ("statements", document(&filled(sid))),
        (
            "actions",
            document(&statement(&filled(|i| format!(r#""a:{i}""#)), ALL, "")),
        ),
        (
            "resources",
            document(&statement(
                ALL,
                &filled(|i| format!(r#""arn:aws:s3:::{i}*""#)),
                "",
            )),
        ),
        (
            "condition keys",
            document(&statement(
                ALL,
                ALL,
                &format!(r#""StringEquals":{{{}}}"#, filled(key)),
            )),
        ),
        (
            "keys of a negated operator, all guarded",
            document(&statement(
                ALL,
                ALL,
                &format!(
                    r#""StringNotEquals":{{{}}},"Null":{{{}}}"#,
                    filled(key),
                    filled(|i| format!(r#""app:k{i}":false"#))
                ),
            )),
        ),
        (
            "condition values",
            document(&statement(
                ALL,
                ALL,
                &format!(
                    r#""StringLike":{{"app:k":[{}]}}"#,
                    filled(|i| format!("\"{i}*\""))
                ),
            )),
        ),
        (
            "one long value",
            document(&statement(
                ALL,
                ALL,
                &format!(r#""StringLike":{{"app:k":"{}"}}"#, "a*".repeat(MIB / 2)),
            )),
        ),
        (
            "variables",
            document(&statement(
                ALL,
                &format!(r#""arn:aws:s3:::{}""#, "${app:k}".repeat(MIB / 8)),
                "",
            )),
        ),
    ];
    for (what, text) in all {
        assert_eq!(code(all_of_it(what, &text, Kind::Identity)), "", "{what}");
    }
    let principals = filled(|i| format!(r#""arn:aws:iam::111111111111:user/u{i}""#));
    let text = document(&format!(
        r#"{{"Effect":"Deny","Principal":{{"AWS":[{principals}]}},"Action":"*"}}"#
    ));
    let read = all_of_it("principals", &text, Kind::Resource).unwrap();
    assert!(soon("principals", || read.principal_arns().len()) > 20_000);
}

#[test]
fn a_mebibyte_of_mistakes_is_refused_soon_and_in_short() {
    let word = "x".repeat(MIB);
    let key = "k".repeat(MIB / 2);
    let wrong_values = filled(|_| "null".to_owned());
    for (what, expected, text) in [
        (
            "unknown members",
            "unknown_member",
            document(&format!(
                "{{{}}}",
                filled(|i| format!(r#""Efect{i}":"Allow""#))
            )),
        ),
        (
            "a long member",
            "unknown_member",
            format!(r#"{{"{word}":1}}"#),
        ),
        (
            "a long action",
            "invalid_action",
            document(&statement(&format!(r#""{word}""#), ALL, "")),
        ),
        (
            "a long operator",
            "unknown_operator",
            document(&statement(
                ALL,
                ALL,
                &format!(r#""{word}":{{"app:k":"a"}}"#),
            )),
        ),
        (
            "a long key with wrong values",
            "invalid_condition_key",
            document(&statement(
                ALL,
                ALL,
                &format!(r#""StringEquals":{{"{key}":[{wrong_values}]}}"#),
            )),
        ),
        (
            "unknown operators",
            "unknown_operator",
            document(&statement(
                ALL,
                ALL,
                &filled(|i| format!(r#""StringEquals{i}":{{}}"#)),
            )),
        ),
        (
            "one key again and again",
            "duplicate_condition_key",
            document(&statement(
                ALL,
                ALL,
                &format!(
                    r#""Null":{{{}}}"#,
                    // A key in all spellings of its first letters.
                    filled(|i| {
                        let letters = (0..17).map(|bit| if i >> bit & 1 == 1 { 'A' } else { 'a' });
                        format!(r#""app:{}":true"#, letters.collect::<String>())
                    })
                ),
            )),
        ),
        (
            "a long number",
            "invalid_condition_value",
            document(&statement(
                ALL,
                ALL,
                &format!(r#""NumericEquals":{{"app:k":"{}"}}"#, "1".repeat(MIB)),
            )),
        ),
        (
            "an open variable",
            "invalid_variable",
            document(&statement(
                ALL,
                ALL,
                &format!(r#""StringEquals":{{"app:k":"{}"}}"#, "${".repeat(MIB / 2)),
            )),
        ),
    ] {
        assert_eq!(
            code(all_of_it(what, &text, Kind::Identity)),
            expected,
            "{what}"
        );
    }
}

#[test]
fn nesting_is_refused_where_it_is_too_deep() {
    for (what, text) in [
        ("arrays", "[".repeat(10_000)),
        ("closed arrays", "[".repeat(10_000) + &"]".repeat(10_000)),
        ("objects", "{\"a\":".repeat(10_000)),
        (
            "within a document",
            document(&format!("{}1{}", "[".repeat(10_000), "]".repeat(10_000))),
        ),
    ] {
        let findings = all_of_it(what, &text, Kind::Identity).unwrap_err();
        assert_eq!(findings.len(), 1, "{what}");
        assert_eq!(findings[0].code, "too_deep", "{what}");
        assert!(findings[0].column > 1, "{what}");
        assert!(findings[0].message.contains("32"), "{what}");
    }
}

#[test]
fn statements_that_are_hard_to_compare_are_linted_soon() {
    let pattern = |i: usize| format!(r#""a:{}{i}""#, "a*".repeat(20));
    let many: Vec<String> = (0..200)
        .map(|s| {
            let actions: Vec<String> = (0..100).map(|i| pattern(s * 1_000 + i)).collect();
            statement(&actions.join(","), ALL, "")
        })
        .collect();
    let text = document(&many.join(","));
    assert_eq!(code(all_of_it("many patterns", &text, Kind::Identity)), "");

    let long = |end: &str| format!(r#""arn:aws:s3:::{}{end}""#, "a*".repeat(100_000));
    let text = document(&statement(
        ALL,
        &[long("b"), long("c"), long("d")].join(","),
        "",
    ));
    assert_eq!(code(all_of_it("long patterns", &text, Kind::Identity)), "");

    let keys: Vec<String> = (0..300).map(|i| format!(r#""app:key{i}":"v""#)).collect();
    let same = |effect: &str| {
        format!(
            r#"{{"Effect":"{effect}","Action":"a:b","Resource":"*","Condition":{{"StringEquals":{{{}}}}}}}"#,
            keys.join(",")
        )
    };
    let text = document(&vec![same("Deny"); 200].join(","));
    assert_eq!(
        code(all_of_it("equal conditions", &text, Kind::Identity)),
        ""
    );
}

#[test]
fn hard_patterns_against_long_text_are_decided_soon() {
    let text = "a".repeat(32_000);
    let many = ContextValue::List((0..1_000).map(|i| format!("value{i}")).collect());
    let context: Context = [
        ("app:long", ContextValue::Scalar(text.clone())),
        ("app:many", many),
    ]
    .into_iter()
    .collect();
    let holds = |operator: &str, key: &str, values: &str| {
        let condition = format!(r#""{operator}":{{"{key}":[{values}]}}"#);
        let text = document(&statement(ALL, ALL, &condition));
        let read = Document::parse(&text, Kind::Identity, &Grammar::stored()).unwrap();
        let what = format!("{operator} {}", &values[..values.len().min(40)]);
        soon(&what, || read.statements[0].condition.holds(&context))
    };
    let half = MIB / 2;
    for values in [
        format!(r#""{}b""#, "a*".repeat(half)),
        format!(r#""{}b""#, "*a".repeat(half)),
        format!(r#""*{}b*""#, "a?".repeat(half / 64)),
        format!(r#""*{}*b*""#, "?a".repeat(half / 64)),
        format!(r#""*a{}""#, "${app:long}?".repeat(1_000)),
        vec![r#""*b*""#; 1_000].join(","),
        vec![r#""*a?b*""#; 100].join(","),
    ] {
        assert!(!holds("StringLike", "app:long", &values));
        assert!(holds("StringNotLike", "app:long", &values));
    }
    let variables = format!(r#""{}""#, "${app:long}".repeat(half / 16));
    assert!(!holds("StringEquals", "app:long", &variables));
    assert!(!holds("StringEqualsIgnoreCase", "app:long", &variables));
    let values: Vec<String> = (0..2_000).map(|i| format!(r#""other{i}*""#)).collect();
    assert!(!holds(
        "ForAnyValue:StringLike",
        "app:many",
        &values.join(",")
    ));
    assert!(holds("ForAllValues:StringLike", "app:many", r#""value*""#));
}
