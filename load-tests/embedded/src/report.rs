//! What a run found: a table for people, JSON for machines.

use std::fmt;

use anyhow::Context as _;
use serde::Serialize;

use crate::machine::Machine;
use crate::plan::Plan;
use crate::stats::median;

/// Of the JSON form; raised when a field changes its meaning.
pub const FORM: u32 = 1;

/// What a value is counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    Milliseconds,
    Mebibytes,
    PerSecond,
}

impl Unit {
    fn sign(self) -> &'static str {
        match self {
            Unit::Milliseconds => "ms",
            Unit::Mebibytes => "MiB",
            Unit::PerSecond => "/s",
        }
    }
}

/// One figure beside its baseline: medians over the rounds.
#[derive(Debug, Serialize)]
pub struct Figure {
    pub name: String,
    pub unit: Unit,
    pub value: f64,
    pub baseline_name: String,
    pub baseline: f64,
    /// Median of the rounds' own ratios, value by baseline: what happened to the machine between two rounds is in both.
    pub ratio: f64,
    /// The smallest and the largest of the rounds' ratios.
    pub ratio_spread: [f64; 2],
    pub rounds: Vec<Round>,
}

/// What one round found.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Round {
    pub value: f64,
    pub baseline: f64,
}

impl Round {
    fn ratio(self) -> f64 {
        self.value / self.baseline
    }
}

impl Figure {
    /// Errors: no rounds.
    pub fn of(
        name: impl Into<String>,
        unit: Unit,
        baseline_name: impl Into<String>,
        rounds: Vec<Round>,
    ) -> anyhow::Result<Figure> {
        let name = name.into();
        let middle = |of: fn(Round) -> f64| {
            let values: Vec<f64> = rounds.iter().copied().map(of).collect();
            median(&values).with_context(|| format!("nothing was measured: {name}"))
        };
        let ratios = || rounds.iter().copied().map(Round::ratio);
        Ok(Figure {
            unit,
            value: middle(|round| round.value)?,
            baseline_name: baseline_name.into(),
            baseline: middle(|round| round.baseline)?,
            ratio: middle(Round::ratio)?,
            ratio_spread: [
                ratios().fold(f64::INFINITY, f64::min),
                ratios().fold(f64::NEG_INFINITY, f64::max),
            ],
            name,
            rounds,
        })
    }
}

/// A whole run.
#[derive(Debug, Serialize)]
pub struct Report {
    pub form: u32,
    pub program: String,
    pub machine: Machine,
    pub plan: Plan,
    pub figures: Vec<Figure>,
}

const COLUMNS: [&str; 6] = ["figure", "value", "baseline", "value", "ratio", "spread"];

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let absent = || "?".to_owned();
        let machine = &self.machine;
        writeln!(
            f,
            "{} on {}, {} cores of {}, {} MiB of memory, data folders on {}; {} rounds",
            self.program,
            machine.system,
            machine.cores.map_or_else(absent, |cores| cores.to_string()),
            machine.cpu.clone().unwrap_or_else(absent),
            machine
                .memory_mib
                .map_or_else(absent, |mib| mib.to_string()),
            machine.file_system.clone().unwrap_or_else(absent),
            self.plan.rounds,
        )?;
        if machine.was_busy() {
            writeln!(
                f,
                "The machine was busy before the run began: read the ratios only, and those with care."
            )?;
        }
        writeln!(f)?;
        let mut rows = vec![COLUMNS.map(str::to_owned)];
        rows.extend(self.figures.iter().map(row));
        let width = |column: usize| {
            let cells = rows.iter().filter_map(|row| row.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..COLUMNS.len()).map(width).collect();
        for row in &rows {
            let mut line = String::new();
            for (column, (cell, width)) in row.iter().zip(&widths).enumerate() {
                // Names begin at the left, numbers end at the right.
                let padded = match column {
                    0 | 2 => format!("{cell:<width$}"),
                    _ => format!("{cell:>width$}"),
                };
                line.push_str(&padded);
                line.push_str("  ");
            }
            writeln!(f, "{}", line.trim_end())?;
        }
        Ok(())
    }
}

fn row(figure: &Figure) -> [String; 6] {
    let sign = figure.unit.sign();
    let [low, high] = figure.ratio_spread;
    [
        figure.name.clone(),
        format!("{} {sign}", short(figure.value)),
        figure.baseline_name.clone(),
        format!("{} {sign}", short(figure.baseline)),
        short(figure.ratio),
        format!("{}-{}", short(low), short(high)),
    ]
}

/// Three figures that count, none that do not.
fn short(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        size if size >= 1.0 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round(value: f64, baseline: f64) -> Round {
        Round { value, baseline }
    }

    #[test]
    fn the_ratio_is_the_median_of_the_rounds_ratios() {
        // A machine that slows down tenfold during the run: the ratio of each round is still 2.
        let rounds = vec![round(2.0, 1.0), round(20.0, 10.0), round(40.0, 20.0)];
        let figure = Figure::of("f", Unit::Milliseconds, "b", rounds).unwrap();
        assert_eq!((figure.value, figure.baseline), (20.0, 10.0));
        assert_eq!((figure.ratio, figure.ratio_spread), (2.0, [2.0, 2.0]));
        assert!(Figure::of("f", Unit::Milliseconds, "b", Vec::new()).is_err());
    }

    #[test]
    fn numbers_are_printed_as_long_as_they_mean_something() {
        let shown = [1234.5, 99.96, 9.876, 0.12345].map(short);
        assert_eq!(shown, ["1234", "100.0", "9.88", "0.123"]);
    }
}
