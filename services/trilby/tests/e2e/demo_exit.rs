//! `trilby demo --exit`: the self-check that a pipeline runs.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::folder::contents;
use crate::story::assert_tells_no_secret;

#[test]
fn the_checked_demo_succeeds_in_time_and_leaves_nothing() {
    let [here, temporary, home] = [(); 3].map(|()| TempDir::new().unwrap());
    let begun = Instant::now();
    let output = command(here.path(), temporary.path(), home.path())
        .args(["demo", "--exit"])
        .output()
        .unwrap();
    let took = begun.elapsed();
    let stdout = String::from_utf8(output.stdout).unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{stdout}\n{stderr}");
    assert!(took < Duration::from_secs(30), "it took {took:?}");
    let last = stdout.lines().last().unwrap_or_default();
    assert!(last.contains(" checks passed in "), "{last}");
    for folder in [&here, &temporary, &home] {
        let left = contents(folder.path());
        assert!(left.is_empty(), "left behind: {:?}", left.keys());
    }
    assert_tells_no_secret(&stdout, &[]);
    assert_tells_no_secret(&stderr, &[]);
}

#[test]
fn a_checked_demo_that_cannot_begin_says_so() {
    let [here, home] = [(); 2].map(|()| TempDir::new().unwrap());
    let output = command(here.path(), &here.path().join("is-not-there"), home.path())
        .args(["demo", "--exit"])
        .output()
        .unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(stderr.contains("temporary folder"), "{stderr}");
    assert!(contents(here.path()).is_empty());
}

/// The program in these folders, with nothing of the test's own settings.
fn command(here: &Path, temporary: &Path, home: &Path) -> Command {
    let kept: BTreeMap<_, _> = std::env::vars_os()
        .filter(|(name, _)| !name.to_string_lossy().starts_with("TRILBY_"))
        .collect();
    let mut command = Command::new(env!("CARGO_BIN_EXE_trilby"));
    command
        .env_clear()
        .envs(kept)
        .env("TMPDIR", temporary)
        .env("HOME", home)
        .current_dir(here);
    command
}
