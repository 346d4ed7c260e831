//! `trilby serve`: all three services in one process, with the log in a SQLite file.
//!
//! The order of a start is the order of what can be refused without leaving a trace: settings, ports, data folder,
//! keys, store; only then is anything written that was not there.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use anyhow::bail;
use trilby_service::Settings;
use trilby_service::clock::{Clock, EntropySource, SystemClock, SystemEntropy};
use trilby_service::server::{Listeners, stop_signal};
use trilby_service::telemetry::Telemetry;

use crate::bootstrap;
use crate::installation::DataDir;
use crate::keys::{self, Keys};
use crate::process::{Given, Process, Serving};
use crate::role::Role;
use crate::store::Store;
use crate::terminal::Terminal;

/// Revocations older than this may have been purged, so their rows are not looked for: 12 hours, the longest session.
pub const VERIFIED_REVOCATION_AGE_S: i64 = 12 * 3_600;

/// An address with a port that the system chooses.
pub fn free_port() -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, 0))
}

/// A server of its own folder, and the ticket that makes the first account if there is none yet.
pub struct Embedded {
    pub serving: Serving,
    pub ticket: Option<String>,
}

/// Serves until a signal says to stop.
pub async fn run(settings: Settings, terminal: Arc<Terminal>) -> anyhow::Result<()> {
    if settings.log.store.is_some() {
        bail!(
            "`serve` keeps its log in a folder; over a shared store run `trilby identity`, `trilby token` and `trilby decision`"
        );
    }
    if let Some(name) = keys::named(&settings, &keys::environment) {
        bail!(
            "`serve` makes and reads the keys of its own folder, and `{name}` names another; take it away, or put the keys in the folder's `keys`"
        );
    }
    let dir = DataDir::at(&settings.log.data_dir)?;
    let Embedded { serving, ticket } = start(settings).await?;
    let asked_to_stop = stop_signal();
    terminal.line(&format!("Data folder: {}", dir.shown()))?;
    if let Some(ticket) = &ticket {
        bootstrap::tell(&terminal, &serving.url(), ticket, &dir.ticket())?;
    }
    terminal.line(serving.ready_line())?;
    serving.until_stopped(asked_to_stop).await
}

/// Starts serving in the background, by the host's clock.
pub async fn start(settings: Settings) -> anyhow::Result<Embedded> {
    start_at(settings, Arc::new(SystemClock)).await
}

/// Starts serving in the background, by any clock.
pub async fn start_at(settings: Settings, clock: Arc<dyn Clock>) -> anyhow::Result<Embedded> {
    let dir = DataDir::at(&settings.log.data_dir)?;
    let listeners = Listeners::open(&settings)?;
    let telemetry = Telemetry::start(&settings)?;
    let keys: Keys = dir.open_keys(&mut SystemEntropy.entropy())?.into();
    let store = Store::embedded(&dir.store(), &keys.store).await?;
    let process = Process::assemble(Given {
        roles: Role::ALL,
        settings,
        public_url: listeners.public_url().to_owned(),
        keys,
        store,
        clock,
    })
    .await?;
    let process = process.with(bootstrap::forget_when_opened(&dir));
    let ticket = bootstrap::ticket_of_first_start(process.services(), &dir).await?;
    let serving = process.serve(listeners, telemetry)?;
    Ok(Embedded { serving, ticket })
}
