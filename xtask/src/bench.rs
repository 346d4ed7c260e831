//! `cargo xtask bench`: builds the release binary and measures it, each figure beside its baseline.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{command, workspace};

#[derive(clap::Args)]
pub struct Args {
    /// The short form: sees that everything can be measured, in about a minute
    #[arg(long)]
    short: bool,
    /// Write the figures as JSON as well
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

pub fn run(root: &Path, args: &Args) -> anyhow::Result<()> {
    command::run(
        Command::new("cargo")
            .args(["build", "--release", "--locked"])
            .args(["--package", "trilby", "--package", "trilby-load-embedded"])
            .current_dir(root),
    )?;
    let target = workspace::target_dir(root);
    let programs = target.join("release");
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
