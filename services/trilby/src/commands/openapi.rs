//! `trilby openapi`: the API documents, from the operations that are served.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;

use crate::api;
use crate::role::Role;
use crate::terminal::Terminal;

pub fn run(dir: &Path, check: bool, terminal: &Terminal) -> anyhow::Result<ExitCode> {
    api::registry(Role::ALL)
        .check()
        .context("the operations contradict each other")?;
    let mut stale = false;
    for (service, text) in api::documents(Role::ALL)? {
        let path = dir.join(format!("{service}.json"));
        let found = std::fs::read_to_string(&path).unwrap_or_default();
        if found == text {
            continue;
        }
        if check {
            stale = true;
            terminal.line(&format!(
                "{} is not what the operations say; run `cargo xtask openapi`",
                path.display()
            ))?;
        } else {
            std::fs::write(&path, text)
                .with_context(|| format!("cannot write {}", path.display()))?;
            terminal.line(&format!("wrote {}", path.display()))?;
        }
    }
    Ok(if stale {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}
