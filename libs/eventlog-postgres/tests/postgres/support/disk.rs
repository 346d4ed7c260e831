//! What a disk holds after a power cut.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::str::FromStr;

use trilby_testkit::simulation::Random;

use super::cluster::Cluster;

/// What Postgres writes at a time, and what a disk writes at a time.
const PAGE: usize = 8192;
const SECTOR: usize = 512;
/// Size of the log's files, as `initdb` was told.
const SEGMENT: u64 = 1 << 20;

/// A place in the write-ahead log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Lsn(u64);

impl FromStr for Lsn {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split_once('/');
        let (high, low) = parts.ok_or_else(|| format!("`{text}`"))?;
        let number = |text| u64::from_str_radix(text, 16).map_err(|error| error.to_string());
        Ok(Self(number(high)? << 32 | number(low)?))
    }
}

/// A copy of the data folder at a checkpoint, when nobody writes: all of it is on the disk.
pub struct Checkpoint(PathBuf);

impl Checkpoint {
    pub fn of(cluster: &Cluster) -> Self {
        let folder = cluster.folder("checkpoint");
        if folder.exists() {
            fs::remove_dir_all(&folder).unwrap();
        }
        copy(&cluster.folder("data"), &folder);
        Self(folder)
    }

    /// Makes of the data folder of a killed server what the power would have left of it, the log flushed up to there.
    /// Gives the number of torn pages.
    pub fn cut(self, cluster: &Cluster, flushed: Lsn, random: &mut Random) -> usize {
        let written = cluster.folder("written");
        fs::rename(cluster.folder("data"), &written).unwrap();
        let mut n_torn = 0;
        for file in files(&written) {
            let path = file.strip_prefix(&written).unwrap();
            let (old, new) = (fs::read(self.0.join(path)).ok(), fs::read(&file).unwrap());
            if old.as_ref() == Some(&new) {
                continue;
            }
            let left = if let Some(start) = segment(path) {
                log(start, flushed, old, new, random)
            } else if is_of_table(path) {
                Some(table(flushed, old, new, random, &mut n_torn))
            } else {
                // Not flushed since, or not at all.
                old
            };
            if let Some(left) = left {
                put(&file, &self.0.join(path), &left);
            }
        }
        fs::rename(&self.0, cluster.folder("data")).unwrap();
        fs::remove_file(cluster.folder("data/postmaster.pid")).ok();
        fs::remove_dir_all(&written).unwrap();
        n_torn
    }
}

fn copy(from: &Path, to: &Path) {
    let copied = Command::new("cp").arg("-a").arg(from).arg(to).status();
    assert!(copied.unwrap().success());
}

/// Writes a file that belongs to whom the other one belongs to.
fn put(like: &Path, path: &Path, bytes: &[u8]) {
    if !path.exists() {
        copy(like, path);
    }
    fs::write(path, bytes).unwrap();
}

/// All files below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            match entry.file_type().unwrap().is_dir() {
                true => folders.push(entry.path()),
                false => found.push(entry.path()),
            }
        }
    }
    // The order of a folder is the file system's, and the seed's numbers are used up in it.
    found.sort();
    found
}

/// Where a file of the write-ahead log begins: `pg_wal/` and timeline, upper and lower half, eight digits each.
fn segment(path: &Path) -> Option<u64> {
    let name = path.strip_prefix("pg_wal").ok()?.to_str()?;
    let digits = |range| u64::from_str_radix(name.get(range)?, 16).ok();
    (name.len() == 24).then_some(())?;
    Some((digits(8..16)? << 32) + digits(16..24)? * SEGMENT)
}

/// `base/5/1259`, `base/5/1259_vm`, `global/1262`.
fn is_of_table(path: &Path) -> bool {
    let name = path.file_name().unwrap().to_str().unwrap();
    (path.starts_with("base") || path.starts_with("global"))
        && name.starts_with(|first: char| first.is_ascii_digit())
}

/// A file of the log: whole up to the flush; beyond it each sector may be there or not.
fn log(
    start: u64,
    flushed: Lsn,
    old: Option<Vec<u8>>,
    new: Vec<u8>,
    random: &mut Random,
) -> Option<Vec<u8>> {
    let end = flushed.0.saturating_sub(start).min(SEGMENT);
    let end = usize::try_from(end).unwrap();
    if end == 0 && old.is_none() && random.below(2) == 0 {
        return None;
    }
    let mut left = old.unwrap_or_else(|| vec![0; new.len()]);
    left[..end].copy_from_slice(&new[..end]);
    // All of them, none of them, or some: with holes there is no end that could be read as one.
    let how = random.below(3);
    for (left, new) in left[end..]
        .chunks_mut(SECTOR)
        .zip(new[end..].chunks(SECTOR))
    {
        if how == 0 || how == 1 && random.below(2) == 0 {
            left.copy_from_slice(new);
        }
    }
    Some(left)
}

/// A file of a table or an index: each page old, new or torn.
fn table(
    flushed: Lsn,
    old: Option<Vec<u8>>,
    new: Vec<u8>,
    random: &mut Random,
    n_torn: &mut usize,
) -> Vec<u8> {
    let mut left = old.unwrap_or_default();
    if new.len() > left.len() {
        left.resize(new.len(), 0);
    }
    for (left, new) in left.chunks_mut(PAGE).zip(new.chunks(PAGE)) {
        // A page goes to the disk after the log that tells of it: this one was not written before the cut.
        if left == new || lsn(new) > flushed {
            continue;
        }
        match random.below(3) {
            0 => {}
            1 => left.copy_from_slice(new),
            _ => {
                let n_sectors = u64::try_from(PAGE / SECTOR).unwrap();
                let arrived = SECTOR * usize::try_from(1 + random.below(n_sectors - 1)).unwrap();
                left[..arrived].copy_from_slice(&new[..arrived]);
                *n_torn += 1;
            }
        }
    }
    left
}

/// The last change of a page, as its header has it.
fn lsn(page: &[u8]) -> Lsn {
    let half = |at: usize| u32::from_ne_bytes(page[at..at + 4].try_into().unwrap());
    Lsn(u64::from(half(0)) << 32 | u64::from(half(4)))
}
