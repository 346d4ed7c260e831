//! How many instructions a decision takes: the same on a busy machine as on an idle one, and so something that a change
//! can be held to.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, bail, ensure};

use crate::{command, workspace};

const BASELINE: &str = "load-tests/engine/instructions.json";
/// Of the generated accounts.
const SIZES: [&str; 3] = ["small", "medium", "large"];
/// How far a count may be from its baseline, in percent. Another compiler moves it by less.
const TOLERANCE: f64 = 5.0;

type Counts = BTreeMap<String, f64>;

/// Counts, and compares with the baseline or writes it.
pub fn run(root: &Path, rebase: bool) -> anyhow::Result<()> {
    ensure!(
        command::exists("valgrind"),
        "valgrind is missing: `apt-get install valgrind`"
    );
    let target = workspace::target_dir(root);
    let build = target.join("bench-build");
    command::run(
        Command::new("cargo")
            .args(["build", "--release", "--locked", "--quiet"])
            .args(["--no-default-features", "--target-dir"])
            .arg(&build)
            .current_dir(root.join("load-tests").join("engine")),
    )?;
    let folder = target.join("bench");
    fs::create_dir_all(&folder)?;
    let program = build.join("release").join("trilby-load-engine");
    let mut counts = Counts::new();
    for size in SIZES {
        counts.insert(size.to_owned(), count(&program, size, &folder)?);
    }
    let baseline = root.join(BASELINE);
    if rebase {
        let text = serde_json::to_string_pretty(&counts)?;
        fs::write(&baseline, format!("{text}\n"))?;
        println!("{BASELINE} written");
    }
    compare(&counts, &baseline)
}

/// Instructions per decision of one account.
fn count(program: &Path, size: &str, folder: &Path) -> anyhow::Result<f64> {
    let file = folder.join(format!("callgrind.{size}"));
    let mut out = std::ffi::OsString::from("--callgrind-out-file=");
    out.push(&file);
    let said = command::quiet(
        Command::new("valgrind")
            .args(["--tool=callgrind", "--quiet", "--toggle-collect=*ask_all*"])
            .arg(out)
            .arg(program)
            .args(["--rounds", "1", "--size", size]),
    )?;
    let decisions = number(&said, "decisions ").context("no decisions were counted")?;
    let text = fs::read_to_string(&file)?;
    let all = number(&text, "summary: ").context("valgrind counted nothing")?;
    Ok((all / decisions).round())
}

/// The number after a word at the beginning of a line.
fn number(text: &str, word: &str) -> Option<f64> {
    text.lines()
        .find_map(|line| line.strip_prefix(word))?
        .trim()
        .parse()
        .ok()
}

fn compare(counts: &Counts, baseline: &Path) -> anyhow::Result<()> {
    let known: Counts = serde_json::from_str(
        &fs::read_to_string(baseline).with_context(|| format!("there is no {BASELINE}"))?,
    )?;
    println!(
        "{:<10} {:>12} {:>12} {:>8}",
        "account", "instructions", "baseline", "percent"
    );
    let mut off = Vec::new();
    for (size, count) in counts {
        let was = *known
            .get(size)
            .with_context(|| format!("{BASELINE} has no `{size}`"))?;
        let percent = (count / was - 1.0) * 100.0;
        println!("{size:<10} {count:>12} {was:>12} {percent:>+8.1}");
        if percent.abs() > TOLERANCE {
            off.push(size.as_str());
        }
    }
    if off.is_empty() {
        return Ok(());
    }
    bail!(
        "{} off by more than {TOLERANCE} %: if that is meant, `cargo xtask bench engine --instructions --rebase`",
        off.join(", ")
    );
}
