//! The highest rate that a server keeps up with.

use std::fmt;

use anyhow::{Context as _, ensure};
use serde::Serialize;

use crate::generator::Outcome;
use crate::stats::{milliseconds, percentile};

/// A rate counts as kept if so much of it was answered rightly.
const KEPT_SHARE: f64 = 0.98;
/// Errors that a rate may have.
const ERRORS_SHARE_MAX: f64 = 0.001;
/// By how much the rate goes up until the first that is not kept, in thousandths.
const UP_PERMILLE: u32 = 1_500;
/// The search ends where the lowest rate that is not kept is so near above the highest that is.
const NEAR: f64 = 1.05;
/// Most rates that are tried, each at most twice.
const RATES_MAX: usize = 40;
/// Lowest rate that is tried.
const RATE_MIN: u32 = 5;

/// What one step found.
#[derive(Debug, Clone, Serialize)]
pub struct Step {
    /// Asked for, a second.
    pub rate: u32,
    /// Answered rightly, a second.
    pub reached: f64,
    pub p50_ms: f64,
    pub p99_ms: f64,
    pub p999_ms: f64,
    /// Requests that were due.
    pub due: usize,
    /// Of those: wrong or missing answers, and given up before they were sent.
    pub errors: usize,
    /// What was wrong with one of them.
    pub example: Option<String>,
    /// Why the rate is above the ceiling, if it is.
    pub broke: Option<Broke>,
}

/// Why a rate was not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Broke {
    Errors,
    Rate,
    P99,
}

impl fmt::Display for Broke {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Broke::Errors => "errors",
            Broke::Rate => "rate not kept",
            Broke::P99 => "p99",
        })
    }
}

impl Step {
    /// Errors: nothing was asked.
    pub fn of(rate: u32, outcome: &Outcome, p99_ms_max: f64) -> anyhow::Result<Self> {
        let ms = |permille| {
            let found = percentile(&outcome.times, permille).context("nothing was asked")?;
            anyhow::Ok(milliseconds(found))
        };
        let p99_ms = ms(990)?;
        let broke = if outcome.error_share() > ERRORS_SHARE_MAX {
            Some(Broke::Errors)
        } else if outcome.reached() < KEPT_SHARE * f64::from(rate) {
            Some(Broke::Rate)
        } else {
            (p99_ms > p99_ms_max).then_some(Broke::P99)
        };
        Ok(Self {
            rate,
            reached: outcome.reached(),
            p50_ms: ms(500)?,
            p99_ms,
            p999_ms: ms(999)?,
            due: outcome.due,
            errors: outcome.errors + outcome.unsent,
            example: outcome.example.clone(),
            broke,
        })
    }
}

impl Step {
    /// In a line, as it is found.
    pub fn told(&self) -> String {
        let Self {
            rate,
            reached,
            p50_ms,
            p99_ms,
            p999_ms,
            errors,
            ..
        } = self;
        let mut line = format!(
            "{rate:>7}/s: {reached:>9.1}/s, p50 {p50_ms:.2} ms, p99 {p99_ms:.2} ms, p99.9 {p999_ms:.2} ms, {errors} errors"
        );
        if let Some(broke) = self.broke {
            line.push_str(&format!("  BROKE: {broke}"));
        }
        if let Some(example) = &self.example {
            line.push_str(&format!("  ({example})"));
        }
        line
    }
}

/// A ceiling, and how it was found.
#[derive(Debug, Clone, Serialize)]
pub struct Ceiling {
    /// The highest rate that was kept, a second.
    pub rate: u32,
    /// Whether it was the highest that might be tried: the real one is above.
    pub is_cut: bool,
    /// In the order they were tried.
    pub steps: Vec<Step>,
}

