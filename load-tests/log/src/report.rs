//! The figures beside their goals, and as JSON.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

/// The least that a figure should be.
const GOALS: [(&str, f64); 8] = [
    ("append_ratio_1", 0.60),
    ("append_ratio_8", 0.80),
    ("append_ratio_32", 1.00),
    ("batch_ratio", 0.65),
    ("hot_log_ratio", 20.0),
    ("many_logs_ratio", 0.85),
    ("replay_events_per_s", 150_000.0),
    ("sqlite_ratio", 3.0),
];

pub type Figures = BTreeMap<String, f64>;

/// Prints the figures, and writes them.
pub fn write(file: Option<&Path>, figures: &Figures) -> anyhow::Result<()> {
    if let Some(file) = file {
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder)?;
        }
        let report = json!({ "figures": figures, "machine": machine(), "commit": commit() });
        fs::write(file, format!("{report:#}\n"))?;
    }
    println!("{:<32} {:>14}  goal", "figure", "value");
    for (name, value) in figures {
        let goal = GOALS.iter().find(|(known, _)| known == name);
        let told = match goal {
            None => String::new(),
            Some((_, least)) if value >= least => format!(">= {least}"),
            Some((_, least)) => format!(">= {least}  MISSED"),
        };
        println!("{name:<32} {value:>14.3}  {told}");
    }
    Ok(())
}

/// The middle of the values; of an even number, the mean of the two middle ones.
pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let upper = sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN);
    let lower = sorted.len().saturating_sub(1) / 2;
    f64::midpoint(sorted.get(lower).copied().unwrap_or(f64::NAN), upper)
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
