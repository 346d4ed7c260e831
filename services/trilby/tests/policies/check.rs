use std::fs;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::policy;

const GOOD: &str = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}}"#;
const ODD: &str = "{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": [{\n    \"Effect\": \"Allow\",\n    \"NotAction\": \"iam:*\",\n    \"Resource\": \"*\"\n  }]\n}\n";
const WRONG: &str = "{\"Version\": \"2012-10-17\",\n \"Statement\": {\"Effect\": \"Alow\", \"Action\": \"*\", \"Resource\": \"*\"}}";

#[test]
fn findings_are_lines_that_editors_understand() {
    let folder = TempDir::new().unwrap();
    for (name, text) in [
        ("good.json", GOOD),
        ("odd.json", ODD),
        ("wrong.json", WRONG),
    ] {
        fs::write(folder.path().join(name), text).unwrap();
    }
    let good = policy(folder.path(), &["check", "good.json"], "");
    assert_eq!((good.code, good.stderr.as_str()), (0, ""));
    assert_eq!(
        good.stdout,
        "good.json: a good identity policy of 100 bytes; warnings: 0\n"
    );

    let odd = policy(folder.path(), &["check", "odd.json"], "");
    assert_eq!(odd.code, 0, "a warning is no error");
    let first = odd.stdout.lines().next().unwrap();
    assert!(
        first.starts_with("odd.json:5:18: warning: ") && first.contains("[not_action_allow]"),
        "{first}"
    );
    let odd = policy(folder.path(), &["check", "--deny-warnings", "odd.json"], "");
    assert_eq!((odd.code, odd.stdout.lines().count()), (1, 1));

    let wrong = policy(folder.path(), &["check", "wrong.json"], "");
    assert_eq!(wrong.code, 1);
    assert_eq!(
        wrong.stdout,
        "wrong.json:2:26: error: `Alow` is neither `Allow` nor `Deny` [invalid_effect]; did you mean `Allow`?\n"
    );

    let all = ["check", "good.json", "odd.json", "wrong.json"];
    let all = policy(folder.path(), &all, "");
    assert_eq!(all.code, 1, "one wrong document of many");
    for file in ["good.json: a good", "odd.json: a good", "wrong.json:2:26"] {
        assert!(all.stdout.contains(file), "{}", all.stdout);
    }
}

#[test]
fn findings_as_json_are_those_of_the_api() {
    let folder = TempDir::new().unwrap();
    let said = policy(folder.path(), &["check", "--json", "-"], WRONG);
    assert_eq!((said.code, said.stderr.as_str()), (1, ""));
    let told: Value = serde_json::from_str(&said.stdout).unwrap();
    assert_eq!(
        told,
        json!({
            "file": "-", "kind": "identity", "valid": false, "size_bytes": null,
            "findings": [{
                "code": "invalid_effect", "severity": "error", "pointer": "/Statement/Effect", "line": 2, "column": 26,
                "detail": "`Alow` is neither `Allow` nor `Deny`", "hint": "did you mean `Allow`?",
            }],
        })
    );
    let said = policy(folder.path(), &["check", "--json", "-"], ODD);
    let told: Value = serde_json::from_str(&said.stdout).unwrap();
    assert_eq!((said.code, &told["valid"]), (0, &json!(true)));
    assert_eq!(told["findings"][0]["pointer"], "/Statement/0/NotAction");
    let said = policy(
        folder.path(),
        &["check", "--json", "--deny-warnings", "-"],
        ODD,
    );
    let told: Value = serde_json::from_str(&said.stdout).unwrap();
    assert_eq!((said.code, &told["valid"]), (1, &json!(false)));
    let said = policy(folder.path(), &["check", "--json", "-"], "{");
    let told: Value = serde_json::from_str(&said.stdout).unwrap();
    assert_eq!(told["findings"][0]["code"], "invalid_json");
}

#[test]
fn a_document_is_held_to_its_kind_and_to_what_is_asked() {
    let folder = TempDir::new().unwrap();
    let old = GOOD.replace("\"Version\":\"2012-10-17\",", "");
    let foreign = GOOD.replace("s3:GetObject\"", "s3:GetObject\",\"Sid\":\"日本\"");
    let foreign = foreign
        .replace("Sid", "Condition")
        .replace("\"日本\"", "{\"StringEquals\":{\"app:k\":\"日本\"}}");
    for (args, text, code, holds) in [
        (&["--kind", "resource"][..], GOOD, 1, "missing_member"),
        (&["--kind", "scp"], GOOD, 0, "a good service control policy"),
        (&["--kind", "trust"], GOOD, 1, "action_not_allowed"),
        (&[], &old, 1, "version_required"),
        (&["--legacy"], &old, 0, "old_version"),
        (&["--legacy", "--kind", "scp"], &old, 1, "version_required"),
        (&[], &foreign, 1, "invalid_character"),
        (&["--unicode"], &foreign, 0, "a good identity policy"),
    ] {
        let args = [&["check", "-"], args].concat();
        let said = policy(folder.path(), &args, text);
        assert_eq!(said.code, code, "{args:?}: {}", said.stdout);
        assert!(said.stdout.contains(holds), "{args:?}: {}", said.stdout);
    }
}

#[test]
fn what_cannot_be_read_is_told_apart_from_what_is_wrong() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("good.json"), GOOD).unwrap();
    fs::write(folder.path().join("latin.json"), b"{\"a\": \"\xe4\"}").unwrap();
    fs::write(
        folder.path().join("large.json"),
        " ".repeat(1024 * 1024 + 1),
    )
    .unwrap();
    for (file, word) in [
        ("none.json", "cannot read none.json"),
        ("latin.json", "cannot read latin.json"),
        ("large.json", "larger than 1048576 bytes"),
        (".", "cannot read"),
    ] {
        for command in ["check", "fmt"] {
            let said = policy(folder.path(), &[command, file, "good.json"], "");
            assert_eq!(said.code, 2, "{file}");
            assert!(said.stderr.starts_with("trilby: "), "{}", said.stderr);
            assert!(said.stderr.contains(word), "{}", said.stderr);
            assert_eq!(said.stderr.lines().count(), 1, "{}", said.stderr);
            assert!(!said.stdout.is_empty(), "the next file is looked at");
        }
    }
    let said = policy(folder.path(), &["check"], "");
    assert_eq!(said.code, 2, "no file is no success");
}

#[test]
fn a_mebibyte_and_deep_nesting_end_soon() {
    let folder = TempDir::new().unwrap();
    let values: Vec<String> = (0..60_000).map(|i| format!("\"value{i}*\"")).collect();
    let large = GOOD.replace(
        "\"Resource\":\"*\"",
        &format!(
            "\"Resource\":\"*\",\"Condition\":{{\"StringLike\":{{\"app:k\":[{}]}}}}",
            values.join(",")
        ),
    );
    assert!((800_000..1_048_576).contains(&large.len()));
    assert_eq!(policy(folder.path(), &["check", "-"], &large).code, 0);
    let deep = policy(folder.path(), &["check", "-"], &"[".repeat(10_000));
    assert_eq!(deep.code, 1);
    assert_eq!(
        deep.stdout,
        "-:1:33: error: arrays and objects are nested more than 32 deep [too_deep]\n"
    );
}
