//! Adding up what libtest prints.

use std::collections::BTreeMap;
use std::fmt;

/// Most of what a failed test said that is told again with the totals.
const REASON_MAX_CHARS: usize = 800;

/// What ran, over all test binaries.
#[derive(Default)]
pub struct Totals {
    pub passed: u64,
    pub failed: u64,
    binaries: u64,
    /// Names of the tests that did not run.
    pub ignored: Vec<String>,
    failures: Vec<String>,
    /// How tests panicked, by name: what they said before is in the output.
    reasons: BTreeMap<String, String>,
    /// The failed test whose output is being read, and whether a panic's message is.
    heard: Option<(String, bool)>,
}

impl Totals {
    /// Takes one line of output into account.
    pub fn read(&mut self, line: &str) {
        let line = line.trim();
        self.hear(line);
        if let Some(result) = line.strip_prefix("test result: ") {
            self.binaries += 1;
            self.passed += count(result, "passed");
            self.failed += count(result, "failed");
        } else if let Some((name, outcome)) = line
            .strip_prefix("test ")
            .and_then(|rest| rest.rsplit_once(" ... "))
        {
            match outcome.split([',', ' ']).next() {
                Some("ignored") => self.ignored.push(name.to_owned()),
                Some("FAILED") => self.failures.push(name.to_owned()),
                Some(_) | None => {}
            }
        }
    }

    /// As [`Totals::read`], of a run of tests that the general run ignored.
    pub fn read_after(&mut self, line: &str) {
        self.read(line);
        if let Some((name, _)) = line
            .trim()
            .strip_prefix("test ")
            .and_then(|rest| rest.rsplit_once(" ... "))
        {
            self.ignored.retain(|ignored| ignored != name);
        }
    }

    /// Takes a line of what libtest prints of failed tests when all have ended.
    fn hear(&mut self, line: &str) {
        let output_of = line
            .strip_prefix("---- ")
            .and_then(|rest| rest.strip_suffix(" stdout ----"));
        if let Some(name) = output_of {
            self.heard = Some((name.to_owned(), false));
        } else if line == "failures:" || line.starts_with("test result: ") {
            self.heard = None;
        } else if let Some((name, panics)) = &mut self.heard {
            let begins = line.starts_with("thread '") && line.contains(" panicked at ");
            let ends = line.starts_with("note: ") || line.starts_with("stack backtrace:");
            *panics = begins || (*panics && !ends);
            if *panics && !line.is_empty() {
                let reason = self.reasons.entry(name.clone()).or_default();
                let left = REASON_MAX_CHARS.saturating_sub(reason.chars().count());
                let between = if reason.is_empty() { "" } else { " | " };
                reason.extend(between.chars().chain(line.chars()).take(left));
            }
        }
    }

    /// Adds a check that is no libtest test.
    pub fn add(&mut self, name: &str, passed: bool) {
        if passed {
            self.passed += 1;
        } else {
            self.failed += 1;
            self.failures.push(name.to_owned());
        }
    }
}

/// The number before `word` in `ok. 3 passed; 0 failed; …`.
fn count(result: &str, word: &str) -> u64 {
    let words: Vec<&str> = result
        .split([' ', ';', '.'])
        .filter(|word| !word.is_empty())
        .collect();
    words
        .iter()
        .zip(words.iter().skip(1))
        .find(|(_, next)| **next == word)
        .and_then(|(number, _)| number.parse().ok())
        .unwrap_or(0)
}

impl fmt::Display for Totals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for failure in &self.failures {
            write!(f, "failed: {failure}")?;
            if let Some(reason) = self.reasons.get(failure) {
                write!(f, ": {reason}")?;
            }
            writeln!(f)?;
        }
        let Self {
            passed,
            failed,
            binaries,
            ignored,
            ..
        } = self;
        write!(
            f,
            "tests: {passed} passed, {failed} failed, {} ignored, in {binaries} test binaries",
            ignored.len()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_of_all_binaries_add_up() {
        let mut totals = Totals::default();
        for line in [
            "running 3 tests",
            "test json::tests::a ... ok",
            "test json::tests::b ... FAILED",
            "test log::c ... ignored, needs services",
            "test d - should panic ... ok",
            "test result: FAILED. 2 passed; 1 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.62s",
            "test result: ok. 40 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s",
        ] {
            totals.read(line);
        }
        totals.add("clients", true);
        assert_eq!(
            totals.to_string(),
            "failed: json::tests::b\ntests: 43 passed, 1 failed, 1 ignored, in 2 test binaries"
        );
        assert_eq!(totals.ignored, ["log::c"]);
        totals.read_after("test log::c ... ok");
        assert!(totals.ignored.is_empty());
    }

    #[test]
    fn a_failed_test_s_panic_is_told_again() {
        let mut totals = Totals::default();
        for line in [
            "test a::b ... FAILED",
            "test c ... FAILED",
            "failures:",
            "",
            "---- a::b stdout ----",
            "identity was away for 700 ms",
            "",
            "thread 'a::b' (4711) panicked at services/x.rs:7:9:",
            "assertion `left == right` failed: kill-7",
            "  left: None",
            " right: Some(1)",
            "note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace",
            "",
            "---- c stdout ----",
            "Error: \"no\"",
            "",
            "failures:",
            "    a::b",
            "    c",
            "test result: FAILED. 0 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.62s",
        ] {
            totals.read(line);
        }
        assert_eq!(
            totals.to_string(),
            "failed: a::b: thread 'a::b' (4711) panicked at services/x.rs:7:9: | assertion `left == right` failed: \
             kill-7 | left: None | right: Some(1)\n\
             failed: c\n\
             tests: 0 passed, 2 failed, 0 ignored, in 1 test binaries"
        );
        let long = "x".repeat(5_000);
        for line in [
            "---- d stdout ----",
            "thread 'd' (1) panicked at e.rs:1:1:",
            &long,
            &long,
        ] {
            totals.read(line);
        }
        assert_eq!(totals.reasons["d"].chars().count(), REASON_MAX_CHARS);
    }
}
