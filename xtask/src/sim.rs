//! `cargo xtask sim`: the failure tests in their long form, one after the other.
//!
//! What fails, and what must hold all the same, has a number here, F1 to F22. The same tests run in a short form with all
//! the others. A test that knows a long form goes on for its share of the time (`TRILBY_TEST_SECONDS`); the others are run
//! again and again, each time with the next seed (`TRILBY_TEST_SEED`). The last lines tell what was seen, one for each failure.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant, SystemTime};

use anyhow::bail;

use crate::{command, services, workspace};

mod failures;

use failures::{FAILURES, Failure};

/// Cases of a property in the long form; the short one has proptest's usual 256 or less.
const CASES: &str = "2000";

#[derive(clap::Args)]
pub struct Args {
    /// Repeats a run: what chance decides hangs on it alone
    #[arg(long)]
    seed: Option<u64>,
    /// How long all of it takes, about; nothing is left out, however short that is
    #[arg(long, default_value_t = 60)]
    minutes: u64,
    /// Only these failures, such as F4
    #[arg(value_name = "FAILURE")]
    only: Vec<String>,
}

pub fn run(root: &Path, args: &Args) -> anyhow::Result<()> {
    let chosen: Vec<&Failure> = FAILURES
        .iter()
        .filter(|failure| args.only.is_empty() || args.only.iter().any(|one| one == failure.name))
        .collect();
    if chosen.is_empty() {
        bail!("no such failure; they are {}", names().join(", "));
    }
    if let Some(why) = services::missing().or_else(services::missing_kafka) {
        bail!("{why}");
    }
    let seed = match args.seed {
        Some(seed) => seed,
        None => {
            let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?;
            u64::from(now.subsec_nanos())
        }
    };
    println!("seed {seed}: --seed {seed} repeats it");
    let places = Places {
        root,
        database: services::up(root)?,
        broker: services::broker(root)?,
    };
    let n = u32::try_from(chosen.len())?;
    let share = Duration::from_secs(args.minutes * 60) / n;
    let files: Vec<&str> = chosen.iter().flat_map(|one| one.files).copied().collect();
    command::run(&mut cargo(root, &files, &["--no-run"]))?;
    let mut lines = Vec::new();
    let mut failed = false;
    for failure in chosen {
        let seen = go_on(&places, failure, seed, share)?;
        failed |= !seen.passed;
        lines.push(format!("{:<4}{seen}  {}", failure.name, failure.what));
    }
    println!("\nseed {seed}");
    for line in lines {
        println!("{line}");
    }
    if failed {
        bail!("something did not hold");
    }
    Ok(())
}

fn names() -> Vec<&'static str> {
    FAILURES.iter().map(|failure| failure.name).collect()
}

fn cargo(root: &Path, files: &[&str], args: &[&str]) -> Command {
    let mut cargo = Command::new("cargo");
    cargo.current_dir(root);
    cargo
        .args(["test", "--no-fail-fast"])
        .args(workspace::WHOLE);
    let mut files = files.to_vec();
    files.sort_unstable();
    files.dedup();
    for file in files {
        cargo.args(["--test", file]);
    }
    cargo.args(args);
    cargo
}

/// What was seen of one failure.
#[derive(Default)]
struct Seen {
    passed: bool,
    n_runs: u64,
    n_tests: u64,
    counts: BTreeMap<String, u64>,
}

impl Seen {
    /// Takes one line of output into account: of libtest's results, or `counts F4: kills=3 acknowledged=512`.
    fn read(&mut self, line: &str) {
        if let Some(result) = line.strip_prefix("test result: ") {
            let words: Vec<&str> = result.split([' ', ';', '.']).collect();
            let at = words.iter().position(|word| *word == "passed");
            let number = at.and_then(|at| words.get(at.checked_sub(1)?)?.parse::<u64>().ok());
            self.n_tests += number.unwrap_or(0);
        }
        // libtest may have begun the line with the test's name.
        let Some((_, counts)) = line.split_once("counts F") else {
            return;
        };
        for count in counts.split_whitespace() {
            if let Some((name, n)) = count.split_once('=')
                && let Ok(n) = n.parse::<u64>()
            {
                *self.counts.entry(name.to_owned()).or_default() += n;
            }
        }
    }
}

impl std::fmt::Display for Seen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            passed,
            n_runs,
            n_tests,
            counts,
        } = self;
        let passed = if *passed { "held" } else { "FAILED" };
        write!(f, "{passed}: runs={n_runs} tests={n_tests}")?;
        for (name, n) in counts {
            write!(f, " {name}={n}")?;
        }
        Ok(())
    }
}

/// Where the tests are, and what they talk to.
struct Places<'a> {
    root: &'a Path,
    database: String,
    broker: String,
}

fn go_on(
    places: &Places<'_>,
    failure: &Failure,
    seed: u64,
    share: Duration,
) -> anyhow::Result<Seen> {
    let begun = Instant::now();
    let mut seen = Seen {
        passed: true,
        ..Seen::default()
    };
    while seen.passed && (seen.n_runs == 0 || begun.elapsed() < share) {
        let seed = seed.wrapping_add(seen.n_runs);
        let left = share.saturating_sub(begun.elapsed());
        let mut tests = cargo(
            places.root,
            failure.files,
            &["--", "--include-ignored", "--nocapture", "--test-threads=1"],
        );
        tests
            .args(failure.tests)
            .env(services::ADDRESS, &places.database)
            .env(services::BROKER, &places.broker)
            .env("TRILBY_TEST_SEED", seed.to_string())
            .env("TRILBY_TEST_SECONDS", left.as_secs().max(1).to_string())
            .env("PROPTEST_CASES", CASES)
            .env("PROPTEST_RNG_SEED", seed.to_string());
        let n_before = seen.n_tests;
        seen.passed = command::tee(&mut tests, |line| seen.read(line))?;
        // A name that no test has any more would hold for ever.
        if seen.n_tests == n_before {
            seen.passed = false;
        }
        seen.n_runs += 1;
        if !seen.passed {
            println!("{} did not hold with seed {seed}", failure.name);
        }
    }
    Ok(seen)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_tests_tell_adds_up() {
        let mut seen = Seen {
            passed: true,
            n_runs: 2,
            ..Seen::default()
        };
        for line in [
            "test a ... counts F4: kills=3 acknowledged=512",
            "test result: ok. 2 passed; 0 failed; 1 ignored; 0 measured; 7 filtered out; finished in 0.62s",
            "counts F4: kills=4 acknowledged=100",
        ] {
            seen.read(line);
        }
        let told = "held: runs=2 tests=2 acknowledged=612 kills=7";
        assert_eq!(seen.to_string(), told);
    }

    #[test]
    fn every_named_test_exists() {
        let root = workspace::root().unwrap();
        let mut sources = String::new();
        let mut folders = vec![root.join("libs"), root.join("services")];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|ext| ext == "rs") {
                    sources.push_str(&std::fs::read_to_string(path).unwrap());
                }
            }
        }
        for failure in &FAILURES {
            for test in failure.tests {
                let name = test.rsplit("::").next().unwrap();
                let there = sources.contains(&format!("fn {name}"));
                assert!(there, "{}: {test} does not exist", failure.name);
            }
        }
    }
}
