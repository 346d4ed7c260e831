//! Running the named test in the copy and reading what came of it.

use std::fmt;
use std::fs::File;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Context as _;

use super::copy::Copy;

/// The longest a build may take, on a machine that has other things to do.
pub(super) const BUILD_LIMIT: Duration = Duration::from_secs(1_800);
/// The longest a test may take. A mutation that hangs its test is a bad mutation: find one that fails.
pub(super) const TEST_LIMIT: Duration = Duration::from_secs(600);
const POLL: Duration = Duration::from_millis(50);

/// A `cargo test` command for one test, as written in the list.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Deserialize)]
#[serde(try_from = "String")]
pub struct Test {
    args: Vec<String>,
    /// Part of the test's name.
    name: String,
}

impl TryFrom<String> for Test {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let words: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
        let wanted =
            || format!("`{text}` is not `cargo test -p <crate> [--lib | --test <file>] <name>`");
        match words.as_slice() {
            [cargo, test, p, package, middle @ .., name]
                if cargo == "cargo" && test == "test" && p == "-p" =>
            {
                let targets: Vec<&str> = middle.iter().map(String::as_str).collect();
                let plain = |word: &str| !word.starts_with('-');
                let fits = match targets.as_slice() {
                    [] | ["--lib"] => true,
                    ["--test", file] => plain(file),
                    _ => false,
                };
                if fits && plain(package) && plain(name) {
                    let args = [
                        vec!["test".to_owned(), "-p".to_owned(), package.clone()],
                        middle.to_vec(),
                    ]
                    .concat();
                    Ok(Self {
                        args,
                        name: name.clone(),
                    })
                } else {
                    Err(wanted())
                }
            }
            _ => Err(wanted()),
        }
    }
}

impl fmt::Display for Test {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cargo {} {}", self.args.join(" "), self.name)
    }
}

/// What came of a test.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It ran and passed.
    Green,
    /// It ran and failed: the rule is guarded. The first failed test.
    Red(String),
    /// The code does not compile, which is no test's merit.
    NotCompiled,
    /// No test has that name.
    NoSuchTest,
    /// It took too long.
    Hung,
    /// The run failed, but not by the named test.
    Crashed,
    /// The untouched copy was not green.
    NotGreenBefore(String),
}

impl Outcome {
    /// Whether the mutation turned its test red.
    pub fn is_noticed(&self) -> bool {
        matches!(self, Self::Red(_))
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Green => f.write_str("test stays green"),
            Self::Red(name) => write!(f, "red: {name}"),
            Self::NotCompiled => f.write_str("does not compile"),
            Self::NoSuchTest => f.write_str("no test has that name"),
            Self::Hung => f.write_str("took too long"),
            Self::Crashed => f.write_str("the run failed, but not by the named test"),
            Self::NotGreenBefore(outcome) => write!(f, "without the mutation: {outcome}"),
        }
    }
}

impl Test {
    /// Builds and runs the test in the copy as it stands.
    pub fn run(&self, copy: &Copy) -> anyhow::Result<Outcome> {
        let (built, _) = self.cargo(copy, &["--no-run"], BUILD_LIMIT)?;
        match built {
            None => return Ok(Outcome::Hung),
            Some(status) if !status.success() => return Ok(Outcome::NotCompiled),
            Some(_) => {}
        }
        let (status, output) = self.cargo(copy, &[&self.name], TEST_LIMIT)?;
        Ok(match status {
            None => Outcome::Hung,
            Some(status) => self.read(status.success(), &output),
        })
    }

    /// Runs cargo with more arguments; its status (`None` if it hung) and standard output.
    fn cargo(
        &self,
        copy: &Copy,
        more: &[&str],
        limit: Duration,
    ) -> anyhow::Result<(Option<ExitStatus>, String)> {
        let mut command = Command::new("cargo");
        command.args(&self.args).args(more);
        bounded(&mut command, copy, limit)
    }

    fn read(&self, succeeded: bool, output: &str) -> Outcome {
        let results = output
            .lines()
            .filter_map(|line| line.trim().strip_prefix("test ")?.rsplit_once(" ... "));
        let named: Vec<(&str, &str)> = results
            .filter(|(name, _)| name.contains(&self.name))
            .collect();
        let failed = named
            .iter()
            .find(|(_, result)| result.starts_with("FAILED"));
        match failed {
            Some((name, _)) => Outcome::Red((*name).to_owned()),
            None if !succeeded => Outcome::Crashed,
            None if named.iter().any(|(_, result)| result.starts_with("ok")) => Outcome::Green,
            None => Outcome::NoSuchTest,
        }
    }
}

/// Runs a command in the copy, for so long at most; its status (`None` if it hung) and standard output.
pub(super) fn bounded(
    command: &mut Command,
    copy: &Copy,
    limit: Duration,
) -> anyhow::Result<(Option<ExitStatus>, String)> {
    // Output goes to a file: a pipe nobody reads would stop a talkative test.
    let log = copy.target_dir().join("mutate.log");
    command
        .current_dir(copy.folder())
        .env("CARGO_TARGET_DIR", copy.target_dir())
        .stdin(Stdio::null())
        .stdout(File::create(&log)?)
        .stderr(Stdio::null())
        .process_group(0);
    let mut child = command.spawn().context("cannot start it")?;
    let started = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break Some(status);
        }
        if started.elapsed() > limit {
            // The group holds the command and what it started, and nothing else.
            Command::new("kill")
                .args(["-KILL", "--", &format!("-{}", child.id())])
                .status()?;
            child.wait()?;
            break None;
        }
        thread::sleep(POLL);
    };
    Ok((
        status,
        String::from_utf8_lossy(&std::fs::read(&log)?).into_owned(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn test(text: &str) -> Result<Test, String> {
        Test::try_from(text.to_owned())
    }

    #[test]
    fn commands_name_one_crate_and_one_test() {
        for good in [
            "cargo test -p trilby-engine some_fact",
            "cargo test -p trilby-engine --lib some_fact",
            "cargo test -p trilby-engine --test decisions some_fact",
        ] {
            assert_eq!(test(good).unwrap().to_string(), good);
        }
        for bad in [
            "",
            "cargo test some_fact",
            "cargo test -p trilby-engine",
            "cargo test -p trilby-engine -- some_fact",
            "cargo run -p x y",
            "rm -rf -p x y",
            "cargo test -p trilby-engine --release some_fact",
        ] {
            assert!(test(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn only_the_named_test_counts() {
        let named = test("cargo test -p x deny").unwrap();
        assert_eq!(named.read(true, "test a::deny_wins ... ok"), Outcome::Green);
        assert_eq!(
            named.read(false, "test a::deny_wins ... FAILED"),
            Outcome::Red("a::deny_wins".to_owned())
        );
        assert_eq!(named.read(true, "running 0 tests\n"), Outcome::NoSuchTest);
        assert_eq!(
            named.read(true, "test a::deny_wins ... ignored"),
            Outcome::NoSuchTest
        );
        assert_eq!(named.read(false, "signal: 6"), Outcome::Crashed);
    }
}
