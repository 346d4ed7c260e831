//! `cargo xtask tidy`: the rules of the workspace that no compiler checks.
//!
//! Each rule reads the tree and answers findings; all run, so that one run shows everything there is to fix.

use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use cargo_metadata::{Metadata, MetadataCommand};

use crate::workspace;

mod apart;
mod crates;
mod licences;
mod locks;
mod manifests;
mod problems;
mod texts;

/// One broken rule.
#[derive(Debug, PartialEq, Eq)]
struct Finding {
    /// The file or crate.
    place: String,
    /// What is wrong with it.
    message: String,
}

impl Finding {
    fn new(place: impl fmt::Display, message: impl Into<String>) -> Self {
        Self {
            place: place.to_string(),
            message: message.into(),
        }
    }

    fn of_file(file: &Path, message: impl Into<String>) -> Self {
        Self::new(file.display(), message)
    }
}

/// What the rules look at.
struct Tree {
    root: PathBuf,
    /// Relative to `root`.
    files: Vec<PathBuf>,
    metadata: Metadata,
}

impl Tree {
    /// The text of a file of the tree; `None` if it is not text.
    fn text(&self, file: &Path) -> anyhow::Result<Option<String>> {
        let bytes = std::fs::read(self.root.join(file))
            .with_context(|| format!("cannot read {}", file.display()))?;
        Ok(String::from_utf8(bytes)
            .ok()
            .filter(|text| !text.contains('\0')))
    }
}

type Rule = (&'static str, fn(&Tree) -> anyhow::Result<Vec<Finding>>);

const RULES: [Rule; 7] = [
    ("crate table", crates::check),
    ("second opinions", apart::check),
    ("licences", licences::check),
    ("lock files", locks::check),
    ("manifests", manifests::check),
    ("problem pages", problems::check),
    ("texts", texts::check),
];

pub fn run(root: &Path) -> anyhow::Result<()> {
    let metadata = MetadataCommand::new()
        .current_dir(root)
        .other_options(vec!["--locked".to_owned()])
        .exec()?;
    let tree = Tree {
        root: root.to_owned(),
        files: workspace::files(root)?,
        metadata,
    };
    let mut n_findings = 0;
    for (name, check) in RULES {
        let findings = check(&tree).with_context(|| format!("cannot check: {name}"))?;
        println!(
            "{name}: {}",
            if findings.is_empty() {
                "ok".to_owned()
            } else {
                format!("{} findings", findings.len())
            }
        );
        for Finding { place, message } in &findings {
            println!("  {place}: {message}");
        }
        n_findings += findings.len();
    }
    if n_findings > 0 {
        bail!("tidy: {n_findings} findings");
    }
    Ok(())
}
