//! `cargo xtask openapi`: the documents of the API, from the binary that serves it.

use std::path::Path;
use std::process::Command;

use crate::{command, workspace};

#[derive(clap::Args)]
pub struct Args {
    /// Change nothing; fail if a committed document is not what the handlers say
    #[arg(long)]
    check: bool,
}

pub fn run(root: &Path, args: &Args) -> anyhow::Result<()> {
    let mut build = Command::new("cargo");
    build.args(["build", "--quiet"]).args(workspace::WHOLE);
    build.args(workspace::PROGRAM_OF_TESTS).current_dir(root);
    command::run(&mut build)?;
    let mut trilby = Command::new(workspace::target_dir(root).join("debug/trilby"));
    trilby.args(["openapi", "--dir", "openapi"]);
    if args.check {
        trilby.arg("--check");
    }
    command::run(trilby.current_dir(root))
}
