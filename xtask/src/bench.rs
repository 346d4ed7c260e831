//! `cargo xtask bench`: measures the release binary, each figure beside its baseline; `bench engine`: the engine alone; `bench
//! log`: the log alone; `bench feed`: the news between processes; `bench load`: a cluster until it breaks.

mod feed;
mod instructions;
mod load;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{command, services, workspace};

#[derive(clap::Args)]
pub struct Args {
    /// The short form: sees that everything can be measured, in about a minute
    #[arg(long, global = true)]
    short: bool,
    /// With the build of the tests: sees that everything can be measured, and measures nothing of worth
    #[arg(long, requires = "short")]
    unoptimized: bool,
    /// Write the figures as JSON as well
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    #[command(subcommand)]
    what: Option<What>,
}

pub use feed::{Pairs, pairs};

#[derive(clap::Subcommand)]
enum What {
    /// The policy engine beside Cedar and the naive evaluator; writes `target/bench/engine.json`
    Engine(Engine),
    /// The log on Postgres and SQLite beside raw inserts; writes `target/bench/log.json`
    Log,
    /// How soon every process decides by what one has written; writes `target/bench/feed.json`
    Feed,
    /// A cluster under a fixed rate until it breaks, and at 70 % of that; writes a report into `load-tests/reports/`
    Load(load::Load),
}

#[derive(clap::Args)]
struct Engine {
    /// Counts instructions per decision instead, with valgrind, and holds them to `load-tests/engine/instructions.json`
    #[arg(long)]
    instructions: bool,
    /// Writes the counts as what the next ones are held to
    #[arg(long, requires = "instructions")]
    rebase: bool,
}

pub fn run(root: &Path, args: &Args) -> anyhow::Result<()> {
    match &args.what {
        None => embedded(root, args),
        Some(What::Engine(of_engine)) if of_engine.instructions => {
            instructions::run(root, of_engine.rebase)
        }
        Some(What::Engine(_)) => engine(root, args),
        Some(What::Log) => log(root, args),
        Some(What::Feed) => feed::propagation(root, args.short),
        Some(What::Load(load)) => load::run(root, load, args.short),
    }
}

/// Times first, then the heap in a build that counts: counting costs whoever allocates, and so would favour us.
fn engine(root: &Path, args: &Args) -> anyhow::Result<()> {
    let target = workspace::target_dir(root);
    let figures = target.join("bench").join("engine.json");
    // Figures of an older run would pass for this one's.
    if figures.exists() {
        fs::remove_file(&figures)?;
    }
    for features in [None, Some("count")] {
        let mut bench = Command::new("cargo");
        bench.args(["run", "--release", "--locked", "--quiet"]);
        bench.args(features.map(|name| format!("--features={name}")));
        bench
            .arg("--target-dir")
            .arg(target.join("bench-build"))
            .arg("--")
            .arg("--json")
            .arg(&figures)
            .current_dir(root.join("load-tests").join("engine"));
        if args.short {
            bench.arg("--short");
        }
        command::run(&mut bench)?;
    }
    Ok(())
}

fn log(root: &Path, args: &Args) -> anyhow::Result<()> {
    command::run(
        Command::new("cargo")
            .args(["build", "--release", "--locked"])
            .args(workspace::WHOLE)
            .args(["--bin", "trilby-load-log", "--bin", "trilby"])
            .current_dir(root),
    )?;
    let target = workspace::target_dir(root);
    services::with_flushes(root, |url, flush_file| {
        let mut bench = Command::new(target.join("release").join("trilby-load-log"));
        bench.arg("--dir").arg(target.join("load-tests"));
        if let Some(file) = flush_file {
            bench.arg("--flush-file").arg(file);
        }
        bench
            .arg("--program")
            .arg(target.join("release").join("trilby"));
        bench
            .arg("--json")
            .arg(target.join("bench").join("log.json"));
        if args.short {
            bench.arg("--short");
        }
        // Not on the command line that is shown: the URL has a password.
        bench.env("TRILBY_BENCH_URL", url);
        command::run(&mut bench)
    })
}

fn embedded(root: &Path, args: &Args) -> anyhow::Result<()> {
    let mut build = Command::new("cargo");
    build.args(["build", "--locked"]);
    if args.unoptimized {
        build.args(workspace::WHOLE);
        build.args(workspace::PROGRAM_OF_TESTS);
        build.args(["--bin", "trilby-load-embedded"]);
    } else {
        build.args(["--release", "--package", "trilby"]);
        build.args(["--package", "trilby-load-embedded"]);
    }
    command::run(build.current_dir(root))?;
    let target = workspace::target_dir(root);
    let programs = target.join(if args.unoptimized { "debug" } else { "release" });
    // Beside the builds: a folder for temporary files is often in memory, and an installation's is not.
    let folder = target.join("load-tests");
    fs::create_dir_all(&folder)?;
    let mut bench = Command::new(programs.join("trilby-load-embedded"));
    bench.arg("--program").arg(programs.join("trilby"));
    bench.arg("--dir").arg(&folder);
    if args.short {
        bench.arg("--short");
    }
    if let Some(file) = &args.json {
        bench.arg("--json").arg(file);
    }
    command::run(&mut bench)
}
