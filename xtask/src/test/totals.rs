//! Adding up what libtest prints.

use std::fmt;

/// What ran, over all test binaries.
#[derive(Default)]
pub struct Totals {
    pub passed: u64,
    pub failed: u64,
    binaries: u64,
    /// Names of the tests that did not run.
    pub ignored: Vec<String>,
    failures: Vec<String>,
}

impl Totals {
    /// Takes one line of output into account.
    pub fn read(&mut self, line: &str) {
        let line = line.trim();
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
            writeln!(f, "failed: {failure}")?;
        }
        let Self {
            passed,
            failed,
            binaries,
            ignored,
            failures: _,
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
}
