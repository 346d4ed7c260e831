//! Manifests: each dependency says what for, each crate takes the workspace's lints, the toolchain is nobody's file.

use std::path::Path;

use anyhow::Context as _;

use super::{Finding, Tree};

pub fn check(tree: &Tree) -> anyhow::Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for file in &tree.files {
        if let Some("rust-toolchain.toml" | "rust-toolchain") =
            file.file_name().and_then(|name| name.to_str())
        {
            findings.push(Finding::of_file(
                file,
                "the toolchain is chosen by rust-version in Cargo.toml, not by a file",
            ));
        }
    }
    let root = Path::new("Cargo.toml");
    let text = tree.text(root)?.context("Cargo.toml is not text")?;
    let unexplained = unexplained(&text);
    findings.extend(
        unexplained
            .into_iter()
            .map(|name| Finding::of_file(root, format!("no comment says what `{name}` is for"))),
    );
    for package in tree.metadata.workspace_packages() {
        let manifest = std::fs::read_to_string(&package.manifest_path)?;
        let manifest: toml::Table =
            toml::from_str(&manifest).with_context(|| package.manifest_path.to_string())?;
        let lints = manifest
            .get("lints")
            .and_then(|lints| lints.get("workspace"))
            .and_then(toml::Value::as_bool);
        if lints != Some(true) {
            findings.push(Finding::new(
                &package.name,
                "lacks `[lints] workspace = true`",
            ));
        }
        if package.license.as_deref() != Some("Apache-2.0") {
            findings.push(Finding::new(
                &package.name,
                "lacks `license.workspace = true`",
            ));
        }
        if package.publish.as_deref() != Some(&[]) {
            findings.push(Finding::new(
                &package.name,
                "lacks `publish.workspace = true`",
            ));
        }
    }
    Ok(findings)
}

/// The workspace dependencies that stand in no group under a comment. A blank line ends a group.
fn unexplained(manifest: &str) -> Vec<&str> {
    let mut names = Vec::new();
    let (mut in_section, mut explained, mut open) = (false, false, 0_usize);
    for line in manifest.lines().map(str::trim) {
        if open > 0 {
            open = (open + opened(line)).saturating_sub(closed(line));
            continue;
        }
        if line.starts_with('[') {
            (in_section, explained) = (line == "[workspace.dependencies]", false);
        } else if line.starts_with('#') {
            explained = true;
        } else if line.is_empty() {
            explained = false;
        } else if in_section {
            let name = line.split(['=', '.']).next().unwrap_or(line).trim();
            if !explained {
                names.push(name);
            }
            open = opened(line).saturating_sub(closed(line));
        }
    }
    names
}

fn opened(line: &str) -> usize {
    line.matches(['[', '{']).count()
}

fn closed(line: &str) -> usize {
    line.matches([']', '}']).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comment_explains_the_group_below_it() {
        let manifest = "[workspace.dependencies]\n# One.\na = \"1\"\nb = { version = \"1\", features = [\n  \"x\",\n] }\n\nc = \"1\"\n# Two.\nd = \"1\"\n[profile.dev]\ne = 1\n";
        assert_eq!(unexplained(manifest), ["c"]);
    }
}
