//! `docs/policies.md`, as a reader pastes it: its commands, in a shell, print what it says.

use std::path::Path;
use std::process::Command;

use tempfile::TempDir;
use trilby_policy::CODES;

use crate::PROGRAM;

const TEXT: &str = include_str!("../../../../docs/policies.md");
/// Printed before each block, so that its output can be told from the others'.
const MARK: &str = "@@@ next block @@@";

/// A block of commands and what stands under it.
struct Case {
    commands: &'static str,
    prints: &'static str,
}

#[test]
fn every_case_of_the_page_prints_what_the_page_says() {
    let cases = cases();
    assert!(cases.len() >= 15, "only {} cases", cases.len());
    let script: String = cases
        .iter()
        .map(|case| format!("echo '{MARK}'\n{}", case.commands))
        .collect();
    let home = TempDir::new().unwrap();
    let programs = Path::new(PROGRAM).parent().unwrap().display().to_string();
    let path = std::env::var("PATH").unwrap();
    let output = Command::new("sh")
        .args(["-c", &format!("exec 2>&1\n{script}")])
        .current_dir(home.path())
        .env("PATH", format!("{programs}:{path}"))
        .output()
        .unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    let mark = format!("{MARK}\n");
    let printed: Vec<&str> = printed.split(&mark).skip(1).collect();
    assert_eq!(printed.len(), cases.len());
    for (case, printed) in cases.iter().zip(printed) {
        assert_eq!(printed, case.prints, "after\n{}", case.commands);
    }
}

#[test]
fn the_page_lists_every_code() {
    let (_, table) = TEXT
        .split_once("| code | means |\n| --- | --- |\n")
        .unwrap();
    let due: String = CODES
        .iter()
        .map(|(code, means)| format!("| `{code}` | {means} |\n"))
        .collect();
    assert_eq!(table, due);
}

/// The shell blocks, but for the one that says how a reader without the program on the path runs it.
fn cases() -> Vec<Case> {
    let blocks = TEXT.split("```sh\n").skip(1).map(|block| {
        let (commands, after) = block.split_once("```\n").unwrap();
        let prints = after.strip_prefix("```text\n");
        let prints = prints.map_or("", |text| text.split("```").next().unwrap());
        Case { commands, prints }
    });
    blocks
        .filter(|case| !case.commands.contains("cargo run"))
        .collect()
}
