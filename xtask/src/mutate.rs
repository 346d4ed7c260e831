//! `cargo xtask mutate`: break one rule, see a named test notice.
//!
//! A test that stays green when its rule is broken guards nothing. `xtask/mutations/*.toml` lists single changes to
//! single rules, each with the test that must turn red. They are tried in a copy of the work tree, so the tree itself is
//! never touched, not even for a moment.
//!
//! ```toml
//! [[mutation]]
//! name = "an explicit deny no longer beats an allow"
//! file = "libs/engine/src/evaluate.rs"
//! find = "if denied {"          # stands in the file exactly once
//! replace = "if false {"
//! test = "cargo test -p trilby-engine explicit_deny_beats_allow"
//! ```
//!
//! With `demo = true`, `cargo xtask mutate --demo` also wants `trilby demo --exit` to fail under it.
//!
//! A mutation passes if the untouched copy is green under `test`, the mutated one still compiles, and then a test whose
//! name holds the last word of `test` fails.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use anyhow::{bail, ensure};

use crate::workspace;

mod copy;
mod demo;
mod list;
mod seed;
mod trial;

use copy::Copy;
use list::Mutation;
use trial::{Outcome, Test};

#[derive(clap::Args)]
pub struct Args {
    /// Only mutations whose name or file holds this text
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
    /// Check the list (each text stands once in its file) and run nothing
    #[arg(long)]
    check: bool,
    /// Play the demo in place of the named tests, with the mutations that it must notice
    #[arg(long)]
    demo: bool,
    /// At most this many, spread over the list
    #[arg(long, value_name = "N")]
    sample: Option<usize>,
}

/// What judges a mutation.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Judge {
    Test(Test),
    Demo,
}

impl Judge {
    fn run(&self, copy: &Copy) -> anyhow::Result<Outcome> {
        match self {
            Self::Test(test) => test.run(copy),
            Self::Demo => demo::run(copy),
        }
    }
}

impl fmt::Display for Judge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Test(test) => test.fmt(f),
            Self::Demo => f.write_str("trilby demo --exit"),
        }
    }
}

pub fn run(root: &Path, args: &Args) -> anyhow::Result<()> {
    let mut mutations = list::load(root)?;
    if let Some(text) = &args.only {
        mutations.retain(|mutation| {
            mutation.name.contains(text) || mutation.file.to_string_lossy().contains(text)
        });
    }
    if args.demo {
        mutations.retain(|mutation| mutation.demo);
    }
    if let Some(n_wanted) = args.sample {
        mutations = spread(mutations, n_wanted);
    }
    ensure!(!mutations.is_empty(), "no mutation to try");
    if args.check {
        println!("{} mutations, each of which fits its file", mutations.len());
        return Ok(());
    }

    let judged: Vec<(Mutation, Judge)> = mutations
        .into_iter()
        .map(|mutation| {
            let judge = if args.demo {
                Judge::Demo
            } else {
                Judge::Test(mutation.test.clone())
            };
            (mutation, judge)
        })
        .collect();
    let copy = Copy::make(root, &workspace::target_dir(root))?;
    let unmutated = green_before(&copy, &judged)?;
    let mut rows = Vec::new();
    for (mutation, judge) in &judged {
        let outcome = match unmutated.get(judge) {
            Some(Outcome::Green) => try_one(&copy, mutation, judge)?,
            Some(other) => Outcome::NotGreenBefore(other.to_string()),
            None => bail!("`{judge}` was never tried"),
        };
        println!(
            "{} {}: {outcome}",
            if outcome.is_noticed() { "ok  " } else { "FAIL" },
            mutation.name
        );
        rows.push((mutation, outcome));
    }
    report(&rows)
}

/// So many of them, at even distances.
fn spread<T>(all: Vec<T>, n_wanted: usize) -> Vec<T> {
    let n = all.len();
    let mut n_seen = 0;
    // The k-th is taken where k/n of the wanted number becomes another whole.
    let taken = all.into_iter().filter(|_| {
        let before = n_seen * n_wanted / n;
        n_seen += 1;
        n_seen * n_wanted / n > before
    });
    taken.collect()
}

/// What each distinct judge says of the untouched copy.
fn green_before<'a>(
    copy: &Copy,
    judged: &'a [(Mutation, Judge)],
) -> anyhow::Result<BTreeMap<&'a Judge, Outcome>> {
    let mut outcomes = BTreeMap::new();
    for (_, judge) in judged {
        if !outcomes.contains_key(judge) {
            println!("before: {judge}");
            outcomes.insert(judge, judge.run(copy)?);
        }
    }
    Ok(outcomes)
}

fn try_one(copy: &Copy, mutation: &Mutation, judge: &Judge) -> anyhow::Result<Outcome> {
    let original = copy.read(&mutation.file)?;
    copy.write(&mutation.file, &mutation.applied_to(&original)?)?;
    let outcome = judge.run(copy);
    // Also after an error: the next mutation is to be the only one.
    copy.write(&mutation.file, &original)?;
    outcome
}

fn report(rows: &[(&Mutation, Outcome)]) -> anyhow::Result<()> {
    println!("\n{:<60} {:<40} outcome", "mutation", "file");
    for (mutation, outcome) in rows {
        println!(
            "{:<60} {:<40} {outcome}",
            mutation.name,
            mutation.file.display()
        );
    }
    let n_passed = rows
        .iter()
        .filter(|(_, outcome)| outcome.is_noticed())
        .count();
    let n_failed = rows.len() - n_passed;
    println!("\nmutations: {n_passed} passed, {n_failed} failed");
    if n_failed > 0 {
        bail!("{n_failed} mutations were not noticed");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::spread;

    #[test]
    fn a_sample_is_spread_over_the_list() {
        assert_eq!(spread((0..10).collect(), 3), [3, 6, 9]);
        assert_eq!(spread(vec![1, 2], 5), [1, 2]);
        assert!(spread(vec![1], 0).is_empty());
    }
}
