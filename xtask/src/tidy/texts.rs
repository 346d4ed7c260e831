//! Texts that no tracked file may hold: unfinished code, paths of one machine, addresses of registries.

use std::path::Path;

use anyhow::Context as _;

use super::{Finding, Tree};

const LIST: &str = include_str!("texts.toml");
/// The list itself, which has to spell what it forbids.
const LIST_FILE: &str = "xtask/src/tidy/texts.toml";

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    forbidden: Vec<Forbidden>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Forbidden {
    text: String,
    #[serde(default)]
    only: String,
    why: String,
}

pub fn check(tree: &Tree) -> anyhow::Result<Vec<Finding>> {
    let List { forbidden } = toml::from_str(LIST).context("texts.toml")?;
    let mut findings = Vec::new();
    for file in tree
        .files
        .iter()
        .filter(|file| *file != Path::new(LIST_FILE))
    {
        let Some(text) = tree.text(file)? else {
            continue;
        };
        let name = file.to_string_lossy();
        for rule in forbidden.iter().filter(|rule| name.ends_with(&rule.only)) {
            let lines = text
                .lines()
                .enumerate()
                .filter(|(_, line)| line.contains(&rule.text));
            findings.extend(lines.map(|(index, _)| {
                Finding::new(
                    format!("{name}:{}", index + 1),
                    format!("holds `{}`: {}", rule.text, rule.why),
                )
            }));
        }
    }
    Ok(findings)
}
