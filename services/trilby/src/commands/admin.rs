//! `trilby admin …`: looking after the installation.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use anyhow::bail;
use trilby_eventlog::{Archive, READER_LEVEL};
use trilby_service::clock::{EntropySource, SystemEntropy};
use trilby_service::settings::Settings;

use super::erase;
use crate::cli::{AdminCommand, Agreed};
use crate::installation;
use crate::shared::url_of;
use crate::store::{Store, ToFence};
use crate::terminal::Terminal;

pub async fn run(
    settings: Settings,
    command: AdminCommand,
    terminal: Arc<Terminal>,
) -> anyhow::Result<ExitCode> {
    match command {
        AdminCommand::Fence { yes } => fence(&settings, yes, &terminal).await?,
        AdminCommand::RaiseReaderLevel => {
            let store = super::log::open_to_change(&settings).await?;
            terminal.line(&raise_reader_level(&*store, READER_LEVEL).await?)?;
        }
        AdminCommand::EraseSubject { account, user } => {
            terminal.line(&erase::subject(&settings, account, user).await?)?;
        }
        AdminCommand::EraseLog { account, yes } => {
            terminal.line(&erase::log(&settings, account, yes).await?)?;
        }
        AdminCommand::Forget { what } => {
            let kind = match what {
                Agreed::PublicUrl => "public_url",
                Agreed::Pepper => "pepper",
                Agreed::Kek => "kek",
            };
            url_of(&settings, "admin forget")?;
            let said = match Store::forget(&settings, kind).await? {
                true => "Forgotten. The next process to start says what it is.",
                false => "Nothing was recorded.",
            };
            terminal.line(said)?;
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
                "The keys are in {}. store.key is for identity, token and decision, pepper.key for identity and token, kek.key for token alone. Back them up apart from the store.",
                folder.display()
            ))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Raises the level of a store's readers to that of a release. It never falls.
async fn raise_reader_level(store: &dyn Archive, level: u32) -> anyhow::Result<String> {
    let was = store.store_meta().await?.min_reader_level;
    let is = store.raise_reader_level(level).await?;
    Ok(match was == is {
        true => format!("The store needs readers of level {is} already. Nothing was changed."),
        false => format!(
            "The store needs readers of level {is} from now on (it was {was}): a release that knows less does not open it any more."
        ),
    })
}

/// The least incarnation that a fence at this time may give: the seconds since 2020. By counting alone two fences of one backup would
/// give the same, and sessions of the first would count in the second.
fn incarnation_at(now: SystemTime) -> u32 {
    const YEAR_2020: Duration = Duration::from_secs(1_577_836_800);
    let since = now.duration_since(SystemTime::UNIX_EPOCH + YEAR_2020);
    let seconds = since.unwrap_or_default().as_secs();
    // What Postgres can store.
    i32::try_from(seconds).unwrap_or(0).unsigned_abs()
}

async fn fence(settings: &Settings, yes: bool, terminal: &Terminal) -> anyhow::Result<()> {
    let ToFence {
        archive,
        place,
        objections,
    } = super::log::open_to_fence(settings).await?;
    let was = archive.store_meta().await?.incarnation;
    if !objections.is_empty() && !yes {
        bail!(
            "the store {place} (incarnation {was}) was not fenced; `--yes` fences it nevertheless:\n  {}",
            objections.join("\n  ")
        );
    }
    let incarnation = archive.fence(incarnation_at(SystemTime::now())).await?;
    terminal.line(&format!(
        "The store {place} is fenced: it was of incarnation {was}, what is written from now on is of incarnation {incarnation}."
    ))
}

#[cfg(test)]
mod tests;