/// Steps up from `first` until a rate is not kept, then halves the distance. A rate is given up only if it breaks twice:
/// something else may have been at work on the machine.
///
/// Nothing above `rate_max` is tried.
///
/// Errors: those of `probe`; no rate is kept.
pub fn find(
    first: u32,
    rate_max: u32,
    mut probe: impl FnMut(u32) -> anyhow::Result<Step>,
) -> anyhow::Result<Ceiling> {
    let (mut good, mut bad): (Option<u32>, Option<u32>) = (None, None);
    let mut steps = Vec::new();
    let mut rate = first.max(RATE_MIN);
    for _ in 0..RATES_MAX {
        let mut step = probe(rate)?;
        if step.broke.is_some() {
            steps.push(step);
            step = probe(rate)?;
        }
        let kept = step.broke.is_none();
        steps.push(step);
        match kept {
            true => good = Some(rate),
            false => bad = Some(rate),
        }
        rate = match (good, bad) {
            (None, None) => rate,
            (Some(good), None) if good >= rate_max => {
                return Ok(Ceiling {
                    rate: good,
                    is_cut: true,
                    steps,
                });
            }
            (Some(good), None) => scaled(good, UP_PERMILLE).min(rate_max),
            (None, Some(bad)) => {
                ensure!(
                    bad > RATE_MIN,
                    "not even {bad} a second are kept: {:?}",
                    steps.last()
                );
                scaled(bad, 500).max(RATE_MIN)
            }
            (Some(good), Some(bad)) => {
                let middle = good.midpoint(bad);
                if f64::from(bad) <= f64::from(good) * NEAR || middle == good {
                    return Ok(Ceiling {
                        rate: good,
                        is_cut: false,
                        steps,
                    });
                }
                middle
            }
        };
    }
    anyhow::bail!("no ceiling in {RATES_MAX} rates, the last {rate} a second")
}

/// So many thousandths of a rate, at least 1.
pub fn scaled(rate: u32, permille: u32) -> u32 {
    let scaled = u64::from(rate) * u64::from(permille) / 1_000;
    u32::try_from(scaled).unwrap_or(u32::MAX).max(1)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn outcome(due: usize, good: usize, errors: usize, slow: usize) -> Outcome {
        let mut times = vec![Duration::from_millis(1); due - slow];
        times.extend(vec![Duration::from_millis(900); slow]);
        Outcome {
            due,
            good,
            errors,
            unsent: due - good - errors,
            times,
            took: Duration::from_secs(1),
            example: None,
        }
    }

    fn broke(rate: u32, outcome: &Outcome) -> Option<Broke> {
        Step::of(rate, outcome, 100.0).unwrap().broke
    }

    #[test]
    fn a_rate_breaks_by_errors_by_lateness_or_by_its_p99() {
        assert_eq!(broke(1_000, &outcome(1_000, 1_000, 0, 10)), None);
        assert_eq!(
            broke(1_000, &outcome(1_000, 1_000, 0, 11)),
            Some(Broke::P99)
        );
        assert_eq!(broke(1_000, &outcome(1_000, 999, 1, 0)), None);
        assert_eq!(
            broke(1_000, &outcome(1_000, 998, 2, 0)),
            Some(Broke::Errors)
        );
        assert_eq!(
            broke(1_000, &outcome(1_000, 998, 0, 0)),
            Some(Broke::Errors)
        );
        let late = Outcome {
            took: Duration::from_millis(1_030),
            ..outcome(1_000, 1_000, 0, 0)
        };
        assert_eq!(broke(1_000, &late), Some(Broke::Rate));
    }

    fn step(rate: u32, kept: bool) -> Step {
        let good = if kept { 100 } else { 0 };
        let mut step = Step::of(100, &outcome(100, good, 100 - good, 0), 100.0).unwrap();
        step.rate = rate;
        step
    }

    #[test]
    fn a_ceiling_is_found_from_below_and_from_above() {
        for first in [10, 1_000, 50_000] {
            let found = find(first, 1_000_000, |rate| Ok(step(rate, rate <= 1_234))).unwrap();
            assert!(
                (1_175..=1_234).contains(&found.rate),
                "{first}: {}",
                found.rate
            );
        }
    }

    #[test]
    fn a_rate_that_breaks_once_is_tried_again() {
        let mut n = 0;
        let found = find(1_000, 1_000_000, |rate| {
            n += 1;
            Ok(step(rate, n != 1 && rate <= 1_100))
        });
        let found = found.unwrap();
        assert!((1_048..=1_100).contains(&found.rate), "{}", found.rate);
        assert_eq!(
            found.steps.first().unwrap().rate,
            found.steps.get(1).unwrap().rate
        );
    }

    #[test]
    fn a_server_that_keeps_no_rate_has_no_ceiling() {
        assert!(find(100, 1_000, |rate| Ok(step(rate, false))).is_err());
    }

    #[test]
    fn a_server_that_keeps_every_rate_is_cut_at_the_highest() {
        let found = find(100, 1_000, |rate| Ok(step(rate, true))).unwrap();
        assert_eq!((found.rate, found.is_cut), (1_000, true));
    }

    #[test]
    fn rates_are_scaled_to_the_thousandth() {
        assert_eq!(
            [scaled(1_000, 700), scaled(1_000, 1_500), scaled(1, 100)],
            [700, 1_500, 1]
        );
    }
}
