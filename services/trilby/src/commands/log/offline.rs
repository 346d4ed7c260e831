//! `trilby log verify --offline`: exports, without the store that they are of.

use std::fs::{self, File};
use std::io::{self, BufReader};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use trilby_eventlog::verify::{Exports, Report};
use trilby_model::Position;

/// Files of a folder: above the logs of a large installation, and a bound on what is listed.
const FILES_MAX: usize = 1_000_000;

/// What an export of a folder ends with.
const ENDING: &str = "jsonl";

/// Verifies a file, the exports in a folder (`*.jsonl`), or standard input (`-`).
///
/// Errors: something cannot be read, or a folder holds none.
pub fn verify(place: &Path, kept: &[Position]) -> anyhow::Result<Report> {
    let mut exports = Exports::new(kept);
    if place == Path::new("-") {
        exports
            .file("standard input", io::stdin().lock())
            .context("cannot read standard input")?;
        return Ok(exports.report());
    }
    for path in files(place)? {
        let shown = path.display().to_string();
        let file = File::open(&path).with_context(|| format!("cannot open `{shown}`"))?;
        exports
            .file(&shown, BufReader::new(file))
            .with_context(|| format!("cannot read `{shown}`"))?;
    }
    Ok(exports.report())
}

/// The file, or those of the folder in the order of their names.
fn files(place: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let shown = place.display();
    let facts = fs::metadata(place).with_context(|| format!("cannot read `{shown}`"))?;
    if !facts.is_dir() {
        return Ok(vec![place.to_path_buf()]);
    }
    let mut files = Vec::new();
    for entry in fs::read_dir(place).with_context(|| format!("cannot read `{shown}`"))? {
        let path = entry
            .with_context(|| format!("cannot read `{shown}`"))?
            .path();
        if path.extension().is_none_or(|ending| ending != ENDING) {
            continue;
        }
        if files.len() == FILES_MAX {
            bail!("the folder `{shown}` holds more than {FILES_MAX} exports");
        }
        files.push(path);
    }
    if files.is_empty() {
        bail!("the folder `{shown}` holds no export (`*.{ENDING}`)");
    }
    files.sort();
    Ok(files)
}
