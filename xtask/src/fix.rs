//! `cargo xtask fix`: what a machine can tidy, tidied.

use std::path::Path;
use std::process::Command;

use crate::{command, workspace};

pub fn run(root: &Path) -> anyhow::Result<()> {
    let mut clippy = Command::new("cargo");
    clippy.args(["clippy", "--fix", "--allow-dirty", "--allow-staged"]);
    clippy.args(workspace::WHOLE).arg("--all-targets");
    command::run(clippy.current_dir(root))?;
    command::run(
        Command::new("cargo")
            .args(["fmt", "--all"])
            .current_dir(root),
    )
}
