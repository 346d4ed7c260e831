//! `trilby config`: the settings in force.

use std::process::ExitCode;

use trilby_service::settings::Settings;

use crate::cli::ConfigCommand;
use crate::terminal::Terminal;

pub fn run(
    settings: &Settings,
    command: ConfigCommand,
    terminal: &Terminal,
) -> anyhow::Result<ExitCode> {
    match command {
        ConfigCommand::Show => terminal.line(settings.to_toml().trim_end())?,
        ConfigCommand::Check => terminal.line("The settings are good.")?,
    }
    Ok(ExitCode::SUCCESS)
}
