//! `trilby simulate` as a person or a script uses it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "tests"
)]

#[path = "simulate/manual.rs"]
mod manual;
#[path = "simulate/memory.rs"]
mod memory;

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

fn trilby() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trilby"));
    command.arg("simulate");
    command
}

/// Runs it in a folder on files of it.
fn run_in(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = trilby();
    command.args(arguments).current_dir(folder);
    command.stdin(Stdio::null()).output().expect("it runs")
}

/// Runs it on a file of this name and text.
fn on_file(name: &str, text: impl AsRef<[u8]>, more: &[&str]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(name), text).unwrap();
    run_in(folder.path(), &[&[name], more].concat())
}

fn answers(output: &Output) -> Vec<Value> {
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}")))
        .collect()
}

fn ids(output: &Output) -> Vec<Value> {
    answers(output).iter().map(|a| a["id"].clone()).collect()
}

/// A case that is allowed.
fn case(id: &str) -> String {
    let id = if id.is_empty() {
        String::new()
    } else {
        format!(r#""id":{id},"#)
    };
    format!(
        r#"{{{id}"request":{{"principal":"arn:aws:iam::111122223333:user/Mary","action":"s3:GetObject","resource":"arn:aws:s3:::reports/q3.csv","resource_account":"111122223333"}},"policies":{{"identity":[{{"name":"Reading","document":{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Action":"s3:Get*","Resource":"*"}}}}}}]}}}}"#
    )
}

const WRONG: &str = r#"{"id":"wrong","request":{"principal":"nobody","action":"s3:GetObject"}}"#;

#[test]
fn a_case_in_a_file_is_answered_on_one_line() {
    let output = on_file("case.json", case("\"one\""), &[]);
    assert_eq!(output.status.code(), Some(0));
    let answers = answers(&output);
    assert_eq!(answers.len(), 1);
    assert_eq!(answers[0]["id"], "one");
    assert_eq!(answers[0]["decision"], "allow");
}

#[test]
fn the_cases_of_an_array_and_of_lines_are_answered_in_order() {
    let array = format!("[\n{},\n{},{}]", case("3"), case("\"b\""), case(""));
    let output = on_file("cases.json", array, &[]);
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(
        ids(&output),
        ["3".parse::<Value>().unwrap(), "b".into(), 3.into()]
    );

    let lines = format!("{}\n\n{}\r\n{}", case(""), case("\"x\""), case(""));
    let output = on_file("cases.jsonl", lines, &[]);
    assert_eq!(ids(&output), [1.into(), Value::from("x"), 4.into()]);
}

#[test]
fn a_case_in_error_is_told_and_the_run_goes_on() {
    let lines = [case("1"), WRONG.to_owned(), "{".to_owned(), case("4")].join("\n");
    let output = on_file("cases.jsonl", lines.clone(), &[]);
    assert_eq!(output.status.code(), Some(1));
    let told = answers(&output);
    assert_eq!(told.len(), 4);
    assert_eq!(told[1]["error"]["code"], "invalid_parameter");
    assert_eq!(told[1]["error"]["path"], "/request/principal");
    assert!(told[1]["error"]["message"].is_string());
    assert_eq!(told[1]["id"], "wrong");
    assert_eq!(
        (&told[2]["id"], &told[2]["error"]["code"]),
        (&3.into(), &"invalid_json".into())
    );
    assert_eq!(told[3]["decision"], "allow");

    let array = format!("[{},{WRONG},{}]", case("1"), case("4"));
    let output = on_file("cases.json", array, &[]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(answers(&output).len(), 3);

    // Bytes that are no text are a line in error as well.
    let bytes = [b"\xff\xfe\n", case("2").as_bytes()].concat();
    let output = on_file("cases.jsonl", bytes, &[]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(answers(&output)[1]["decision"], "allow");

    let output = on_file("cases.jsonl", lines, &["--explain"]);
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        text.contains("wrong: error\n  invalid_parameter at /request/principal: "),
        "{text}"
    );
    assert!(text.contains("3: error\n  invalid_json at /: "), "{text}");
    assert!(!text.contains("{\"id\""), "{text}");
}

#[test]
fn input_that_cannot_be_read_is_another_failure() {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in [
        ("gone.json", None),
        ("gone.jsonl", None),
        ("text.json", Some("hello")),
        ("open.json", Some("[{},")),
        ("more.json", Some("[] []")),
    ] {
        if let Some(text) = text {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        let output = run_in(folder.path(), &[name]);
        assert_eq!(output.status.code(), Some(2), "{name}");
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(error.contains(name), "{error}");
    }
}

#[test]
fn standard_input_is_lines_an_array_or_one_case() {
    for (text, wanted) in [
        (format!("{}\n{}\n", case("1"), case("2")), 2),
        (format!("  [{}, {}]\n", case("1"), case("2")), 2),
        (case("1").replace(",\"policies\"", ",\n\"policies\""), 1),
        (String::new(), 0),
    ] {
        let mut child = trilby()
            .arg("-")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        child
            .stdin
            .take()
            .unwrap()
            .write_all(text.as_bytes())
            .unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{text}");
        assert_eq!(answers(&output).len(), wanted, "{text}");
    }
}

#[test]
fn a_case_is_answered_before_the_next_is_there() {
    let mut child = trilby()
        .arg("-")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut to = child.stdin.take().unwrap();
    let mut from = BufReader::new(child.stdout.take().unwrap());
    for id in ["1", "2", "3"] {
        writeln!(to, "{}", case(id)).unwrap();
        let mut line = String::new();
        from.read_line(&mut line).unwrap();
        assert!(line.starts_with(&format!("{{\"id\":{id},")), "{line}");
    }
    drop(to);
    assert!(child.wait().unwrap().success());
}

#[test]
fn who_has_read_enough_may_hang_up() {
    let mut child = trilby()
        .arg("-")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let mut to = child.stdin.take().unwrap();
    for id in 0..2_000 {
        // It may be gone by now.
        if writeln!(to, "{}", case(&id.to_string())).is_err() {
            break;
        }
    }
    drop(to);
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
    assert_eq!(output.status.code(), Some(0));
}
