//! Reading and checking the committed mutations.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};

use super::trial::Test;
use crate::workspace;

const FOLDER: &str = "xtask/mutations";

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    mutation: Vec<Mutation>,
}

/// One change to one rule.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mutation {
    /// What no longer holds, as a sentence.
    pub name: String,
    /// The file, from the workspace's folder.
    pub file: PathBuf,
    /// Text that stands in the file exactly once.
    find: String,
    /// What stands there instead.
    replace: String,
    /// The test that must fail.
    pub test: Test,
    /// Whether `trilby demo --exit` must fail as well.
    #[serde(default)]
    pub demo: bool,
}

impl Mutation {
    /// The mutated text of the file.
    pub fn applied_to(&self, text: &str) -> anyhow::Result<String> {
        let n = text.matches(&self.find).count();
        ensure!(
            n == 1,
            "`{}`: its text stands {n} times in {}, not once",
            self.name,
            self.file.display()
        );
        Ok(text.replacen(&self.find, &self.replace, 1))
    }
}

/// All mutations; an error if one does not fit its file any more.
pub fn load(root: &Path) -> anyhow::Result<Vec<Mutation>> {
    let files = workspace::files(root)?;
    let mut mutations = Vec::new();
    let lists = files
        .iter()
        .filter(|file| file.starts_with(FOLDER) && file.extension().is_some_and(|e| e == "toml"));
    for list in lists {
        let text =
            fs::read_to_string(root.join(list)).with_context(|| list.display().to_string())?;
        let List { mutation } =
            toml::from_str(&text).with_context(|| list.display().to_string())?;
        mutations.extend(mutation);
    }
    let known: BTreeSet<&Path> = files.iter().map(PathBuf::as_path).collect();
    let mut names = BTreeSet::new();
    for mutation in &mutations {
        check(mutation, root, &known)?;
        ensure!(
            names.insert(mutation.name.as_str()),
            "two mutations are called `{}`",
            mutation.name
        );
    }
    Ok(mutations)
}

fn check(mutation: &Mutation, root: &Path, known: &BTreeSet<&Path>) -> anyhow::Result<()> {
    let Mutation {
        name,
        file,
        find,
        replace,
        test: _,
        demo: _,
    } = mutation;
    ensure!(
        known.contains(file.as_path()),
        "`{name}`: {} is not a file of the work tree",
        file.display()
    );
    let is_test = file.components().any(|part| {
        matches!(
            part.as_os_str().to_str(),
            Some("tests" | "tests.rs" | "testkit")
        )
    });
    ensure!(
        !is_test,
        "`{name}`: breaking a test shows nothing about a rule"
    );
    ensure!(
        !find.trim().is_empty() && find != replace,
        "`{name}`: it changes nothing"
    );
    let text = fs::read_to_string(root.join(file)).with_context(|| file.display().to_string())?;
    mutation.applied_to(&text).map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mutation(find: &str) -> Mutation {
        let text = format!(
            "name = 'n'\nfile = 'libs/engine/src/lib.rs'\nfind = '{find}'\nreplace = 'x'\ntest = 'cargo test -p trilby-engine some_fact'"
        );
        toml::from_str(&text).unwrap()
    }

    #[test]
    fn the_text_must_stand_exactly_once() {
        assert_eq!(mutation("b").applied_to("abc").unwrap(), "axc");
        assert!(mutation("b").applied_to("abcb").is_err());
        assert!(mutation("d").applied_to("abc").is_err());
    }

    #[test]
    fn tests_are_no_rules() {
        let mut broken = mutation("b");
        broken.file = PathBuf::from("libs/engine/src/decide/tests.rs");
        let known = BTreeSet::from([Path::new("libs/engine/src/decide/tests.rs")]);
        assert!(
            check(&broken, Path::new("."), &known)
                .unwrap_err()
                .to_string()
                .contains("breaking a test")
        );
    }

    #[test]
    fn the_committed_list_fits_the_tree() {
        let root = workspace::root().unwrap();
        load(&root).unwrap();
    }
}
