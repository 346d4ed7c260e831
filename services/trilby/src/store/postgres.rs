//! Postgres: what separate processes share.
//!
//! Each service works as a database role of its own, whatever login it comes with. A decision process may not write: its
//! records go through Kafka to a relay or, without Kafka, through a second store beside the one it reads, as a role that
//! can write records and nothing else.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use tokio::time::{Instant, sleep};
use trilby_credential::StoreKey;
use trilby_eventlog::{ActivitySink, EventLog, Feed, NodeTable, Polled};
#[cfg(feature = "kafka")]
use trilby_eventlog_postgres::Relaying;
use trilby_eventlog_postgres::{OpenError, Options, Postgres, Role as DatabaseRole};
use trilby_service::Settings;
use trilby_service::settings::{PublicUrl, StoreUrl};

use super::agreement::Ours;
use super::connections::Connections;
use super::{Close, Store, ToFence};
use crate::keys::{Keys, PASSWORD, environment, store_password};
use crate::role::Role;
use crate::shared::url_of;

/// How long a starting process waits for a store that cannot be reached: a database that restarts beside it.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often it tries.
const PAUSE: Duration = Duration::from_millis(250);
/// Connections of a relay for what it does besides relaying.
#[cfg(feature = "kafka")]
const RELAY_CONNECTIONS: usize = 2;

/// The login that a URL without one means: the role itself, if it was given a login.
const ADMIN: &str = "trilby_admin";

pub(super) async fn open(role: Role, settings: &Settings, keys: &Keys) -> anyhow::Result<Store> {
    let database_role = match role {
        Role::Identity => DatabaseRole::Identity,
        Role::Token => DatabaseRole::Token,
        Role::Decision => DatabaseRole::Decision,
    };
    let url = login(settings, role.name(), database_role.name())?;
    let max = settings.log.connections_max;
    let connections = Connections::of(role, max, settings.kafka.brokers.is_some());
    let mut options = Options::new(url, database_role);
    options.store_key_fingerprint = Some(keys.store.fingerprint());
    options.write_connections = connections.appending;
    options.read_connections = connections.reading;
    let log = Arc::new(patiently(|| Postgres::open(&options)).await?);
    let public_url = settings.server.public_url.as_ref().map(PublicUrl::as_str);
    agree(&log, &Ours::of(keys, public_url)).await?;
    let store_id = EventLog::store_meta(&*log).await?.store_id;
    let decisions: Arc<dyn ActivitySink> = match role {
        Role::Decision => match through_kafka(settings, store_id)? {
            Some(through) => through,
            None => {
                let options = Options {
                    role: DatabaseRole::Sink,
                    read_connections: connections.recording,
                    ..options
                };
                Arc::new(patiently(|| Postgres::open(&options)).await?)
            }
        },
        Role::Identity | Role::Token => log.clone(),
    };
    let nodes: Option<Arc<dyn NodeTable>> = match role {
        Role::Token | Role::Decision => Some(log.clone()),
        Role::Identity => None,
    };
    Ok(Store {
        log,
        decisions,
        nodes,
        feed: feed(role, settings, store_id)?,
        place: url_of(settings, role.name())?.place().to_owned(),
        close: Close::Nothing,
    })
}

/// Compares this process with those that started before it, and records what none of them brought.
async fn agree(log: &Postgres, ours: &Ours<'_>) -> anyhow::Result<()> {
    let new = ours.compare(&log.agreed().await?)?;
    if new.is_empty() {
        return Ok(());
    }
    log.agree(&new).await?;
    // Another may have been first meanwhile.
    ours.compare(&log.agreed().await?)?;
    Ok(())
}

/// Forgets what was recorded of a kind; tells whether anything was.
pub(super) async fn forget(settings: &Settings, kind: &str) -> anyhow::Result<bool> {
    let store = archive(settings, false).await?;
    let standing = store.standing().await?;
    if !standing.sessions.is_empty() {
        anyhow::bail!(
            "nothing was forgotten: processes are connected to the store, which would go on with what they have ({}); stop them first",
            standing.sessions.join(", ")
        );
    }
    Ok(store.forget_agreed(kind).await? > 0)
}

/// Where records of decisions go if there is Kafka.
#[cfg(feature = "kafka")]
fn through_kafka(
    settings: &Settings,
    store_id: [u8; 16],
) -> anyhow::Result<Option<Arc<dyn ActivitySink>>> {
    let Some(options) = crate::kafka::of(settings, &environment)? else {
        return Ok(None);
    };
    let records = trilby_feed_kafka::DecisionRecords::start(&options, store_id)?;
    Ok(Some(Arc::new(records)))
}

/// Where records of decisions go if there is Kafka, of which this build knows nothing.
#[cfg(not(feature = "kafka"))]
fn through_kafka(_: &Settings, _: [u8; 16]) -> anyhow::Result<Option<Arc<dyn ActivitySink>>> {
    Ok(None)
}

/// News of other processes: through Kafka if there is one, else the store is asked for them.
#[cfg(feature = "kafka")]
fn feed(role: Role, settings: &Settings, store_id: [u8; 16]) -> anyhow::Result<Arc<dyn Feed>> {
    use trilby_feed_kafka::{KafkaFeed, Pace};
    let pace = match role.writes() {
        // It asks the store where a log ends before it says anything of it.
        true => Pace::Together,
        false => Pace::AtOnce,
    };
    Ok(match crate::kafka::of(settings, &environment)? {
        Some(options) => Arc::new(KafkaFeed::start(options, pace, store_id)?),
        None => Arc::new(Polled::default()),
    })
}

