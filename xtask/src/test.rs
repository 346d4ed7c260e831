//! `cargo xtask test`: the one test command.
//!
//! It runs what a bare host can (`cargo test --workspace`) and then what needs programs besides cargo. It ends with the
//! totals of the runner and a last line that names what did not run, and why: silence is not a pass.

use std::path::Path;
use std::process::Command;

use anyhow::bail;

use crate::{clients, command, services, third_party, workspace};

mod totals;

use totals::Totals;

#[derive(clap::Args)]
pub struct Args {
    /// Fail also if something could not run here (as CI does)
    #[arg(long)]
    everything: bool,
    /// Run only what cargo runs
    #[arg(long, conflicts_with = "everything")]
    cargo_only: bool,
}

pub fn run(root: &Path, args: &Args) -> anyhow::Result<()> {
    let mut totals = Totals::default();
    let mut cargo = Command::new("cargo");
    cargo
        .args(["test", "--no-fail-fast"])
        .args(workspace::WHOLE)
        .current_dir(root);
    let cargo_passed = command::tee(&mut cargo, |line| totals.read(line))?;

    let mut services_passed = true;
    let mut services_not_run = None;
    match services::missing() {
        _ if args.cargo_only => services_not_run = Some("--cargo-only"),
        Some(why) => services_not_run = Some(why),
        None => {
            let result = with_services(root, |line| totals.read_after(line));
            if let Err(error) = &result {
                println!("services: {error:#}");
            }
            services_passed = result.unwrap_or(false);
        }
    }
    let mut third_party_passed = true;
    let mut third_party_not_run = None;
    match third_party::missing() {
        _ if args.cargo_only => third_party_not_run = Some("--cargo-only"),
        Some(why) => third_party_not_run = Some(why),
        None => {
            let result = third_party::run(root, |line| totals.read_after(line));
            if let Err(error) = &result {
                println!("third-party issuer: {error:#}");
            }
            third_party_passed = result.unwrap_or(false);
        }
    }
    let mut not_run: Vec<String> = totals
        .ignored
        .iter()
        .map(|test| format!("{test} (ignored)"))
        .collect();
    if let Some(why) = services_not_run {
        not_run.push(format!("tests on Postgres and Kafka ({why})"));
    } else if let Some(why) = services::missing_kafka() {
        not_run.push(format!("tests on Kafka ({why})"));
    }
    if let Some(why) = third_party_not_run {
        not_run.push(format!("third-party issuer ({why})"));
    }
    let mut clients_passed = true;
    match clients::missing() {
        _ if args.cargo_only => not_run.push("clients (--cargo-only)".to_owned()),
        Some(why) => not_run.push(format!("clients ({why})")),
        None => {
            let result = clients::run(root, &clients::Args::default());
            if let Err(error) = &result {
                println!("clients: {error:#}");
            }
            clients_passed = result.is_ok();
            totals.add("clients", clients_passed);
        }
    }

    println!("\n{totals}");
    if not_run.is_empty() {
        println!("not run: nothing");
    } else {
        println!("not run: {}", not_run.join("; "));
    }
    if !cargo_passed
        || !services_passed
        || !third_party_passed
        || !clients_passed
        || totals.failed > 0
    {
        bail!("tests failed");
    }
    if args.everything && !not_run.is_empty() {
        bail!("not everything ran");
    }
    Ok(())
}

/// In the names of tests that need a broker: the rest of their program can run without one.
const ON_KAFKA: &str = "kafka";

/// Runs the tests that need Postgres and, if one can be had, Kafka, passing on each line they print; whether they passed.
fn with_services(root: &Path, mut on_line: impl FnMut(&str)) -> anyhow::Result<bool> {
    let url = services::up(root)?;
    let broker = match services::missing_kafka() {
        None => Some(services::broker(root)?),
        Some(_) => None,
    };
    // One after the other: each runs up to a dozen processes.
    let processes = vec!["processes".to_owned()];
    let mut others = tests_of(&root.join("libs/eventlog-postgres"))?;
    if broker.is_some() {
        others.extend(tests_of(&root.join("libs/feed-kafka"))?);
        others.extend(tests_of(&root.join("load-tests/cluster"))?);
    }
    let mut passed = true;
    for (tests, is_alone) in [(others, false), (processes, true)] {
        let mut cargo = Command::new("cargo");
        cargo
            .args(["test", "--no-fail-fast"])
            .args(workspace::WHOLE)
            .args(tests.iter().flat_map(|test| ["--test", test]))
            .args(["--", "--ignored"])
            .env(services::ADDRESS, &url)
            .current_dir(root);
        match &broker {
            Some(broker) => cargo.env(services::BROKER, broker),
            None => cargo.args(["--skip", ON_KAFKA]),
        };
        if is_alone {
            cargo.arg("--test-threads=1");
        }
        passed &= command::tee(&mut cargo, &mut on_line)?;
    }
    Ok(passed)
}

/// The names of a crate's test programs, which are files or folders with a `main.rs`.
fn tests_of(folder: &Path) -> anyhow::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder.join("tests"))? {
        let path = entry?.path();
        let is_test =
            path.extension().is_some_and(|end| end == "rs") || path.join("main.rs").is_file();
        let name = path.file_stem().and_then(|name| name.to_str());
        names.extend(name.filter(|_| is_test).map(str::to_owned));
    }
    names.sort_unstable();
    Ok(names)
}
