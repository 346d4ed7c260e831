//! `target/bench/engine.json`, and a table for people.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

/// A figure's goal: at least, or at most.
enum Goal {
    Least(f64),
    Most(f64),
}

/// By name.
const GOALS: [(&str, Goal); 10] = [
    ("cedar_ratio_small", Goal::Least(60.0)),
    ("cedar_ratio_medium", Goal::Least(300.0)),
    ("cedar_ratio_large", Goal::Least(250.0)),
    ("naive_ratio_large", Goal::Least(10.0)),
    ("scale_ratio", Goal::Most(2.0)),
    ("p99_ratio", Goal::Most(3.0)),
    ("bytes_per_statement", Goal::Most(128.0)),
    ("allocations", Goal::Most(0.0)),
    ("refresh_ms", Goal::Most(1.0)),
    ("explain_ratio", Goal::Most(1.15)),
];

pub type Figures = BTreeMap<String, f64>;

/// Adds the figures to the file, and prints all that it then holds.
pub fn write(file: &Path, figures: &Figures) -> anyhow::Result<()> {
    let mut all: Figures = fs::read_to_string(file)
        .ok()
        .and_then(|text| serde_json::from_str::<Value>(&text).ok())
        .and_then(|old| serde_json::from_value(old.get("figures")?.clone()).ok())
        .unwrap_or_default();
    all.extend(figures.clone());
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    let report = json!({ "figures": all, "machine": machine(), "commit": commit() });
    fs::write(file, format!("{report:#}\n"))?;
    println!("{:<24} {:>14}  goal", "figure", "value");
    for (name, value) in &all {
        let goal = GOALS
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, goal)| goal);
        let told = match goal {
            None => String::new(),
            Some(Goal::Least(least)) => verdict(format!(">= {least}"), value >= least),
            Some(Goal::Most(most)) => verdict(format!("<= {most}"), value <= most),
        };
        println!("{name:<24} {value:>14.3}  {told}");
    }
    Ok(())
}

fn verdict(goal: String, met: bool) -> String {
    if met { goal } else { format!("{goal}  MISSED") }
}

fn machine() -> Value {
    let read = |file: &str| fs::read_to_string(file).unwrap_or_default();
    let field = |text: &str, name: &str| {
        let line = text.lines().find(|line| line.starts_with(name))?;
        Some(line.split(':').nth(1)?.trim().to_owned())
    };
    json!({
        "cpu": field(&read("/proc/cpuinfo"), "model name"),
        "cores": std::thread::available_parallelism().map(usize::from).ok(),
        "memory": field(&read("/proc/meminfo"), "MemTotal"),
        "load": read("/proc/loadavg").split(' ').next(),
    })
}

fn commit() -> Option<String> {
    let output = Command::new("git")
        .args(["describe", "--always", "--dirty"])
        .output()
        .ok()?;
    Some(String::from_utf8(output.stdout).ok()?.trim().to_owned())
}
