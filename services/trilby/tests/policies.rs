//! `trilby policy` from outside, and the page for those who write policies.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "tests"
)]

#[path = "policies/check.rs"]
mod check;
#[path = "policies/fmt.rs"]
mod fmt;
#[path = "policies/page.rs"]
mod page;

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

const PROGRAM: &str = env!("CARGO_BIN_EXE_trilby");

/// What the program answered.
struct Said {
    code: i32,
    stdout: String,
    stderr: String,
}

/// Runs `trilby policy …` in a folder with this standard input.
fn policy(folder: &Path, args: &[&str], input: &str) -> Said {
    let mut child = Command::new(PROGRAM)
        .arg("policy")
        .args(args)
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // It may end without reading all of it.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    Said {
        code: output.status.code().unwrap(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}
