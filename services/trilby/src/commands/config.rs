//! `trilby config`: the settings in force.

use std::process::ExitCode;

use anyhow::bail;
use trilby_service::settings::Settings;

use crate::cli::ConfigCommand;
use crate::keys;
use crate::terminal::Terminal;

pub fn run(
    settings: &Settings,
    command: ConfigCommand,
    terminal: &Terminal,
) -> anyhow::Result<ExitCode> {
    match command {
        ConfigCommand::Show => terminal.line(settings.to_toml().trim_end())?,
        ConfigCommand::Check => {
            let faults = keys::check_files(settings, &keys::environment);
            if !faults.is_empty() {
                bail!(
                    "files that the settings name are not good:\n  {}",
                    faults.join("\n  ")
                );
            }
            terminal.line("The settings are good.")?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
