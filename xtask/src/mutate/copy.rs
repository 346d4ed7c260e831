//! A copy of the work tree to break things in.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::seed;
use crate::workspace;

/// The copy: always in one place below the target folder, so that cargo knows the builds of the last run again.
pub struct Copy {
    folder: PathBuf,
    target_dir: PathBuf,
}

impl Copy {
    /// Makes the copy equal to the work tree. Files that are equal already keep their time stamp: cargo builds only what
    /// changed.
    ///
    /// Its builds have a folder of their own: cargo does not tell the copy's crates from the work tree's, and what is
    /// built from a broken rule must never pass for a build of the tree.
    pub fn make(root: &Path, target_dir: &Path) -> anyhow::Result<Self> {
        let copy = Self {
            folder: target_dir.join("mutate"),
            target_dir: target_dir.join("mutate-build"),
        };
        fs::create_dir_all(&copy.folder)?;
        seed::dependencies(target_dir, &copy.target_dir)?;
        let wanted = workspace::files(root)?;
        for file in &wanted {
            let bytes = fs::read(root.join(file)).with_context(|| file.display().to_string())?;
            let to = copy.folder.join(file);
            if fs::read(&to).ok().as_ref() != Some(&bytes) {
                if let Some(parent) = to.parent() {
                    fs::create_dir_all(parent)?;
                }
                fs::write(&to, bytes).with_context(|| to.display().to_string())?;
            }
        }
        remove_others(&copy.folder, Path::new(""), &wanted.into_iter().collect())?;
        Ok(copy)
    }

    /// Where it is.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where its builds go.
    pub fn target_dir(&self) -> &Path {
        &self.target_dir
    }

    /// The text of a file of the copy.
    pub fn read(&self, file: &Path) -> anyhow::Result<String> {
        fs::read_to_string(self.folder.join(file)).with_context(|| file.display().to_string())
    }

    /// Overwrites a file of the copy.
    pub fn write(&self, file: &Path, text: &str) -> anyhow::Result<()> {
        fs::write(self.folder.join(file), text).with_context(|| file.display().to_string())
    }
}

/// Removes what an earlier copy left and the work tree no longer has.
fn remove_others(folder: &Path, below: &Path, wanted: &BTreeSet<PathBuf>) -> anyhow::Result<()> {
    for entry in fs::read_dir(folder.join(below))? {
        let entry = entry?;
        let path = below.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            remove_others(folder, &path, wanted)?;
        } else if !wanted.contains(&path) {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}
