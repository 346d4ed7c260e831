//! The figures beside their goals, and as JSON.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::Context as _;
use serde_json::json;

/// At most so many milliseconds.
const GOALS: [(&str, f64); 5] = [
    ("propagate_p50_ms", 25.0),
    ("propagate_p99_ms", 250.0),
    ("propagate_nokafka_p99_ms", 2_000.0),
    ("revoke_p99_ms", 250.0),
    ("pairs_stale", 0.0),
];

pub type Figures = BTreeMap<String, f64>;

/// Prints the figures, and puts them into the file beside those that others have put there.
pub fn write(file: Option<&Path>, figures: &Figures) -> anyhow::Result<()> {
    println!("{:<40} {:>14}  goal", "figure", "value");
    for (name, value) in figures {
        let goal = GOALS.iter().find(|(known, _)| known == name);
        let told = match goal {
            None => String::new(),
            Some((_, most)) if value <= most => format!("<= {most}"),
            Some((_, most)) => format!("<= {most}  MISSED"),
        };
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
