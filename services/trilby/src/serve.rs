//! `trilby serve`: all three services in one process, with the log in a SQLite file.
//!
//! This is where the backend is chosen. The order of a start is the order of what can be refused without leaving a trace: settings, ports,
//! data folder, keys, store; only then is anything written that was not there.

use std::future::Future;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use anyhow::Context;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use trilby_access::{Parts, Registry, Services};
use trilby_decision::DecisionParts;
use trilby_eventlog_sqlite::Sqlite;
use trilby_service::Settings;
use trilby_service::clock::{Clock, EntropySource, SystemClock, SystemEntropy};
use trilby_service::cursor::CursorKey;
use trilby_service::server::{Listeners, Server, stop_signal};
use trilby_service::telemetry::Telemetry;

use crate::api;
use crate::bootstrap;
use crate::installation::DataDir;
use crate::terminal::Terminal;

/// Revocations older than this may have been purged, so their rows are not looked for: 12 hours, the longest session.
pub const VERIFIED_REVOCATION_AGE_S: i64 = 12 * 3_600;

/// A server at work in this process.
pub struct Serving {
    url: String,
    ready_line: String,
    ticket: Option<String>,
    stop: Option<oneshot::Sender<()>>,
    server: JoinHandle<Result<(), trilby_service::server::Error>>,
    services: Services,
    store: Arc<Sqlite>,
}

/// An address with a port that the system chooses.
pub fn free_port() -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, 0))
}

/// Serves until a signal says to stop.
pub async fn run(settings: Settings, terminal: Arc<Terminal>) -> anyhow::Result<()> {
    let dir = DataDir::at(&settings.log.data_dir)?;
    let serving = start(settings).await?;
    let asked_to_stop = stop_signal();
    if let Some(ticket) = &serving.ticket {
        bootstrap::tell(&terminal, &serving.url, ticket, &dir.ticket())?;
    }
    terminal.line(&serving.ready_line)?;
    serving.until_stopped(asked_to_stop).await
}

/// Starts serving in the background, by the host's clock.
pub async fn start(settings: Settings) -> anyhow::Result<Serving> {
    start_at(settings, Arc::new(SystemClock)).await
}

/// Starts serving in the background, by any clock.
pub async fn start_at(settings: Settings, clock: Arc<dyn Clock>) -> anyhow::Result<Serving> {
    let dir = DataDir::at(&settings.log.data_dir)?;
    let listeners = Listeners::open(&settings)?;
    let telemetry = Telemetry::start(&settings)?;
    let keys = dir.open_keys(&mut SystemEntropy.entropy())?;
    let options = trilby_eventlog_sqlite::Options {
        store_key_fingerprint: Some(keys.store.fingerprint()),
        ..trilby_eventlog_sqlite::Options::default()
    };
    let store_dir = dir.store();
    let opened = tokio::task::spawn_blocking(move || Sqlite::open(&store_dir, &options)).await?;
    let store = Arc::new(opened.with_context(|| format!("cannot open {}", dir.root().display()))?);

    let url = listeners.public_url().to_owned();
    let ready_line = listeners.ready_line();
    let settings = Arc::new(settings);
    let log: Arc<dyn trilby_eventlog::EventLog> = store.clone();
    let feed: Arc<dyn trilby_eventlog::Feed> = store.clone();
    let services = Services::start(Parts {
        log,
        feed,
        clock: Arc::clone(&clock),
        entropy: Arc::new(SystemEntropy),
        settings: Arc::clone(&settings),
        public_url: url.clone(),
        claim_key: *keys.store.claim_key().expose(),
        cursor_key: CursorKey::new(&keys.store.cursor_key()),
        directory: trilby_directory::Options::default(),
    })
    .await?;
    let services = api::with_parts(services, keys, &settings)?;
    let ticket = bootstrap::ticket_of_first_start(&services, &dir).await?;

    let registry = api::registry();
    registry
        .check()
        .context("the operations contradict each other")?;
    let mut server =
        Server::new(&settings, listeners, telemetry).with_time(clock, Arc::new(SystemEntropy));
    for (service, document) in api::documents()? {
        server = server.document(service, document);
    }
    let routes = registry.clone();
    let for_routes = services.clone();
    let server = server.routes(move |config| Registry::configure(&routes, config, &for_routes));
    let (stop, stopped) = oneshot::channel::<()>();
    let until = async {
        // A sender that is gone stops the server too.
        stopped.await.ok();
    };
    let server = tokio::spawn(server.run(until));
    Ok(Serving {
        url,
        ready_line,
        ticket,
        stop: Some(stop),
        server,
        services,
        store,
    })
}

impl Serving {
    /// Where clients reach it.
    pub fn url(&self) -> String {
        self.url.clone()
    }

    /// The ticket that makes the first account, if there is none yet.
    pub fn bootstrap_ticket(&self) -> Option<String> {
        self.ticket.clone()
    }

    /// Serves until it is asked to stop ([`stop_signal`]), or the server ends by itself.
    pub async fn until_stopped(
        mut self,
        asked_to_stop: impl Future<Output = ()>,
    ) -> anyhow::Result<()> {
        let stop = self.stop.take();
        tokio::select! {
            () = asked_to_stop => {}
            ended = &mut self.server => {
                ended??;
                return self.close().await;
            }
        }
        drop(stop);
        (&mut self.server).await??;
        self.close().await
    }

    /// Stops now, letting running requests finish.
    pub async fn stop(mut self) -> anyhow::Result<()> {
        self.stop = None;
        (&mut self.server).await??;
        self.close().await
    }

    async fn close(self) -> anyhow::Result<()> {
        if let Ok(decisions) = self.services.part::<DecisionParts>() {
            decisions.close().await;
        }
        let store = self.store;
        tokio::task::spawn_blocking(move || store.close()).await?;
        Ok(())
    }
}
