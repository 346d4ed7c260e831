//! Licences of everything linked into the binary.

use std::collections::BTreeSet;

use anyhow::Context as _;

use super::crates::linked_from;
use super::{Finding, Tree};

/// The package whose dependencies are shipped.
const BINARY: &str = "trilby";
const LIST: &str = include_str!("licences.toml");

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    allowed: BTreeSet<String>,
}

pub fn check(tree: &Tree) -> anyhow::Result<Vec<Finding>> {
    let List { allowed } = toml::from_str(LIST).context("licences.toml")?;
    let binary = tree
        .metadata
        .workspace_packages()
        .into_iter()
        .find(|package| package.name == BINARY)
        .context("the binary is not in the workspace")?;
    let refused = linked_from(&tree.metadata, &binary.id)?
        .into_iter()
        .filter_map(|package| {
            let licence = package.license.as_deref();
            let fits = licence.is_some_and(|expression| fits(expression, &allowed));
            (!fits).then(|| {
                Finding::new(
                    format!("{} {}", package.name, package.version),
                    format!("licence {}", licence.unwrap_or("not given")),
                )
            })
        });
    Ok(refused.collect())
}

/// Whether an SPDX expression can be met with `allowed` licences only: one side of each OR, both of each AND.
///
/// An expression that cannot be read is not met.
fn fits(expression: &str, allowed: &BTreeSet<String>) -> bool {
    // `MIT/Apache-2.0` is how crates wrote OR before SPDX.
    let spaced = expression
        .replace('/', " OR ")
        .replace('(', " ( ")
        .replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut rest = words.as_slice();
    either(&mut rest, allowed).is_some_and(|met| met && rest.is_empty())
}

fn either(rest: &mut &[&str], allowed: &BTreeSet<String>) -> Option<bool> {
    let mut met = both(rest, allowed)?;
    while eat(rest, "OR") {
        met |= both(rest, allowed)?;
    }
    Some(met)
}

fn both(rest: &mut &[&str], allowed: &BTreeSet<String>) -> Option<bool> {
    let mut met = one(rest, allowed)?;
    while eat(rest, "AND") {
        met &= one(rest, allowed)?;
    }
    Some(met)
}

fn one(rest: &mut &[&str], allowed: &BTreeSet<String>) -> Option<bool> {
    if eat(rest, "(") {
        let met = either(rest, allowed)?;
        return eat(rest, ")").then_some(met);
    }
    let (name, after) = rest.split_first()?;
    *rest = after;
    let mut licence = (*name).to_owned();
    if eat(rest, "WITH") {
        let (exception, after) = rest.split_first()?;
        *rest = after;
        licence = format!("{licence} WITH {exception}");
    }
    Some(allowed.contains(&licence))
}

fn eat(rest: &mut &[&str], word: &str) -> bool {
    match rest.split_first() {
        Some((first, after)) if *first == word => {
            *rest = after;
            true
        }
        Some(_) | None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_side_of_or_and_both_of_and_must_be_allowed() {
        let allowed: BTreeSet<String> =
            ["MIT", "Apache-2.0", "ISC", "Apache-2.0 WITH LLVM-exception"]
                .map(str::to_owned)
                .into();
        for good in [
            "MIT",
            "MIT OR GPL-3.0-only",
            "MIT/Apache-2.0",
            "ISC AND (Apache-2.0 OR GPL-2.0)",
            "Apache-2.0 WITH LLVM-exception",
            "GPL-2.0 OR MIT AND ISC",
        ] {
            assert!(fits(good, &allowed), "{good}");
        }
        for bad in [
            "",
            "GPL-3.0-only",
            "AGPL-3.0",
            "LGPL-2.1-or-later",
            "MIT AND GPL-2.0",
            "(MIT",
            "MIT)",
            "MIT ISC",
            "MIT OR",
            "Apache-2.0 WITH",
            "GPL-2.0 WITH Classpath-exception-2.0",
            "(MIT OR ISC) AND LGPL-3.0",
        ] {
            assert!(!fits(bad, &allowed), "{bad}");
        }
    }
}
