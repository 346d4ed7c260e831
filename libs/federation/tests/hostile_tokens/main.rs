//! Hostile tokens as data: a good token with one defect each, and the one code that refuses it.
//!
//! `rows.json` holds the rows; real keys sign them. Rows that expect `ok` show that it is the defect, and
//! not something beside it, that is refused. The rule numbers are those of the table of incidents.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod identity;
mod tokens;

use serde_json::Value;
use tokens::{Bench, Row};

fn rows() -> Vec<Row> {
    serde_json::from_str(include_str!("rows.json")).unwrap()
}

#[test]
fn every_hostile_token_is_refused_with_its_code() {
    let bench = Bench::new();
    let wrong: Vec<String> = rows()
        .iter()
        .filter_map(|row| {
            let got = bench.judge(row);
            (got != row.expect)
                .then(|| format!("{} ({}): {got}, not {}", row.name, row.rule, row.expect))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_table_covers_its_rules() {
    let rows = rows();
    let refused = |rule: &str| {
        rows.iter()
            .filter(|row| row.rule == rule && row.expect != "ok")
            .count()
    };
    for (rule, least) in [
        ("R1", 15),
        ("R2", 12),
        ("R3", 12),
        ("R4", 8),
        ("R5", 6),
        ("R7", 2),
        ("R15", 5),
    ] {
        assert!(refused(rule) >= least, "{rule}: {}", refused(rule));
    }
    let names: std::collections::BTreeSet<&str> =
        rows.iter().map(|row| row.name.as_str()).collect();
    assert_eq!(names.len(), rows.len());
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(48))]
    #[test]
    fn what_else_a_header_says_can_only_refuse(name in "[a-z0-9#]{1,8}", value in "[ -~]{0,12}") {
        proptest::prop_assume!(!["alg", "kid", "typ"].contains(&name.as_str()));
        let bench = Bench::shared();
        let mut row = rows().into_iter().find(|row| row.name == "a good token").unwrap();
        row.header = serde_json::json!({ name.as_str(): value });
        let got = bench.judge(&row);
        proptest::prop_assert!(got == "malformed_token" || (name.starts_with("x5t") && got == "ok"), "{got}");
        row.claims = serde_json::json!({ "exp": 1 });
        proptest::prop_assert_ne!(bench.judge(&row), "ok");
    }
}

proptest::proptest! {
    #[test]
    fn nothing_that_nobody_signed_is_a_token(text in "[A-Za-z0-9_-]{0,40}(\\.[A-Za-z0-9_-]{0,40}){0,4}", json in "\\PC{0,60}") {
        let bench = Bench::shared();
        let good = rows().into_iter().find(|row| row.name == "a good token").unwrap();
        proptest::prop_assert_ne!(bench.judge_text(&good, &text), "ok");
        let dressed = format!("{}.{}.AA", tokens::encode(json.as_bytes()), tokens::encode(json.as_bytes()));
        proptest::prop_assert_ne!(bench.judge_text(&good, &dressed), "ok");
    }
}

#[test]
fn no_part_of_a_good_token_is_a_token() {
    let bench = Bench::shared();
    let good = rows()
        .into_iter()
        .find(|row| row.name == "a good token")
        .unwrap();
    let token = bench.token(&good);
    assert_eq!(bench.judge_text(&good, &token), "ok");
    for end in (0..token.len()).step_by(7) {
        assert_ne!(bench.judge_text(&good, &token[..end]), "ok", "{end}");
    }
    let changed = |at: usize| {
        let mut bytes = token.clone().into_bytes();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        String::from_utf8(bytes).unwrap()
    };
    for at in (0..token.len() - 1).step_by(5) {
        assert_ne!(bench.judge_text(&good, &changed(at)), "ok", "{at}");
    }
}

#[test]
fn rows_have_no_member_that_nobody_reads() {
    let text = include_str!("rows.json").replace("\"expect\"", "\"expekt\"");
    assert!(serde_json::from_str::<Vec<Row>>(&text).is_err());
    assert!(serde_json::from_str::<Vec<Value>>(&text).is_ok());
}
