//! Decisions timed one by one, and rounds of two sides in turn.

use std::hint::black_box;
use std::time::Instant;

use crate::stats::{median, percentile};

/// Nanoseconds of each of so many decisions, the clock included.
pub fn each<T>(count: usize, mut ask: impl FnMut(usize) -> T) -> Vec<f64> {
    (0..count)
        .map(|index| {
            let before = Instant::now();
            black_box(ask(index));
            before.elapsed().as_nanos() as f64
        })
        .collect()
}

/// Medians of both sides over rounds in turn, and the median of the rounds' own ratios.
pub struct Pair {
    pub ours_ns: f64,
    pub other_ns: f64,
    /// The other's median by ours.
    pub ratio: f64,
}

/// Passes of one side before the other's turn. The first is not counted: the other side has just had the caches, and what
/// is measured is how a process decides that decides all the time.
const PASSES: usize = 5;

/// Takes both sides in turn; each gives the times of its decisions.
pub fn pairs(
    rounds: usize,
    mut ours: impl FnMut() -> Vec<f64>,
    mut other: impl FnMut() -> Vec<f64>,
) -> Pair {
    let turn = |side: &mut dyn FnMut() -> Vec<f64>| {
        let _ = side();
        median((1..PASSES).map(|_| median(side())).collect())
    };
    let (mut a, mut b, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..rounds.max(1) {
        let (x, y) = (turn(&mut ours), turn(&mut other));
        a.push(x);
        b.push(y);
        ratios.push(y / x);
    }
    Pair {
        ours_ns: median(a),
        other_ns: median(b),
        ratio: median(ratios),
    }
}

/// The hundredth slowest by the median.
pub fn tail(mut times: Vec<f64>) -> f64 {
    let slow = percentile(&mut times, 99);
    slow / median(times)
}
