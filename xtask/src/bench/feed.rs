//! `cargo xtask bench feed`, and `cargo xtask pairs`: several processes of every service over one Postgres, from outside.

use std::path::Path;
use std::process::Command;

use crate::{command, services, workspace};

#[derive(clap::Args)]
pub struct Pairs {
    /// How many reads, of three nodes after each write
    #[arg(long, default_value_t = 1_000_000)]
    pairs: u64,
}

/// How soon all decide by what one has written: through Kafka, and with Kafka down. And how fast a relay tells a backlog.
pub fn propagation(root: &Path, short: bool) -> anyhow::Result<()> {
    build(root)?;
    let (sizes, backlog): (&[&str], &[&str]) = match short {
        true => (
            &[
                "--accounts",
                "60",
                "--rate",
                "100",
                "--samples",
                "60",
                "--warm-up-s",
                "0",
            ],
            &["--commits", "10000", "--accounts", "100"],
        ),
        false => (&[], &[]),
    };
    load(root, &[&["propagate"], sizes].concat())?;
    load(root, &[&["relay"], backlog].concat())
}

/// Writes and reads that carry the write's token. Fails if one was given what was before.
pub fn pairs(root: &Path, args: &Pairs) -> anyhow::Result<()> {
    build(root)?;
    load(root, &["pairs", "--pairs", &args.pairs.to_string()])
}

fn build(root: &Path) -> anyhow::Result<()> {
    let mut build = Command::new("cargo");
    build.args(["build", "--release", "--locked"]);
    build.args(["--bin", "trilby-load-feed", "--bin", "trilby"]);
    build.args(workspace::WHOLE);
    command::run(build.current_dir(root))
}

fn load(root: &Path, args: &[&str]) -> anyhow::Result<()> {
    let target = workspace::target_dir(root);
    let programs = target.join("release");
    services::with_bench(root, |url| {
        let mut bench = Command::new(programs.join("trilby-load-feed"));
        bench.arg("--program").arg(programs.join("trilby"));
        bench.arg("--dir").arg(target.join("load-tests"));
        bench.arg("--json");
        bench.arg(target.join("bench").join("feed.json"));
        bench.args(args);
        // Not on the command line that is shown: the URL has a password.
        bench.env("TRILBY_BENCH_URL", url);
        command::run(&mut bench)
    })
}
