//! The commands of `docs/operating.md` that read the log: a check of the whole, and exports that are verified without it.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use anyhow::ensure;

use super::Trial;
use crate::command;

/// With the store, its owner's password and the store key.
const TOOL: [&str; 5] = ["run", "--rm", "--no-deps", "-T", "migrate"];

pub fn verify_and_export(trial: &Trial) -> anyhow::Result<()> {
    let verify = [&TOOL[..], &["log", "verify"]].concat();
    command::run(&mut trial.compose(&verify))?;
    let list = [&TOOL[..], &["log", "list"]].concat();
    let listed = command::quiet(&mut trial.compose(&list))?;
    let exports = trial.copy.join("exports");
    fs::create_dir(&exports)?;
    // Whoever verifies is nobody, in a container without the rest.
    fs::set_permissions(&exports, fs::Permissions::from_mode(0o755))?;
    let logs = listed.lines().filter_map(|line| line.split(' ').next());
    let logs: Vec<&str> = logs.collect();
    ensure!(!logs.is_empty(), "the store has no log");
    for log in logs {
        let export = [&TOOL[..], &["log", "export", log]].concat();
        let mut export = trial.compose(&export);
        println!("$ {}", command::show(&export));
        let file = exports.join(format!("{log}.jsonl"));
        fs::write(&file, command::quiet(&mut export)?)?;
        fs::set_permissions(&file, fs::Permissions::from_mode(0o644))?;
    }
    let mount = format!("{}:/exports:ro", exports.display());
    let image = trial.image();
    let mut offline = trial.docker(&["run", "--rm", "--network", "none", "--volume", &mount]);
    command::run(offline.args([&image, "log", "verify", "--offline", "/exports"]))
}