/// News of other processes: the store is asked for them.
#[cfg(not(feature = "kafka"))]
fn feed(_: Role, settings: &Settings, _: [u8; 16]) -> anyhow::Result<Arc<dyn Feed>> {
    crate::kafka::refuse(settings)?;
    Ok(Arc::new(Polled::default()))
}

/// The store as a relay uses it. It needs no key, so it is given none.
#[cfg(feature = "kafka")]
pub(super) async fn relaying(settings: &Settings) -> anyhow::Result<Relaying> {
    let url = login(settings, "relay", DatabaseRole::Relay.name())?;
    let mut options = Options::new(url, DatabaseRole::Relay);
    options.read_connections = RELAY_CONNECTIONS;
    options.write_connections = RELAY_CONNECTIONS;
    patiently(|| Relaying::open(&options)).await
}

pub(super) async fn migrate(settings: &Settings, key: &StoreKey) -> anyhow::Result<()> {
    let url = login(settings, "migrate", ADMIN)?;
    trilby_eventlog_postgres::migrate(&url, Some(key.fingerprint()))
        .await
        .map_err(|error| told(error, "the store cannot be migrated"))
}

/// What failed and why, and which setting mends it if one does.
fn told(error: OpenError, what: &'static str) -> anyhow::Error {
    let mend = match error {
        OpenError::NoPassword => Some(format!("set `log.password_file` or {PASSWORD}")),
        _ => None,
    };
    let error = anyhow::Error::new(error);
    match mend {
        Some(mend) => anyhow::anyhow!("{error}: {mend}").context(what),
        None => error.context(what),
    }
}

/// Opens a store, and waits for one that cannot be reached yet. What is wrong with one that answers is told at once.
async fn patiently<T, F>(open: impl Fn() -> F) -> anyhow::Result<T>
where
    F: Future<Output = Result<T, OpenError>>,
{
    let deadline = Instant::now() + PATIENCE;
    let mut was_told = false;
    loop {
        match open().await {
            Err(OpenError::Unreachable(reason)) if Instant::now() < deadline => {
                if !was_told {
                    tracing::warn!(reason, "the store cannot be reached; waiting for it");
                    was_told = true;
                }
                sleep(PAUSE).await;
            }
            opened => return opened.map_err(|error| told(error, "cannot open the shared store")),
        }
    }
}

/// The shared store as whoever owns its tables, on whatever timeline: to look at it as it is at this moment, or to fence it.
pub(super) async fn archive(settings: &Settings, read_only: bool) -> anyhow::Result<Postgres> {
    owned(settings, read_only, true).await
}

/// The same to change it, unless it moved and was not fenced yet.
pub(super) async fn to_change(settings: &Settings) -> anyhow::Result<Postgres> {
    owned(settings, false, false).await
}

async fn owned(
    settings: &Settings,
    read_only: bool,
    any_timeline: bool,
) -> anyhow::Result<Postgres> {
    let url = login(settings, "log", ADMIN)?;
    let mut options = Options::new(url, DatabaseRole::Admin);
    options.read_only = read_only;
    options.any_timeline = any_timeline;
    let opened = Postgres::open(&options).await;
    opened.map_err(|error| told(error, "cannot open the shared store"))
}

/// The same before it is fenced, and what speaks against that.
pub(super) async fn to_fence(settings: &Settings) -> anyhow::Result<ToFence> {
    let store = archive(settings, false).await?;
    let standing = store.standing().await?;
    let mut objections = Vec::new();
    if !standing.sessions.is_empty() {
        objections.push(format!(
            "processes are connected to it, which would go on as if nothing had happened: {}",
            standing.sessions.join(", ")
        ));
    }
    if !standing.has_moved {
        objections.push(
            "nothing shows that the database was restored or taken over (a dump that was restored beside it would not)"
                .to_owned(),
        );
    }
    Ok(ToFence {
        archive: Box::new(store),
        place: url_of(settings, "admin fence")?.place().to_owned(),
        objections,
    })
}

/// An empty store to copy into, made at this address.
pub(super) async fn target(
    settings: &Settings,
    url: &StoreUrl,
    fingerprint: [u8; 32],
) -> anyhow::Result<Postgres> {
    let url = login_to(settings, url, ADMIN)?;
    trilby_eventlog_postgres::migrate(&url, Some(fingerprint))
        .await
        .map_err(|error| told(error, "the store cannot be made"))?;
    let mut options = Options::new(url, DatabaseRole::Admin);
    options.store_key_fingerprint = Some(fingerprint);
    let opened = Postgres::open(&options).await;
    opened.map_err(|error| told(error, "cannot open the store to copy into"))
}

/// The store's URL with a login and its password.
fn login(settings: &Settings, command: &str, by_default: &str) -> anyhow::Result<String> {
    login_to(settings, url_of(settings, command)?, by_default)
}

fn login_to(settings: &Settings, url: &StoreUrl, by_default: &str) -> anyhow::Result<String> {
    let user = url.user().unwrap_or(by_default);
    let user = match store_password(settings, &environment)? {
        Some(password) => {
            let password = utf8_percent_encode(&password, NON_ALPHANUMERIC);
            format!("{user}:{password}")
        }
        None => user.to_owned(),
    };
    let url = url.with_user(&user);
    let Some(file) = &settings.log.store_ca_file else {
        return Ok(url);
    };
    let file = file
        .to_str()
        .context("`log.store_ca_file` is no text that a URL can hold")?;
    let joint = if url.contains('?') { '&' } else { '?' };
    let file = utf8_percent_encode(file, NON_ALPHANUMERIC);
    Ok(format!("{url}{joint}sslrootcert={file}"))
}
