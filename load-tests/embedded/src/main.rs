//! Measures the embedded run of a given `trilby` program on loopback, from outside, as any client sees it.
//!
//! Each figure stands beside a baseline measured in the same run on the same machine, and the ratio of the two is what can be
//! compared between machines and days. Everything is bounded in count and in time, and every answer is looked at: a wrong one
//! ends the run, since the speed of a wrong answer is of no interest. `load-tests/README.md` says how to read the figures.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command-line program talks to its user"
)]

mod callers;
mod client;
mod machine;
mod measure;
mod plan;
mod process;
mod report;
mod stats;
mod world;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Parser;

use machine::Machine;
use plan::Plan;
use process::Program;
use report::Report;

/// Measures the embedded run of a trilby program: start, memory, decisions, writes.
#[derive(Parser)]
#[command(name = "trilby-load-embedded", version)]
struct Cli {
    /// The trilby program to measure
    #[arg(long, value_name = "FILE")]
    program: PathBuf,
    /// Folder below which the data folders and the baseline's database are made; they are removed at the end.
    /// On the disk that is to be measured [default: the system's folder for temporary files]
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// The short form: sees that everything can be measured, in about a minute
    #[arg(long)]
    short: bool,
    /// Write the figures as JSON as well
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

fn main() -> ExitCode {
    match run(&Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: &Cli) -> anyhow::Result<()> {
    let plan = if cli.short { plan::SHORT } else { plan::FULL };
    let program = Program::at(&cli.program)?;
    let below = cli.dir.clone().unwrap_or_else(std::env::temp_dir);
    let folder = tempfile::Builder::new()
        .prefix("trilby-load-")
        .tempdir_in(&below)
        .with_context(|| format!("cannot make a folder in {}", below.display()))?;
    let machine = Machine::look(folder.path());
    let report = Report {
        form: report::FORM,
        program: program.version()?,
        figures: measure(&program, &plan, folder.path())?,
        plan,
        machine,
    };
    println!("\n{report}");
    if let Some(file) = &cli.json {
        let text = serde_json::to_string_pretty(&report)?;
        std::fs::write(file, text + "\n")
            .with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(())
}

fn measure(
    program: &Program,
    plan: &Plan,
    folder: &std::path::Path,
) -> anyhow::Result<Vec<report::Figure>> {
    let mut figures = Vec::new();
    let served = measure::start::run(program, plan, folder, &mut figures)?;
    eprintln!("memory: the demo's story");
    measure::memory::run(program, folder, &served.at_rest, &mut figures)?;
    measure::decisions::run(&served, plan, &mut figures)?;
    measure::writes::run(&served, plan, folder, &mut figures)?;
    served.process.stop()?;
    Ok(figures)
}
