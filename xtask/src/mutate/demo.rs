//! The demo as a test: `trilby demo --exit` must notice a broken rule.

use std::process::Command;

use super::copy::Copy;
use super::trial::{BUILD_LIMIT, Outcome, TEST_LIMIT, bounded};
use crate::workspace;

/// What a failed check of the demo exits with; anything else is a crash.
const CHECK_FAILED: i32 = 1;

/// Builds the binary in the copy as it stands and plays the demo.
pub fn run(copy: &Copy) -> anyhow::Result<Outcome> {
    let mut build = Command::new("cargo");
    build.arg("build").args(workspace::WHOLE);
    build.args(workspace::PROGRAM_OF_TESTS);
    match bounded(&mut build, copy, BUILD_LIMIT)?.0 {
        None => return Ok(Outcome::Hung),
        Some(status) if !status.success() => return Ok(Outcome::NotCompiled),
        Some(_) => {}
    }
    let mut demo = Command::new(copy.target_dir().join("debug/trilby"));
    demo.args(["demo", "--exit"]);
    let (status, output) = bounded(&mut demo, copy, TEST_LIMIT)?;
    Ok(match status {
        None => Outcome::Hung,
        Some(status) if status.success() => Outcome::Green,
        Some(status) if status.code() == Some(CHECK_FAILED) => Outcome::Red(last_line(&output)),
        Some(_) => Outcome::Crashed,
    })
}

/// What the demo said last: the check that failed.
fn last_line(output: &str) -> String {
    let said = output.lines().rev().map(str::trim);
    said.filter(|line| !line.is_empty())
        .take(1)
        .collect::<String>()
}
