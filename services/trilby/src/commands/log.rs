//! `trilby log …`: looking after the store, beside a server or without one.

mod offline;
mod verify;

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, bail};
use trilby_credential::StoreKey;
use trilby_directory::VerifyingFolds;
use trilby_eventlog::{Archive, StoreMeta, copy, export};
use trilby_eventlog_sqlite::{Options, Sqlite};
use trilby_model::LogId;
use trilby_service::settings::{Settings, StoreUrl};

use crate::cli::LogCommand;
use crate::installation::DataDir;
use crate::keys::{Keys, environment, store_secrets};
use crate::store::{Store, ToFence};
use crate::terminal::Terminal;

/// Logs listed at a time.
const PAGE: usize = 1_000;

pub async fn run(
    settings: Settings,
    command: LogCommand,
    terminal: Arc<Terminal>,
) -> anyhow::Result<ExitCode> {
    match command {
        LogCommand::Verify {
            log,
            since,
            kept,
            offline,
            json,
        } => {
            let asked = verify::Asked {
                log,
                since,
                kept,
                offline,
                json,
            };
            verify::run(&settings, asked, &terminal).await
        }
        LogCommand::Copy { to } => copy_to(&settings, &to, Indexes::AsTheyAre, &terminal).await,
        LogCommand::Rebuild { to } => copy_to(&settings, &to, Indexes::MadeAnew, &terminal).await,
        LogCommand::Export { log } => export_one(&settings, &log).await,
        LogCommand::List => list(&settings, &terminal).await,
    }
}

/// The store as it is at this moment, whether or not servers are writing to it: the shared one if the settings name one.
async fn open(settings: &Settings) -> anyhow::Result<Box<dyn Archive>> {
    if settings.log.store.is_some() {
        return Store::archive(settings).await;
    }
    let dir = DataDir::existing(&settings.log.data_dir)?;
    let options = Options {
        create: false,
        read_only: true,
        relay: false,
        ..Options::default()
    };
    Ok(Box::new(open_with(dir.store(), options).await?))
}

/// The store, whatever timeline it is on, to be fenced.
pub(super) async fn open_to_fence(settings: &Settings) -> anyhow::Result<ToFence> {
    if settings.log.store.is_some() {
        return Store::to_fence(settings).await;
    }
    let dir = DataDir::existing(&settings.log.data_dir)?;
    Ok(ToFence {
        archive: owned(&dir).await?,
        place: dir.store().display().to_string(),
        // A server that runs holds it, so that it cannot be opened.
        objections: Vec::new(),
    })
}

/// The store, to be changed by whoever looks after it: a folder's while no server runs, a shared one beside its processes.
pub(super) async fn open_to_change(settings: &Settings) -> anyhow::Result<Box<dyn Archive>> {
    match settings.log.store {
        Some(_) => Store::to_change(settings).await,
        None => owned(&DataDir::existing(&settings.log.data_dir)?).await,
    }
}

/// The store of a folder, held by this process alone.
async fn owned(dir: &DataDir) -> anyhow::Result<Box<dyn Archive>> {
    let options = Options {
        create: false,
        relay: false,
        ..Options::default()
    };
    Ok(Box::new(open_with(dir.store(), options).await?))
}

/// What knows the events of this store.
fn folds(settings: &Settings, meta: &StoreMeta) -> anyhow::Result<VerifyingFolds> {
    let key = store_key(settings, meta)?;
    Ok(VerifyingFolds::new(store_secrets(&key), meta.store_id))
}

/// The store's key, which is in the data folder or where the settings say.
pub(super) fn store_key(settings: &Settings, meta: &StoreMeta) -> anyhow::Result<StoreKey> {
    let beside = match settings.log.store {
        Some(_) => None,
        None => DataDir::at(&settings.log.data_dir)?.store_key()?,
    };
    let key = match beside {
        Some(key) => key,
        // That of a copy may lie elsewhere too.
        None => Keys::of(&[], settings, &environment)?.store,
    };
    if key.fingerprint() != meta.store_key_fingerprint {
        bail!("the store was made with another store key");
    }
    Ok(key)
}

async fn open_with(path: std::path::PathBuf, options: Options) -> anyhow::Result<Sqlite> {
    Ok(tokio::task::spawn_blocking(move || Sqlite::open(&path, &options)).await??)
}

/// What becomes of the rows that mirror the events.
enum Indexes {
    AsTheyAre,
    MadeAnew,
}

async fn copy_to(
    settings: &Settings,
    to: &str,
    indexes: Indexes,
    terminal: &Terminal,
) -> anyhow::Result<ExitCode> {
    let from = open(settings).await?;
    let meta = from.store_meta().await?;
    let made = match to.starts_with("postgres") && to.contains("://") {
        true => {
            let url = to.parse::<StoreUrl>();
            let url = url.map_err(|what| anyhow::anyhow!("`{to}` {what}"))?;
            Store::target(settings, &url, meta.store_key_fingerprint).await?
        }
        false => folder_for(Path::new(to), &meta).await?,
    };
    let copied = match indexes {
        Indexes::AsTheyAre => copy::copy(&*from, &*made).await?,
        Indexes::MadeAnew => {
            let folds = folds(settings, &meta)?;
            copy::rebuild(&*from, &*made, &folds).await?
        }
    };
    terminal.line(&format!(
        "copied {} logs, {} commits, {} events and {} rows to {to}; copy the keys as well",
        copied.logs, copied.commits, copied.events, copied.rows
    ))?;
    Ok(ExitCode::SUCCESS)
}

/// An empty store in a folder that has none yet.
async fn folder_for(to: &Path, meta: &StoreMeta) -> anyhow::Result<Box<dyn Archive>> {
    let target = DataDir::at(to)?;
    if target.has_store() {
        bail!("the folder {} holds a store already", to.display());
    }
    let options = Options {
        store_key_fingerprint: Some(meta.store_key_fingerprint),
        store_id: Some(meta.store_id),
        relay: false,
        ..Options::default()
    };
    Ok(Box::new(open_with(target.store(), options).await?))
}

async fn export_one(settings: &Settings, log: &str) -> anyhow::Result<ExitCode> {
    let store = open(settings).await?;
    let mut out = std::io::stdout();
    export::export_log(&*store, &parse_log(log)?, &mut out).await?;
    Ok(ExitCode::SUCCESS)
}

async fn list(settings: &Settings, terminal: &Terminal) -> anyhow::Result<ExitCode> {
    let store = open(settings).await?;
    let mut after = None;
    loop {
        let heads = store.logs(after.as_ref(), PAGE).await?;
        let Some(last) = heads.last() else {
            return Ok(ExitCode::SUCCESS);
        };
        after = Some(last.log.clone());
        for head in &heads {
            terminal.line(&format!(
                "{} seq {} at {} hash {}",
                head.log, head.seq, head.at, head.hash
            ))?;
        }
    }
}

fn parse_log(text: &str) -> anyhow::Result<LogId> {
    text.parse().with_context(|| {
        format!("`{text}` is no log: an account id, an organization id or `platform`")
    })
}
