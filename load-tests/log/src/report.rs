//! The figures beside their goals, and as JSON.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

/// What a figure should be.
enum Goal {
    AtLeast(f64),
    AtMost(f64),
}

const GOALS: [(&str, Goal); 18] = [
    ("append_ratio_1", Goal::AtLeast(0.60)),
    ("append_ratio_8", Goal::AtLeast(0.80)),
    ("append_ratio_32", Goal::AtLeast(1.00)),
    ("append_flush_600us_ratio_1", Goal::AtLeast(0.60)),
    ("append_flush_600us_ratio_8", Goal::AtLeast(0.80)),
    ("append_flush_600us_ratio_32", Goal::AtLeast(1.00)),
    ("append_flush_4ms_ratio_1", Goal::AtLeast(0.60)),
    ("append_flush_4ms_ratio_8", Goal::AtLeast(0.80)),
    ("append_flush_4ms_ratio_32", Goal::AtLeast(1.00)),
    ("batch_ratio", Goal::AtLeast(0.65)),
    ("hot_log_ratio", Goal::AtLeast(20.0)),
    ("hot_log_per_s", Goal::AtLeast(5_000.0)),
    ("hot_log_p99_ms", Goal::AtMost(250.0)),
    ("many_logs_ratio", Goal::AtLeast(0.85)),
    ("replay_events_per_s", Goal::AtLeast(150_000.0)),
    ("cold_account_p99_ms", Goal::AtMost(10.0)),
    ("restart_ready_ms", Goal::AtMost(2_000.0)),
    ("sqlite_ratio", Goal::AtLeast(3.0)),
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
        let (told, is_met) = match goal {
            None => (String::new(), true),
            Some((_, Goal::AtLeast(least))) => (format!(">= {least}"), value >= least),
            Some((_, Goal::AtMost(most))) => (format!("<= {most}"), value <= most),
        };
        let told = if is_met {
            told
        } else {
            format!("{told}  MISSED")
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
