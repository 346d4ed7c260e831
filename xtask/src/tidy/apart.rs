//! A second opinion is worth something only if it is not the first one again: what it may link, and where its code is.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::Context as _;

use super::crates::linked_from;
use super::{Finding, Tree};

const TABLE: &str = include_str!("apart.toml");

/// What brings in code from beside a crate's own folder.
const BORROWING: [&str; 3] = ["#[path", "include!(", "extern crate"];

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    apart: Vec<Apart>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Apart {
    folder: String,
    may_link: BTreeSet<String>,
}

pub fn check(tree: &Tree) -> anyhow::Result<Vec<Finding>> {
    let table: Table = toml::from_str(TABLE).context("apart.toml")?;
    let mut findings = Vec::new();
    for Apart { folder, may_link } in &table.apart {
        let manifest = tree.metadata.workspace_root.join(folder).join("Cargo.toml");
        let package = tree
            .metadata
            .packages
            .iter()
            .find(|package| package.manifest_path == manifest)
            .with_context(|| format!("{folder} is no crate"))?;
        let linked = linked_from(&tree.metadata, &package.id)?;
        let names = linked
            .iter()
            .filter(|linked| linked.id != package.id)
            .map(|linked| linked.name.as_str());
        let for_tests = package
            .dependencies
            .iter()
            .map(|dependency| dependency.name.as_str());
        findings.extend(
            beyond(names.chain(for_tests), may_link)
                .into_iter()
                .map(|name| Finding::new(folder, format!("stands apart and may not use `{name}`"))),
        );
        for file in tree.files.iter().filter(|file| file.starts_with(folder)) {
            let text = tree.text(file)?.unwrap_or_default();
            findings.extend(borrowed(file, &text));
        }
    }
    Ok(findings)
}

/// What is used and not allowed, each once.
fn beyond<'a>(
    used: impl Iterator<Item = &'a str>,
    may_link: &BTreeSet<String>,
) -> BTreeSet<&'a str> {
    used.filter(|name| !may_link.contains(*name)).collect()
}

fn borrowed(file: &Path, text: &str) -> Option<Finding> {
    let is_code = file.extension().is_some_and(|end| end == "rs");
    let found = BORROWING.iter().find(|word| text.contains(**word))?;
    is_code.then(|| Finding::of_file(file, format!("brings in code by `{found}`")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_listed_is_a_finding() {
        let may_link = ["serde_json".to_owned()].into();
        let used = ["serde_json", "trilby-policy", "globset", "globset"];
        let found = beyond(used.into_iter(), &may_link);
        assert_eq!(found, ["globset", "trilby-policy"].into());
    }

    #[test]
    fn code_from_elsewhere_is_a_finding() {
        let file = Path::new("load-tests/naive/src/glob.rs");
        let text = "#[path = \"../../../libs/policy/src/pattern/glob.rs\"]\nmod glob;";
        assert!(borrowed(file, text).is_some());
        assert!(borrowed(file, "mod glob;").is_none());
        assert!(borrowed(Path::new("README.md"), text).is_none());
    }
}
