//! `trilby identity`, `trilby token`, `trilby decision`: one service in a process of its own, over a store that it
//! shares with the others, and with others of its kind. They share nothing else.

use std::sync::Arc;

use anyhow::{Context, bail};
use trilby_service::Settings;
use trilby_service::clock::SystemClock;
use trilby_service::server::{Listeners, stop_signal};
use trilby_service::settings::StoreUrl;
use trilby_service::telemetry::Telemetry;

use crate::keys::{Keys, environment};
use crate::process::{Given, Process};
use crate::role::Role;
use crate::store::Store;
use crate::terminal::Terminal;

/// Serves until a signal says to stop.
pub async fn run(role: Role, settings: Settings, terminal: Arc<Terminal>) -> anyhow::Result<()> {
    // Asked for before anything is begun: who stops a process while it starts means it.
    let asked_to_stop = stop_signal();
    let name = role.name();
    url_of(&settings, name)?;
    let Some(public_url) = &settings.server.public_url else {
        bail!(
            "`server.public_url` must be set: tokens name it as their issuer, and all services must agree on it"
        );
    };
    let public_url = public_url.as_str().to_owned();
    Listeners::check(&settings)?;
    let telemetry = Telemetry::start(&settings)?;
    let keys = Keys::of(role.alone(), &settings, &environment)?;
    let process = async {
        let store = Store::shared(role, &settings, &keys).await?;
        let given = Given {
            roles: role.alone(),
            settings: settings.clone(),
            public_url,
            keys,
            store,
            clock: Arc::new(SystemClock),
        };
        Process::assemble(given).await
    };
    let mut asked_to_stop = std::pin::pin!(asked_to_stop);
    let process = tokio::select! {
        process = process => process?,
        () = &mut asked_to_stop => return Ok(()),
    };
    // Not before there is somebody to answer: a connection that is refused is sent elsewhere, one that waits is not.
    let listeners = Listeners::open(&settings)?;
    let serving = process.serve(listeners, telemetry)?;
    terminal.line(serving.ready_line())?;
    serving.until_stopped(asked_to_stop).await
}

/// Makes the store's tables or brings them up to date.
pub async fn migrate(settings: Settings, terminal: Arc<Terminal>) -> anyhow::Result<()> {
    url_of(&settings, "migrate")?;
    let keys = Keys::of(&[], &settings, &environment)?;
    Store::migrate(&settings, &keys.store).await?;
    terminal.line("The store is up to date.")
}

/// A ticket for a shared store that has no account yet, and nothing else of a process.
pub async fn ticket(settings: Settings) -> anyhow::Result<Option<String>> {
    let role = Role::Identity;
    let keys = Keys::of(role.alone(), &settings, &environment)?;
    let store = Store::shared(role, &settings, &keys).await?;
    let process = Process::assemble(Given {
        roles: role.alone(),
        settings,
        public_url: String::new(),
        keys,
        store,
        clock: Arc::new(SystemClock),
    })
    .await?;
    let ticket = crate::bootstrap::new_ticket(process.services()).await;
    process.close().await?;
    ticket
}

/// Where the shared store is.
pub fn url_of<'a>(settings: &'a Settings, command: &str) -> anyhow::Result<&'a StoreUrl> {
    settings.log.store.as_ref().with_context(|| {
        format!("`trilby {command}` needs a shared store: `--store postgres://host/database`, or `log.store`")
    })
}
