//! Compares the engine with the naive evaluator on generated cases.
//!
//! ```sh
//! cargo run --release --package trilby-differential -- --cases 1000000 --seed 1
//! ```

#![expect(
    clippy::print_stdout,
    reason = "a command-line program talks to its user"
)]

use std::process::ExitCode;

use clap::Parser;
use trilby_differential::{Run, run};

/// Compares the engine with the naive evaluator on generated cases.
#[derive(Parser)]
struct Cli {
    /// How many cases
    #[arg(long, default_value_t = 1_000_000)]
    cases: u64,
    /// Of the generator; the same seed makes the same cases
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many threads share the work
    #[arg(long, default_value_t = 2)]
    jobs: u64,
    /// How many differences to print
    #[arg(long, default_value_t = 3)]
    most: usize,
}

fn main() -> anyhow::Result<ExitCode> {
    let cli = Cli::parse();
    println!("seed {}", cli.seed);
    let found = run(&Run {
        seed: cli.seed,
        cases: cli.cases,
        fault: None,
        most: cli.most,
        jobs: cli.jobs,
    })?;
    println!("{}", found.census);
    for differs in &found.differences {
        println!(
            "\nasked  {}\nengine {}\nother  {}",
            differs.case, differs.engine.0, differs.other.0
        );
    }
    println!(
        "{} cases and {} worlds of seed {}: {} differences",
        found.compared,
        found.compared,
        cli.seed,
        found.differences.len()
    );
    Ok(if found.differences.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
