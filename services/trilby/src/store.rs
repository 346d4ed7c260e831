//! The choice of the backend, made here and nowhere below.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use trilby_credential::StoreKey;
use trilby_eventlog::{ActivitySink, Archive, EventLog, Feed, NodeTable};
use trilby_eventlog_sqlite::Sqlite;
use trilby_service::Settings;
use trilby_service::settings::StoreUrl;

use crate::keys::Keys;
use crate::role::Role;

#[cfg(feature = "postgres")]
mod agreement;
#[cfg(feature = "postgres")]
mod connections;
#[cfg(feature = "postgres")]
mod postgres;

#[cfg(not(feature = "postgres"))]
const NO_POSTGRES: &str = "this build has no Postgres in it: build with `--features postgres`";

/// An open store.
pub struct Store {
    /// The log and its side tables.
    pub log: Arc<dyn EventLog>,
    /// Where records of decisions are handed over.
    pub decisions: Arc<dyn ActivitySink>,
    /// The news of it.
    pub feed: Arc<dyn Feed>,
    /// Where processes say that they are there, if several share the store and this one may.
    pub nodes: Option<Arc<dyn NodeTable>>,
    /// Where it is, for whoever reads the process's log.
    pub place: String,
    close: Close,
}

/// A store before it is fenced.
pub struct ToFence {
    pub archive: Box<dyn Archive>,
    /// Where it is.
    pub place: String,
    /// What speaks against it.
    pub objections: Vec<String>,
}

/// What is to be done when the process ends.
enum Close {
    Sqlite(Arc<Sqlite>),
    /// Whatever was acknowledged is there; connections end with the process.
    #[cfg(feature = "postgres")]
    Nothing,
}

impl Store {
    /// The log in a folder, for the one process that owns it.
    pub async fn embedded(folder: &Path, key: &StoreKey) -> anyhow::Result<Self> {
        let options = trilby_eventlog_sqlite::Options {
            store_key_fingerprint: Some(key.fingerprint()),
            ..trilby_eventlog_sqlite::Options::default()
        };
        let path = folder.to_path_buf();
        let opened = tokio::task::spawn_blocking(move || Sqlite::open(&path, &options)).await?;
        let sqlite = Arc::new(opened.with_context(|| format!("cannot open {}", folder.display()))?);
        Ok(Self {
            log: sqlite.clone(),
            decisions: sqlite.clone(),
            feed: sqlite.clone(),
            nodes: None,
            place: folder.display().to_string(),
            close: Close::Sqlite(sqlite),
        })
    }

    /// The store that the settings name, as this service may use it.
    #[cfg(feature = "postgres")]
    pub async fn shared(role: Role, settings: &Settings, keys: &Keys) -> anyhow::Result<Self> {
        postgres::open(role, settings, keys).await
    }

    /// The shared store as a relay uses it.
    #[cfg(feature = "kafka")]
    pub async fn relaying(
        settings: &Settings,
    ) -> anyhow::Result<trilby_eventlog_postgres::Relaying> {
        postgres::relaying(settings).await
    }

    /// The shared store laid open, for looking after it.
    #[cfg(feature = "postgres")]
    pub async fn archive(settings: &Settings) -> anyhow::Result<Box<dyn Archive>> {
        Ok(Box::new(postgres::archive(settings, true).await?))
    }

    /// The shared store, to be changed by whoever looks after it. One that moved has to be fenced first.
    #[cfg(feature = "postgres")]
    pub async fn to_change(settings: &Settings) -> anyhow::Result<Box<dyn Archive>> {
        Ok(Box::new(postgres::to_change(settings).await?))
    }

    /// The shared store to be fenced.
    #[cfg(feature = "postgres")]
    pub async fn to_fence(settings: &Settings) -> anyhow::Result<ToFence> {
        postgres::to_fence(settings).await
    }

    /// An empty shared store to copy into, made if it is not there.
    #[cfg(feature = "postgres")]
    pub async fn target(
        settings: &Settings,
        url: &StoreUrl,
        fingerprint: [u8; 32],
    ) -> anyhow::Result<Box<dyn Archive>> {
        Ok(Box::new(
            postgres::target(settings, url, fingerprint).await?,
        ))
    }

    /// Refused: this build knows no store that can be shared.
    #[cfg(not(feature = "postgres"))]
    pub async fn archive(_: &Settings) -> anyhow::Result<Box<dyn Archive>> {
        anyhow::bail!(NO_POSTGRES)
    }

    /// Refused: this build knows no store that can be shared.
    #[cfg(not(feature = "postgres"))]
    pub async fn to_change(_: &Settings) -> anyhow::Result<Box<dyn Archive>> {
        anyhow::bail!(NO_POSTGRES)
    }

    /// Refused: this build knows no store that can be shared.
    #[cfg(not(feature = "postgres"))]
    pub async fn to_fence(_: &Settings) -> anyhow::Result<ToFence> {
        anyhow::bail!(NO_POSTGRES)
    }

    /// Refused: this build knows no store that can be shared.
    #[cfg(not(feature = "postgres"))]
    pub async fn target(
        _: &Settings,
        _: &StoreUrl,
        _: [u8; 32],
    ) -> anyhow::Result<Box<dyn Archive>> {
        anyhow::bail!(NO_POSTGRES)
    }

    /// Forgets what the processes of a shared store agreed on of one kind; tells whether they had.
    #[cfg(feature = "postgres")]
    pub async fn forget(settings: &Settings, kind: &str) -> anyhow::Result<bool> {
        postgres::forget(settings, kind).await
    }

    /// Refused: this build knows no store that can be shared.
    #[cfg(not(feature = "postgres"))]
    pub async fn forget(_: &Settings, _: &str) -> anyhow::Result<bool> {
        anyhow::bail!(NO_POSTGRES)
    }

    /// Makes the store's tables, or brings them up to date.
    #[cfg(feature = "postgres")]
    pub async fn migrate(settings: &Settings, key: &StoreKey) -> anyhow::Result<()> {
        postgres::migrate(settings, key).await
    }

    /// Refused: this build knows no store that can be shared.
    #[cfg(not(feature = "postgres"))]
    pub async fn shared(_: Role, settings: &Settings, keys: &Keys) -> anyhow::Result<Self> {
        Self::migrate(settings, &keys.store).await?;
        anyhow::bail!("no store")
    }

    /// Refused: this build knows no store that can be shared.
    #[cfg(not(feature = "postgres"))]
    pub async fn migrate(_: &Settings, _: &StoreKey) -> anyhow::Result<()> {
        anyhow::bail!(NO_POSTGRES)
    }

    /// Writes what is to be written and lets it go.
    pub async fn close(self) -> anyhow::Result<()> {
        match self.close {
            Close::Sqlite(store) => tokio::task::spawn_blocking(move || store.close()).await?,
            #[cfg(feature = "postgres")]
            Close::Nothing => {}
        }
        Ok(())
    }
}
