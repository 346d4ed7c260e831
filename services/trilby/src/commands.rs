//! From the command line to an exit code: 0 done, 1 refused or failed, 2 input or store broken, 3 incomplete.

mod admin;
mod config;
mod erase;
mod health;
mod log;
mod openapi;
mod policy;
mod simulate;

use std::future::Future;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use trilby_service::settings::Settings;

use crate::cli::{Cli, Command, SettingsArgs};
#[cfg(not(feature = "kafka"))]
use crate::kafka::relay;
#[cfg(feature = "kafka")]
use crate::relay::run as relay;
use crate::role::Role;
use crate::terminal::Terminal;
use crate::{bootstrap, demo, serve, shared};

/// Runs what was asked for. Errors are told once, on standard error, in one line a cause.
pub fn run(cli: Cli) -> ExitCode {
    match dispatch(cli) {
        Ok(code) => code,
        Err(error) => {
            Terminal::stderr().line(&format!("trilby: {error:#}")).ok();
            ExitCode::FAILURE
        }
    }
}

fn dispatch(cli: Cli) -> anyhow::Result<ExitCode> {
    let terminal = Arc::new(Terminal::stdout());
    let args = cli.settings;
    match cli.command.unwrap_or(Command::Serve) {
        Command::Serve => done(block_on(serve::run(settings(&args)?, terminal))?),
        Command::Identity => done(block_on(shared::run(
            Role::Identity,
            settings(&args)?,
            terminal,
        ))?),
        Command::Token => done(block_on(shared::run(
            Role::Token,
            settings(&args)?,
            terminal,
        ))?),
        Command::Decision => done(block_on(shared::run(
            Role::Decision,
            settings(&args)?,
            terminal,
        ))?),
        Command::Relay => done(block_on(relay(settings(&args)?, terminal))?),
        Command::Migrate => done(block_on(shared::migrate(settings(&args)?, terminal))?),
        Command::Demo {
            at: Some(url),
            ticket: Some(ticket),
            issuer_port: Some(issuer_port),
            ..
        } => {
            let elsewhere = demo::Elsewhere {
                url,
                ticket,
                issuer_port,
            };
            done(block_on(demo::elsewhere(
                settings(&args)?,
                elsewhere,
                terminal,
            ))?)
        }
        Command::Demo { exit: true, .. } => {
            done(block_on(demo::check(settings(&args)?, terminal))?)
        }
        Command::Demo { exit: false, .. } => done(block_on(demo::run(settings(&args)?, terminal))?),
        Command::Bootstrap => done(block_on(bootstrap::reissue(settings(&args)?, terminal))?),
        Command::Simulate { file, explain } => simulate::run(&file, explain),
        Command::Policy { command } => policy::run(command, &terminal),
        Command::Log { command } => block_on(log::run(settings(&args)?, command, terminal))?,
        Command::Admin { command } => block_on(admin::run(settings(&args)?, command, terminal))?,
        Command::Config { command } => config::run(&settings(&args)?, command, &terminal),
        Command::Health { live } => health::run(&settings(&args)?, live, &terminal),
        Command::Openapi { dir, check } => openapi::run(&dir, check, &terminal),
    }
}

fn done(result: anyhow::Result<()>) -> anyhow::Result<ExitCode> {
    result.map(|()| ExitCode::SUCCESS)
}

fn settings(args: &SettingsArgs) -> anyhow::Result<Settings> {
    let environment = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    let overrides = [
        (
            "log.data_dir",
            args.data_dir.as_ref().map(|dir| dir.display().to_string()),
        ),
        ("log.store", args.store.clone()),
        (
            "server.listen",
            args.listen.map(|listen| listen.to_string()),
        ),
        (
            "server.operator_listen",
            args.operator_listen.map(|listen| listen.to_string()),
        ),
    ];
    let overrides = overrides
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)));
    Ok(Settings::load(
        args.config.as_deref(),
        environment,
        overrides,
    )?)
}

fn block_on<T>(work: impl Future<Output = T>) -> anyhow::Result<T> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime")?;
    Ok(runtime.block_on(work))
}
