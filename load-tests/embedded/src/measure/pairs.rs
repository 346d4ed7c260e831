//! A measurement and its baseline, slice by slice, for each number of callers.

use crate::callers::Slice;
use crate::report::{Figure, Round, Unit};

/// What the rounds found so far.
pub struct Pairs {
    rows: Vec<Row>,
}

/// What a figure's name ends with, its unit, and where a slice has it.
type Kind = (&'static str, Unit, fn(&Slice) -> f64);

struct Row {
    callers: u32,
    slices: Vec<[Slice; 2]>,
}

impl Pairs {
    /// One row for each of these numbers of callers.
    pub fn new(callers: impl IntoIterator<Item = u32>) -> Pairs {
        let row = |callers| Row {
            callers,
            slices: Vec::new(),
        };
        Pairs {
            rows: callers.into_iter().map(row).collect(),
        }
    }

    /// One round: both for each number of callers. Which comes first alternates, since the second finds the machine warmer.
    pub fn round(
        &mut self,
        number: u32,
        mut subject: impl FnMut(u32) -> anyhow::Result<Slice>,
        mut baseline: impl FnMut(u32) -> anyhow::Result<Slice>,
    ) -> anyhow::Result<()> {
        for row in &mut self.rows {
            let pair = if number.is_multiple_of(2) {
                let first = subject(row.callers)?;
                [first, baseline(row.callers)?]
            } else {
                let first = baseline(row.callers)?;
                [subject(row.callers)?, first]
            };
            row.slices.push(pair);
        }
        Ok(())
    }

    /// The figures of all rounds: how many a second, and how long.
    pub fn figures(
        &self,
        subject: &str,
        caller: &str,
        baseline: &str,
        figures: &mut Vec<Figure>,
    ) -> anyhow::Result<()> {
        let kinds: [Kind; 3] = [
            ("", Unit::PerSecond, |slice| slice.per_second),
            (", p50", Unit::Milliseconds, |slice| slice.p50_ms),
            (", p99", Unit::Milliseconds, |slice| slice.p99_ms),
        ];
        for row in &self.rows {
            let plural = if row.callers == 1 { "" } else { "s" };
            for (suffix, unit, of) in kinds {
                let name = format!("{subject}, {} {caller}{plural}{suffix}", row.callers);
                let rounds = row.slices.iter().map(|[subject, baseline]| Round {
                    value: of(subject),
                    baseline: of(baseline),
                });
                figures.push(Figure::of(name, unit, baseline, rounds.collect())?);
            }
        }
        Ok(())
    }
}
