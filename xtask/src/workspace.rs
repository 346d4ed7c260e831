//! Where the workspace is and which files belong to it.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail, ensure};

/// The selection with which everything is built, whatever is wanted of it: with another one cargo gives the dependencies
/// other features, and builds them anew.
pub const WHOLE: [&str; 3] = ["--workspace", "--features", "trilby/cluster"];

/// The program as tests run it. Cargo gives dependencies the features that only tests ask for where it builds a test: without one,
/// a small one, it would build them all once more.
pub const PROGRAM_OF_TESTS: [&str; 4] = ["--bin", "trilby", "--test", "kafka"];

/// The workspace's folder: the parent of this crate's, which cargo names when it runs us.
pub fn root() -> anyhow::Result<PathBuf> {
    let Some(manifest) = env::var_os("CARGO_MANIFEST_DIR") else {
        bail!("run this as `cargo xtask`")
    };
    let parent = Path::new(&manifest).parent().map(Path::to_owned);
    parent.context("this crate has no parent folder")
}

/// Where builds go: what cargo itself uses.
pub fn target_dir(root: &Path) -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), |dir| root.join(dir))
}

/// Every file of the work tree that is tracked, or new and not ignored; relative to `root`, in order.
pub fn files(root: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let listing = [
        "ls-files",
        "-z",
        "--cached",
        "--others",
        "--exclude-standard",
    ];
    let output = Command::new("git")
        .args(listing)
        .current_dir(root)
        .output()
        .context("cannot run git")?;
    ensure!(
        output.status.success(),
        "git ls-files failed: {}",
        String::from_utf8_lossy(&output.stderr).trim()
    );
    let text = String::from_utf8(output.stdout).context("a file name is not UTF-8")?;
    let mut files: Vec<PathBuf> = text.split_terminator('\0').map(PathBuf::from).collect();
    // A file deleted in the work tree is still in the index.
    files.retain(|file| root.join(file).is_file());
    files.sort();
    files.dedup();
    Ok(files)
}
