//! Developer commands: `cargo xtask <command>`. What CI does is made of these, so that anyone can do the same.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command-line program talks to its user"
)]

mod bench;
mod clients;
mod cluster;
mod command;
mod compose;
mod fix;
mod mutate;
mod openapi;
mod services;
mod sim;
mod test;
mod third_party;
mod tidy;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Developer commands of the Trilby workspace.
#[derive(Parser)]
#[command(name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run every test: `cargo test --workspace`, then what needs more than cargo
    Test(test::Args),
    /// Check what the compiler does not: crate table, licences, lock files, texts
    Tidy,
    /// Write `openapi/*.json` from the handlers
    Openapi(openapi::Args),
    /// Format and apply what clippy can fix by itself
    Fix,
    /// Break one rule at a time and see that a named test notices
    Mutate(mutate::Args),
    /// Generate a TypeScript, a Python and a Rust client, compile them, make a call with each
    Clients(clients::Args),
    /// Start or stop what the tests need: Postgres and Kafka
    Services(services::Args),
    /// Postgres, Kafka, several processes of every service, and a proxy on one port
    Cluster(cluster::Args),
    /// `deploy/docker-compose.yml` under a Docker engine: built, brought up, used, a process killed, taken down
    Compose(compose::Args),
    /// The failure tests in their long form, from a seed that is printed
    Sim(sim::Args),
    /// Write a million times and read each at another node: none may be given what was before
    Pairs(bench::Pairs),
    /// Measure the release binary: start, memory, decisions, writes, each beside a baseline
    Bench(bench::Args),
}

fn main() -> ExitCode {
    match run(Cli::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> anyhow::Result<()> {
    let root = workspace::root()?;
    match command {
        Command::Test(args) => test::run(&root, &args),
        Command::Tidy => tidy::run(&root),
        Command::Openapi(args) => openapi::run(&root, &args),
        Command::Fix => fix::run(&root),
        Command::Mutate(args) => mutate::run(&root, &args),
        Command::Clients(args) => clients::run(&root, &args),
        Command::Services(args) => services::run(&root, &args),
        Command::Cluster(args) => cluster::run(&root, args),
        Command::Compose(args) => compose::run(&root, &args),
        Command::Sim(args) => sim::run(&root, &args),
        Command::Bench(args) => bench::run(&root, &args),
        Command::Pairs(args) => bench::pairs(&root, &args),
    }
}
