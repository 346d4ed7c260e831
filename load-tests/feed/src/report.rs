//! The figures beside their goals, and as JSON.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::Context as _;
use serde_json::json;

#[derive(Clone, Copy)]
enum Goal {
    AtMost(f64),
    AtLeast(f64),
}

const GOALS: [(&str, Goal); 6] = [
    ("propagate_p50_ms", Goal::AtMost(25.0)),
    ("propagate_p99_ms", Goal::AtMost(250.0)),
    ("propagate_nokafka_p99_ms", Goal::AtMost(2_000.0)),
    ("revoke_p99_ms", Goal::AtMost(250.0)),
    ("pairs_stale", Goal::AtMost(0.0)),
    ("relay_commits_per_s", Goal::AtLeast(10_000.0)),
];

impl Goal {
    fn judge(self, value: f64) -> String {
        let (wish, is_met) = match self {
            Self::AtMost(most) => (format!("<= {most}"), value <= most),
            Self::AtLeast(least) => (format!(">= {least}"), value >= least),
        };
        let missed = if is_met { "" } else { "  MISSED" };
        format!("{wish}{missed}")
    }
}

pub type Figures = BTreeMap<String, f64>;

/// Prints the figures, and puts them into the file beside those that others have put there.
pub fn write(file: Option<&Path>, figures: &Figures) -> anyhow::Result<()> {
    println!("{:<40} {:>14}  goal", "figure", "value");
    for (name, value) in figures {
        let goal = GOALS.iter().find(|(known, _)| known == name);
        let told = goal.map_or_else(String::new, |(_, goal)| goal.judge(*value));
        println!("{name:<40} {value:>14.3}  {told}");
    }
    let Some(file) = file else { return Ok(()) };
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut all: serde_json::Value = match fs::read_to_string(file) {
        Ok(text) => serde_json::from_str(&text).context("the figures of before")?,
        Err(_) => json!({ "figures": {} }),
    };
    let into = all.get_mut("figures").and_then(|into| into.as_object_mut());
    let into = into.context("a file of figures")?;
    for (name, value) in figures {
        into.insert(name.clone(), json!(value));
    }
    fs::write(file, format!("{all:#}\n"))?;
    Ok(())
}

/// The value that so many of a hundred do not exceed.
pub fn percentile(values: &mut [f64], of_hundred: usize) -> anyhow::Result<f64> {
    values.sort_by(f64::total_cmp);
    let rank = (values.len() * of_hundred).div_ceil(100).saturating_sub(1);
    values.get(rank).copied().context("something measured")
}
