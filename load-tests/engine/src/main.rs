//! Measures the engine beside Cedar and the naive evaluator, on one generated account, in one run.
//!
//! `cargo xtask bench engine` builds and runs this: once to take times, once in a build that counts the heap.

#![cfg_attr(
    feature = "count",
    expect(
        unused_imports,
        dead_code,
        reason = "the build that counts takes no times"
    )
)]

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
    /// Asks our side alone, so many rounds of the large account: for a profiler
    #[arg(long)]
    profile: Option<usize>,
}

fn main() -> anyhow::Result<()> {
    let cli = Cli::parse();
    println!("seed {}", cli.seed);
    #[cfg(feature = "count")]
    let figures = scenes::counted(&cli)?;
    #[cfg(not(feature = "count"))]
    let figures = scenes::timed(&cli)?;
    report::write(&cli.json, &figures)
}
