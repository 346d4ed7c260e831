//! Measures the log beside raw inserts of rows of the same size: candidate and baseline in turn, on the same server and disk.
//!
//! `cargo xtask bench log` starts a server of its own for it and says where it is. `load-tests/README.md` says how to read
//! the figures.

#![allow(
    clippy::print_stdout,
    reason = "a command-line program talks to its user"
)]

mod figures;
mod hot;
mod postgres;
mod processes;
mod replay;
mod report;
mod sqlite;
mod work;

use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;

/// How much is measured.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// Times that candidate and baseline are measured, in turn.
    pub rounds: usize,
    /// How long each is measured.
    pub slice: Duration,
    /// Logs that are "many".
    pub many_logs: u64,
    /// Events of the logs that are replayed, together.
    pub replayed: u64,
    /// Accounts that are decided on for the first time.
    pub cold_accounts: usize,
    /// Times that each service is killed.
    pub restarts: usize,
    /// What is measured alone.
    pub only: Option<What>,
}

impl Plan {
    /// Whether this is to be measured.
    fn wants(&self, what: What) -> bool {
        self.only.is_none_or(|only| only == what)
    }
}

/// What can be measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum What {
    /// Single appends beside single inserts.
    Appends,
    /// The same with slower flushes.
    SlowAppends,
    /// Commits of many events.
    Batches,
    /// Appends among many logs.
    Many,
    /// Reading, checking and folding.
    Replay,
    /// Many callers on one log, with the disk's flush and a slow one.
    Hot,
    /// The log in a file.
    Sqlite,
    /// The services, killed and asked.
    Processes,
}

#[derive(Parser)]
struct Args {
    /// URL of a Postgres server, a login that may make databases and roles
    #[arg(long, env = "TRILBY_BENCH_URL", hide_env_values = true)]
    url: String,
    /// Write the figures as JSON as well
    #[arg(long)]
    json: Option<PathBuf>,
    /// Where the SQLite file is made: on the disk that is meant
    #[arg(long)]
    dir: PathBuf,
    /// The program `trilby` with Postgres in it
    #[arg(long)]
    program: PathBuf,
    /// The file that says how many microseconds the server's flushes take at least. Without it there are no figures of slow
    /// flushes
    #[arg(long)]
    flush_file: Option<PathBuf>,
    /// See that everything can be measured; rough figures
    #[arg(long)]
    short: bool,
    /// Measure this alone
    #[arg(long, value_enum)]
    only: Option<What>,
}

/// As the program has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let plan = if args.short {
        Plan {
            rounds: 2,
            slice: Duration::from_millis(400),
            many_logs: 20_000,
            replayed: 20_000,
            cold_accounts: 8,
            restarts: 3,
            only: args.only,
        }
    } else {
        Plan {
            rounds: 5,
            slice: Duration::from_secs(3),
            many_logs: 1_000_000,
            replayed: 200_000,
            cold_accounts: 100,
            restarts: 9,
            only: args.only,
        }
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let mut figures = report::Figures::new();
    if plan.only != Some(What::Sqlite) {
        let flush_file = args.flush_file.as_deref();
        runtime.block_on(figures::postgres(
            &args.url,
            flush_file,
            &plan,
            &mut figures,
        ))?;
    }
    if plan.wants(What::Sqlite) {
        runtime.block_on(sqlite::measure(&args.dir, &plan, &mut figures))?;
    }
    if plan.wants(What::Processes) {
        let measured = processes::measure(&args.url, &args.program, &args.dir, &plan, &mut figures);
        runtime.block_on(measured)?;
    }
    report::write(args.json.as_deref(), &figures)
}
