//! `trilby admin …`: looking after the installation.

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::bail;
use trilby_service::clock::{EntropySource, SystemEntropy};
use trilby_service::settings::Settings;

use crate::cli::AdminCommand;
use crate::installation;
use crate::terminal::Terminal;

pub async fn run(
    settings: Settings,
    command: AdminCommand,
    terminal: Arc<Terminal>,
) -> anyhow::Result<ExitCode> {
    match command {
        AdminCommand::Fence => {
            let incarnation = super::log::open_to_fence(&settings).await?.fence().await?;
            terminal.line(&format!(
                "The store is fenced: what is written from now on is of incarnation {incarnation}."
            ))?;
        }
        AdminCommand::MakeKeys { folder } => {
            let is_new =
                std::fs::read_dir(&folder).map_or(true, |mut found| found.next().is_none());
            if !is_new {
                bail!(
                    "the folder {} is not empty; keys that are written over are lost, and with them every password and token",
                    folder.display()
                );
            }
            installation::make_keys(&folder, &mut SystemEntropy.entropy())?;
            terminal.line(&format!(
                "The keys are in {}. store.key is for every process, pepper.key for identity and token, kek.key for token alone. Back them up apart from the store.",
                folder.display()
            ))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
