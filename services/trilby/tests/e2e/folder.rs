//! Folders as they are: every file with its mode and bytes.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Mode and content of everything in a folder; of a folder in it, the mode alone.
pub type Contents = BTreeMap<PathBuf, (u32, Option<Vec<u8>>)>;

/// Reads a folder; empty if there is none.
pub fn contents(root: &Path) -> Contents {
    let mut found = Contents::new();
    gather(root, root, &mut found);
    found
}

fn gather(root: &Path, folder: &Path, found: &mut Contents) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for entry in entries {
        let path = entry.unwrap().path();
        let facts = fs::symlink_metadata(&path).unwrap();
        let bytes = facts.is_file().then(|| fs::read(&path).unwrap());
        let name = path.strip_prefix(root).unwrap().to_owned();
        found.insert(name, (mode(&path), bytes));
        if facts.is_dir() {
            gather(root, &path, found);
        }
    }
}

/// Says which files differ, without printing their bytes.
#[track_caller]
pub fn assert_unchanged(before: &Contents, root: &Path) {
    let after = contents(root);
    let names = before.keys().chain(after.keys());
    let changed: Vec<&PathBuf> = names
        .filter(|name| before.get(*name) != after.get(*name))
        .collect();
    assert!(
        changed.is_empty(),
        "changed in {}: {changed:?}",
        root.display()
    );
}

/// Waits until a process that has nothing to do has put its folder in order.
pub fn settled(root: &Path) {
    let mut before = contents(root);
    for _ in 0..40 {
        std::thread::sleep(Duration::from_millis(300));
        let after = contents(root);
        if after == before {
            return;
        }
        before = after;
    }
    panic!("{} never comes to rest", root.display());
}

/// The permission bits.
pub fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).unwrap().permissions().mode() & 0o777
}

/// Copies a folder with its modes.
pub fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    fs::set_permissions(to, fs::metadata(from).unwrap().permissions()).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        match path.is_dir() {
            true => copy(&path, &target),
            false => drop(fs::copy(&path, &target).unwrap()),
        }
    }
}
