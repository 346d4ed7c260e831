//! What the story remembers between runs: which chapters were told, and the ids it met. No secret is in it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::Context;
use serde::{Deserialize, Serialize};

/// File name in the story's folder.
const FILE: &str = "story.json";

/// The remembered story.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Memory {
    #[serde(skip)]
    path: PathBuf,
    /// Tells this store's story from another one's; part of the idempotency keys of what may be made anew.
    run: String,
    told: BTreeSet<String>,
    facts: BTreeMap<String, String>,
}

impl Memory {
    /// Reads the story of `folder`, or begins one.
    pub fn open(folder: &Path) -> anyhow::Result<Self> {
        let path = folder.join(FILE);
        let mut memory = match std::fs::read_to_string(&path) {
            Ok(text) => serde_json::from_str(&text)
                .with_context(|| format!("{} is not a story", path.display()))?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Self::default(),
            Err(error) => {
                return Err(error).with_context(|| format!("cannot read {}", path.display()));
            }
        };
        memory.path = path;
        if memory.run.is_empty() {
            let mut bytes = [0u8; 8];
            getrandom::fill(&mut bytes).context("the operating system gives no randomness")?;
            memory.run = u64::from_be_bytes(bytes).to_string();
        }
        Ok(memory)
    }

    pub fn run(&self) -> &str {
        &self.run
    }

    pub fn is_told(&self, chapter: &str) -> bool {
        self.told.contains(chapter)
    }

    pub fn nothing_told(&self) -> bool {
        self.told.is_empty()
    }

    pub fn mark_told(&mut self, chapter: &str) -> anyhow::Result<()> {
        self.told.insert(chapter.to_owned());
        self.save()
    }

    pub fn remember(&mut self, name: &str, value: &str) -> anyhow::Result<()> {
        self.facts.insert(name.to_owned(), value.to_owned());
        self.save()
    }

    pub fn knows(&self, name: &str) -> bool {
        self.facts.contains_key(name)
    }

    /// A fact an earlier chapter learned.
    pub fn fact(&self, name: &str) -> anyhow::Result<String> {
        self.facts
            .get(name)
            .cloned()
            .with_context(|| format!("the story does not know `{name}` yet"))
    }

    fn save(&self) -> anyhow::Result<()> {
        crate::files::write_private(&self.path, serde_json::to_string_pretty(self)?.as_bytes())
    }
}
