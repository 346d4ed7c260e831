//! What is built of outside dependencies serves the copy as it serves the work tree: linked, not built again.

use std::fs;
use std::path::Path;

use anyhow::Context as _;

/// The folder of builds with debug assertions: what tests are built into.
const PROFILE: &str = "debug";
/// What is linked. The first name below says whose it is.
const FOLDERS: [&str; 3] = ["deps", "build", ".fingerprint"];

/// Links the builds of all crates but ours into a fresh folder of builds. Does nothing to one that is in use already.
pub fn dependencies(from: &Path, to: &Path) -> anyhow::Result<()> {
    let (from, to) = (from.join(PROFILE), to.join(PROFILE));
    if to.exists() || !from.exists() {
        return Ok(());
    }
    for folder in FOLDERS {
        let (from, to) = (from.join(folder), to.join(folder));
        fs::create_dir_all(&to)?;
        for entry in fs::read_dir(&from).with_context(|| from.display().to_string())? {
            let entry = entry?;
            if !is_ours(&entry.file_name().to_string_lossy()) {
                link(&entry.path(), &to.join(entry.file_name()))?;
            }
        }
    }
    Ok(())
}

/// Whether a build is of a crate of this workspace. Its test programs are called by their files, without our name;
/// they are linked in vain and never used.
fn is_ours(name: &str) -> bool {
    let name = name.strip_prefix("lib").unwrap_or(name);
    name.starts_with("trilby") || name.starts_with("xtask")
}

/// Links a file, or everything below a folder.
fn link(from: &Path, to: &Path) -> anyhow::Result<()> {
    if from.is_dir() {
        fs::create_dir_all(to)?;
        for entry in fs::read_dir(from)? {
            let entry = entry?;
            link(&entry.path(), &to.join(entry.file_name()))?;
        }
        return Ok(());
    }
    // A build that ran a moment ago may have removed it.
    match fs::hard_link(from, to) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        other => other.with_context(|| from.display().to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_builds_stay_out() {
        let here = tempfile::TempDir::new().unwrap();
        let (from, to) = (here.path().join("a"), here.path().join("b"));
        for file in [
            "deps/libserde-1.rlib",
            "deps/libtrilby_engine-1.rlib",
            "build/ring-1/out",
            ".fingerprint/serde-1/lib",
            ".fingerprint/xtask-1/bin",
        ] {
            let file = from.join(PROFILE).join(file);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, "").unwrap();
        }
        dependencies(&from, &to).unwrap();
        let has = |file: &str| to.join(PROFILE).join(file).exists();
        assert!(has("deps/libserde-1.rlib"));
        assert!(has("build/ring-1/out"));
        assert!(has(".fingerprint/serde-1/lib"));
        assert!(!has("deps/libtrilby_engine-1.rlib"));
        assert!(!has(".fingerprint/xtask-1"));
    }
}
