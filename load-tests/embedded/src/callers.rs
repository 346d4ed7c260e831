//! Several callers at once, each asking again as soon as it has its answer, bounded in count and time.

use std::sync::Barrier;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, anyhow};

use crate::stats::percentile;

/// What the callers of one slice found.
pub struct Slice {
    /// Answers a second, all callers together.
    pub per_second: f64,
    /// How long half of the answers took at most, in milliseconds.
    pub p50_ms: f64,
    /// How long 99 of 100 answers took at most, in milliseconds.
    pub p99_ms: f64,
}

/// Lets `n_callers` call at once until `calls_max` calls are made or `time_max` is over.
///
/// `prepare` makes the call of each caller, by its number, on that caller's thread, and connects and warms up: the clock runs from when
/// all are ready. A call under way when the time ends is finished and counted.
///
/// Errors: the first of any caller; a slice with a failed call measures nothing.
pub fn call<C>(
    n_callers: u32,
    calls_max: u32,
    time_max: Duration,
    prepare: impl Fn(u32) -> anyhow::Result<C> + Sync,
) -> anyhow::Result<Slice>
where
    C: FnMut() -> anyhow::Result<()>,
{
    let ready = Barrier::new(usize::try_from(n_callers)?);
    let taken = AtomicU32::new(0);
    let one = |number: u32| -> anyhow::Result<Run> {
        let call = prepare(number);
        // Everybody gets here, prepared or not: the others would wait for ever.
        ready.wait();
        let mut call = call?;
        let mut took = Vec::with_capacity(usize::try_from(calls_max / n_callers)?);
        let begun = Instant::now();
        while begun.elapsed() < time_max && taken.fetch_add(1, Ordering::Relaxed) < calls_max {
            let asked = Instant::now();
            call()?;
            took.push(asked.elapsed());
        }
        Ok(Run {
            begun,
            ended: Instant::now(),
            took,
        })
    };
    let one = &one;
    let runs = thread::scope(|scope| {
        let threads: Vec<_> = (0..n_callers)
            .map(|number| scope.spawn(move || one(number)))
            .collect();
        let ended = threads.into_iter().map(|thread| {
            let run = thread.join();
            run.unwrap_or_else(|_| Err(anyhow!("a caller panicked")))
        });
        ended.collect::<Vec<anyhow::Result<Run>>>()
    });
    Slice::of(runs.into_iter().collect::<anyhow::Result<_>>()?)
}

struct Run {
    begun: Instant,
    ended: Instant,
    took: Vec<Duration>,
}

impl Slice {
    fn of(runs: Vec<Run>) -> anyhow::Result<Slice> {
        let begun = runs.iter().map(|run| run.begun).min();
        let ended = runs.iter().map(|run| run.ended).max();
        let (begun, ended) = begun.zip(ended).context("there were no callers")?;
        let mut took: Vec<Duration> = runs.into_iter().flat_map(|run| run.took).collect();
        took.sort_unstable();
        let count = u32::try_from(took.len())?;
        let ms = |percent| {
            let found = percentile(&took, percent).context("there were no answers")?;
            anyhow::Ok(milliseconds(found))
        };
        Ok(Slice {
            per_second: f64::from(count) / (ended - begun).as_secs_f64(),
            p50_ms: ms(50)?,
            p99_ms: ms(99)?,
        })
    }
}

/// A time as reports have it.
pub fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

#[cfg(test)]
mod tests {
    use anyhow::bail;

    use super::*;

    #[test]
    fn a_slice_ends_with_its_calls() {
        let called = AtomicU32::new(0);
        let prepare = |_| {
            Ok(|| {
                called.fetch_add(1, Ordering::Relaxed);
                Ok(())
            })
        };
        let slice = call(4, 1_000, Duration::from_secs(60), prepare).unwrap();
        assert_eq!(called.into_inner(), 1_000);
        assert!(slice.per_second > 0.0 && slice.p50_ms <= slice.p99_ms);
    }

    #[test]
    fn a_slice_in_which_a_call_failed_is_an_error() {
        let prepare = |number: u32| {
            Ok(move || {
                if number == 1 {
                    bail!("wrong answer")
                }
                Ok(())
            })
        };
        assert!(call(2, 1_000_000, Duration::from_millis(10), prepare).is_err());
    }

    #[test]
    fn a_caller_that_cannot_prepare_does_not_leave_the_others_waiting() {
        let prepare = |number: u32| {
            if number == 0 {
                bail!("no connection")
            }
            Ok(|| Ok(()))
        };
        assert!(call(3, 10, Duration::from_millis(50), prepare).is_err());
    }
}
