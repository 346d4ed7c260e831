//! Measures the engine beside Cedar and the naive evaluator, on one generated account, in one run.
//!
//! `cargo xtask bench engine` builds and runs this: once to take times, once in a build that counts the heap.

#![cfg_attr(
    any(feature = "count", not(feature = "cedar")),
    expect(
        unused_imports,
        dead_code,
        reason = "the builds that count and that profile take no times"
    )
)]

#[cfg(feature = "cedar")]
mod cedar;
#[cfg(feature = "count")]
mod heap;
mod measure;
mod ours;
mod report;
mod scenes;
mod stats;
mod told;
mod workload;

use std::path::PathBuf;

use clap::Parser;

/// Measures the engine.
#[derive(Parser)]
pub struct Cli {
    /// Where the figures go
    #[arg(long, default_value = "target/bench/engine.json")]
    json: PathBuf,
    /// Interleaved pairs
    #[arg(long, default_value_t = 5)]
    pairs: usize,
    /// Of the generated accounts
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Smaller accounts where size is what is measured: sees that everything can be measured
    #[arg(long)]
    short: bool,
    /// Asks our side alone, this many rounds of the account of this size, without a clock: for a profiler
    #[arg(long, requires = "size")]
    rounds: Option<usize>,
    /// See `--rounds`: small, medium or large
    #[arg(long)]
    size: Option<String>,
}

fn main() -> anyhow::Result<()> {
    let cli = Cli::parse();
    println!("seed {}", cli.seed);
    if let (Some(rounds), Some(size)) = (cli.rounds, &cli.size) {
        return scenes::profiled(&cli, size, rounds);
    }
    #[cfg(feature = "count")]
    let figures = scenes::counted(&cli)?;
    #[cfg(all(feature = "cedar", not(feature = "count")))]
    let figures = scenes::timed(&cli)?;
    #[cfg(any(feature = "cedar", feature = "count"))]
    return report::write(&cli.json, &figures);
    #[cfg(not(any(feature = "cedar", feature = "count")))]
    anyhow::bail!("built for profiling: say --size and --rounds");
}
