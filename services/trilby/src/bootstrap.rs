//! The bootstrap ticket: the only way into a store without accounts.
//!
//! Each start on such a store issues a new one, and the ones before are void: whoever reads the terminal or the file is who started it.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, bail};
use trilby_access::Services;
use trilby_identity::bootstrap::WhenOpened;
use trilby_service::settings::Settings;

use crate::files;
use crate::installation::DataDir;
use crate::serve::{self, Embedded};
use crate::shared;
use crate::terminal::Terminal;

/// Issues a ticket if the store has no account yet, and writes it to its file (mode 0600).
pub async fn ticket_of_first_start(
    services: &Services,
    dir: &DataDir,
) -> anyhow::Result<Option<String>> {
    let Some(ticket) = new_ticket(services).await? else {
        remove(&dir.ticket())?;
        return Ok(None);
    };
    files::write_private(&dir.ticket(), format!("{ticket}\n").as_bytes())?;
    Ok(Some(ticket))
}

/// Issues a ticket if the store has no account yet.
pub async fn new_ticket(services: &Services) -> anyhow::Result<Option<String>> {
    if trilby_identity::bootstrap::is_done(services)
        .await
        .map_err(told)?
    {
        return Ok(None);
    }
    let ticket = trilby_identity::bootstrap::issue_ticket(services)
        .await
        .map_err(told)?;
    Ok(Some(ticket.expose().to_string()))
}

/// Removes the ticket's file as soon as it has opened the installation.
pub fn forget_when_opened(dir: &DataDir) -> WhenOpened {
    let file = dir.ticket();
    WhenOpened::new(move || {
        if let Err(error) = remove(&file) {
            // It opens nothing any more, and the next start tries again.
            tracing::warn!(
                error = format!("{error:#}"),
                "the used ticket is still there"
            );
        }
    })
}

/// Tells how to use it.
pub fn tell(terminal: &Terminal, url: &str, ticket: &str, file: &Path) -> anyhow::Result<()> {
    terminal.line("This installation has no account yet. Its bootstrap ticket makes the first one; it is good once, for 30 minutes:")?;
    terminal.line("")?;
    terminal.line(&format!("  {ticket}"))?;
    terminal.line("")?;
    terminal.line(&format!(
        "It is in {} as well. Use it with POST {url}/v1/bootstrap (see {url}/docs).",
        file.display()
    ))
}

/// `trilby bootstrap`: a new ticket, without serving.
pub async fn reissue(settings: Settings, terminal: Arc<Terminal>) -> anyhow::Result<()> {
    if settings.log.store.is_some() {
        return match shared::ticket(settings).await? {
            None => bail!("the store has accounts; there is nothing to bootstrap"),
            Some(ticket) => terminal.line(&ticket),
        };
    }
    let dir = DataDir::at(&settings.log.data_dir)?;
    let settings = Settings {
        server: trilby_service::settings::Server {
            listen: serve::free_port(),
            operator_listen: serve::free_port(),
            ..settings.server
        },
        ..settings
    };
    let Embedded { serving, ticket } = serve::start(settings).await?;
    serving.stop().await?;
    match ticket {
        None => bail!(
            "the store in {} has accounts; there is nothing to bootstrap",
            dir.root().display()
        ),
        Some(ticket) => terminal.line(&ticket),
    }
}

fn remove(file: &Path) -> anyhow::Result<()> {
    match std::fs::remove_file(file) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove the used ticket {}", file.display()))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

/// A problem with its cause, which clients are not told and whoever starts the process is.
fn told(problem: trilby_service::Problem) -> anyhow::Error {
    match problem.cause_chain() {
        Some(cause) => anyhow::anyhow!("{}: {cause}", problem.detail),
        None => problem.into(),
    }
}
