//! The binary: wiring, command line and the demo's script. Which backend holds the log is chosen here and nowhere below.

mod api;
mod bootstrap;
mod clearing;
mod cli;
mod commands;
mod demo;
mod files;
mod installation;
mod kafka;
mod keys;
mod process;
mod reach;
#[cfg(feature = "kafka")]
mod relay;
mod role;
mod serve;
mod shared;
mod store;
mod terminal;

use std::process::ExitCode;

use clap::Parser;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    commands::run(cli::Cli::parse())
}
