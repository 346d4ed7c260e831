//! The crate table: who may use whom, and what pure crates must not be able to reach.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context as _;
use cargo_metadata::{DependencyKind, Metadata, Package, PackageId};

use super::{Finding, Tree};

const TABLE: &str = include_str!("crates.toml");

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    tests_may_use: BTreeSet<String>,
    pure: Pure,
    may_use: BTreeMap<String, BTreeSet<String>>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Pure {
    crates: BTreeSet<String>,
    may_not_link: BTreeSet<String>,
}

pub fn check(tree: &Tree) -> anyhow::Result<Vec<Finding>> {
    let table: Table = toml::from_str(TABLE).context("crates.toml")?;
    let members = members(&tree.metadata);
    let folders: BTreeMap<&str, &str> = members
        .iter()
        .map(|(folder, package)| (package.name.as_str(), folder.as_str()))
        .collect();
    let mut findings = Vec::new();
    for (folder, package) in &members {
        let Some(allowed) = table.may_use.get(folder) else {
            findings.push(Finding::new(
                folder,
                "has no row in xtask/src/tidy/crates.toml",
            ));
            continue;
        };
        findings.extend(forbidden_uses(
            folder,
            package,
            allowed,
            &table.tests_may_use,
            &folders,
        ));
    }
    let gone = table
        .may_use
        .keys()
        .chain(&table.pure.crates)
        .filter(|folder| !members.contains_key(*folder));
    findings.extend(gone.map(|folder| {
        Finding::new(
            folder,
            "is in xtask/src/tidy/crates.toml but not in the workspace",
        )
    }));
    for folder in &table.pure.crates {
        if let Some(package) = members.get(folder) {
            let linked = linked_from(&tree.metadata, &package.id)?;
            let reached = table.pure.may_not_link.iter().filter(|name| {
                linked
                    .iter()
                    .any(|package| package.name.as_str() == name.as_str())
            });
            findings.extend(
                reached.map(|name| {
                    Finding::new(folder, format!("is a pure crate but links `{name}`"))
                }),
            );
        }
    }
    Ok(findings)
}

fn forbidden_uses(
    folder: &str,
    package: &Package,
    allowed: &BTreeSet<String>,
    tests: &BTreeSet<String>,
    folders: &BTreeMap<&str, &str>,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    for dependency in &package.dependencies {
        let Some(used) = folders.get(dependency.name.as_str()) else {
            continue;
        };
        let for_tests = dependency.kind == DependencyKind::Development;
        if !(allowed.contains(*used) || for_tests && tests.contains(*used)) {
            findings.push(Finding::new(folder, format!("may not use {used}")));
        }
    }
    findings
}

/// The workspace's packages by folder.
fn members(metadata: &Metadata) -> BTreeMap<String, &Package> {
    let folder = |package: &Package| {
        let folder = package
            .manifest_path
            .parent()
            .and_then(|folder| folder.strip_prefix(&metadata.workspace_root).ok());
        folder.map(|folder| folder.as_str().replace('\\', "/"))
    };
    metadata
        .workspace_packages()
        .into_iter()
        .filter_map(|package| Some((folder(package)?, package)))
        .collect()
}

/// Everything that ends up in, or is run to build, what `from` builds: normal and build dependencies, and theirs.
pub fn linked_from<'a>(
    metadata: &'a Metadata,
    from: &PackageId,
) -> anyhow::Result<Vec<&'a Package>> {
    let resolve = metadata
        .resolve
        .as_ref()
        .context("cargo metadata resolved nothing")?;
    let nodes: BTreeMap<&PackageId, _> =
        resolve.nodes.iter().map(|node| (&node.id, node)).collect();
    let mut linked = BTreeSet::new();
    let mut to_visit = vec![from];
    while let Some(id) = to_visit.pop() {
        if !linked.insert(id) {
            continue;
        }
        let node = nodes
            .get(id)
            .with_context(|| format!("{id} is not resolved"))?;
        let shipped = node.deps.iter().filter(|dep| {
            dep.dep_kinds
                .iter()
                .any(|kind| kind.kind != DependencyKind::Development)
        });
        to_visit.extend(shipped.map(|dep| &dep.pkg));
    }
    Ok(metadata
        .packages
        .iter()
        .filter(|package| linked.contains(&package.id))
        .collect())
}
