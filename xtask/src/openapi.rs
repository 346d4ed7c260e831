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
    let mut trilby = Command::new("cargo");
    trilby.args(["run", "--quiet"]).args(workspace::WHOLE);
    trilby.args(["--bin", "trilby", "--", "openapi", "--dir", "openapi"]);
    if args.check {
        trilby.arg("--check");
    }
    command::run(trilby.current_dir(root))
}
