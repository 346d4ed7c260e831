//! Lock files say which version and which hash, never where a machine happened to download it from.

use std::path::Path;

use super::{Finding, Tree};

/// The one source that Cargo.lock may name: cargo's own id of crates.io, which mirrors stand in for.
const CRATES_IO: &str = "registry+https://github.com/rust-lang/crates.io-index";

pub fn check(tree: &Tree) -> anyhow::Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for file in &tree.files {
        let Some(kind) = kind(file) else { continue };
        let text = tree.text(file)?.unwrap_or_default();
        findings.extend(
            addresses(kind, &text)
                .into_iter()
                .map(|line| Finding::of_file(file, format!("names a download address: {line}"))),
        );
    }
    Ok(findings)
}

#[derive(Clone, Copy)]
enum Kind {
    Cargo,
    Npm,
    Python,
}

fn kind(file: &Path) -> Option<Kind> {
    let name = file.file_name()?.to_str()?;
    match name {
        "Cargo.lock" => Some(Kind::Cargo),
        "package-lock.json" | "npm-shrinkwrap.json" | "yarn.lock" | "pnpm-lock.yaml" => {
            Some(Kind::Npm)
        }
        "poetry.lock" | "uv.lock" | "Pipfile.lock" => Some(Kind::Python),
        _ if name.starts_with("requirements") && file.extension().is_some_and(|e| e == "txt") => {
            Some(Kind::Python)
        }
        _ => None,
    }
}

/// The lines of a lock file that name an address.
fn addresses(kind: Kind, text: &str) -> Vec<&str> {
    let lines = text.lines().map(str::trim);
    let names_one = |line: &&str| match kind {
        Kind::Cargo => line.contains("://") && *line != format!("source = \"{CRATES_IO}\""),
        // `funding` and `homepage` are addresses too, but nothing is downloaded from them.
        Kind::Npm => line.contains("resolved") || line.contains(".tgz"),
        Kind::Python => {
            line.contains("://")
                || line.starts_with("--index-url")
                || line.starts_with("--extra-index-url")
                || line.starts_with("--find-links")
        }
    };
    lines.filter(names_one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_canonical_index_may_be_named() {
        let canonical = "[[package]]\nname = \"a\"\nsource = \"registry+https://github.com/rust-lang/crates.io-index\"\nchecksum = \"00\"";
        assert!(addresses(Kind::Cargo, canonical).is_empty());
        assert_eq!(
            addresses(
                Kind::Cargo,
                "source = \"sparse+https://mirror.example/index/\""
            )
            .len(),
            1
        );
        assert_eq!(
            addresses(Kind::Cargo, "source = \"git+https://github.com/a/b#0\"").len(),
            1
        );
        assert_eq!(
            addresses(
                Kind::Npm,
                "\"resolved\": \"https://mirror.example/a/-/a-1.0.0.tgz\","
            )
            .len(),
            1
        );
        assert!(addresses(Kind::Npm, "\"funding\": { \"url\": \"https://a.example\" }").is_empty());
        assert_eq!(
            addresses(
                Kind::Python,
                "--find-links dir\nattrs==1 --hash=sha256:00\na @ https://x.example/a.whl"
            )
            .len(),
            2
        );
    }
}
