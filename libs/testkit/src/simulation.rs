//! Short form and long form of a failure test. The short one runs with the other tests; `cargo xtask sim` runs the long
//! one, and both take the seed that they print.
#![allow(
    clippy::print_stdout,
    reason = "the seed is told to whoever runs the test"
)]

use std::time::{Duration, Instant, SystemTime};

/// Seed of a run that is to be repeated.
const SEED: &str = "TRILBY_TEST_SEED";
/// How long the long form goes on.
const SECONDS: &str = "TRILBY_TEST_SECONDS";

/// How long a run is, and what its chances hang on.
#[derive(Debug)]
pub struct Run {
    failure: &'static str,
    /// What chance decides.
    pub random: Random,
    begun: Instant,
    long: Option<Duration>,
    n_rounds: u64,
}

impl Run {
    /// Of one of the failures F1 to F22; says its seed.
    #[must_use]
    pub fn of(failure: &'static str) -> Self {
        let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse().ok());
        let by_clock = || {
            let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
            u64::from(now.unwrap().subsec_nanos())
        };
        let seed = number(SEED).unwrap_or_else(by_clock);
        println!("{failure}: {SEED}={seed} repeats it");
        Self {
            failure,
            random: Random::new(seed),
            begun: Instant::now(),
            long: number(SECONDS).map(Duration::from_secs),
            n_rounds: 0,
        }
    }

    /// Whether this is the long form.
    #[must_use]
    pub fn is_long(&self) -> bool {
        self.long.is_some()
    }

    /// Whether there is another round: so many in the short form; until the time is over, and no fewer, in the long one.
    pub fn goes_on(&mut self, short: u64) -> bool {
        let has_time = self.long.is_some_and(|long| self.begun.elapsed() < long);
        let more = self.n_rounds < short || has_time;
        self.n_rounds += u64::from(more);
        more
    }

    /// Whether something goes on: `short` says it for the short form; in the long one it does until the time is over as well.
    pub fn clock(&self) -> impl Fn(bool) -> bool + Clone + Send + 'static {
        let (begun, long) = (self.begun, self.long);
        move |short| short || long.is_some_and(|long| begun.elapsed() < long)
    }

    /// How many rounds there were, or which this one is, from 1.
    pub fn round(&self) -> u64 {
        self.n_rounds
    }

    /// What was seen, on a line that `cargo xtask sim` adds up.
    pub fn tell(&self, counts: &[(&str, usize)]) {
        let counts: Vec<String> = counts
            .iter()
            .map(|(name, n)| format!("{name}={n}"))
            .collect();
        println!("counts {}: {}", self.failure, counts.join(" "));
    }
}

/// A small generator of numbers (SplitMix64), seeded.
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// One with this seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Any number; the seed of another generator.
    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `n`.
    pub fn below(&mut self, n: u64) -> u64 {
        (self.draw() >> 16) % n
    }

    /// From `min` milliseconds to less than `below`.
    pub fn millis(&mut self, min: u64, below: u64) -> Duration {
        Duration::from_millis(min + self.below(below - min))
    }
}
