//! `trilby log …`: looking after the store, beside a server or without one.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, bail};
use trilby_credential::StoreKey;
use trilby_eventlog::verify::{self, Report, Status};
use trilby_eventlog::{Archive, StoreMeta, copy, export};
use trilby_eventlog_sqlite::{OpenError, Options, Sqlite};
use trilby_model::{ConsistencyToken, LogId, Seq};
use trilby_service::settings::{Settings, StoreUrl};

use crate::cli::LogCommand;
use crate::installation::DataDir;
use crate::keys::{Keys, environment};
use crate::serve::VERIFIED_REVOCATION_AGE_S;
use crate::store::{Store, ToFence};
use crate::terminal::Terminal;

/// Exit code for a store that is broken, as of a report that says so.
const BROKEN: u8 = 2;

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
            json,
        } => {
            let verified = verify(&settings, log, since, kept, json, &terminal).await;
            verified.or_else(|error| broken(error, &terminal))
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
    let dir = DataDir::at(&settings.log.data_dir)?;
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
    let dir = DataDir::at(&settings.log.data_dir)?;
    let options = Options {
        create: false,
        relay: false,
        ..Options::default()
    };
    Ok(ToFence {
        archive: Box::new(open_with(dir.store(), options).await?),
        place: dir.store().display().to_string(),
        // A server that runs holds it, so that it cannot be opened.
        objections: Vec::new(),
    })
}

/// The store key, where it is: in the data folder, or where the settings say.
fn store_key(settings: &Settings) -> anyhow::Result<StoreKey> {
    match settings.log.store {
        Some(_) => Ok(Keys::of(&[], settings, &environment)?.store),
        None => Ok(DataDir::at(&settings.log.data_dir)?.read_keys()?.store),
    }
}

async fn open_with(path: std::path::PathBuf, options: Options) -> anyhow::Result<Sqlite> {
    Ok(tokio::task::spawn_blocking(move || Sqlite::open(&path, &options)).await??)
}

async fn verify(
    settings: &Settings,
    log: Option<String>,
    since: Option<u64>,
    kept: Option<String>,
    json: bool,
    terminal: &Terminal,
) -> anyhow::Result<ExitCode> {
    let log = log.map(|text| parse_log(&text)).transpose()?;
    let kept = match kept {
        Some(text) => {
            let token: ConsistencyToken = text
                .parse()
                .with_context(|| format!("`{text}` is no Trilby-Seq"))?;
            token.positions().to_vec()
        }
        None => Vec::new(),
    };
    let store = open(settings).await?;
    // Without it claims are not compared with the events.
    let claim_key = store_key(settings)
        .ok()
        .map(|key| *key.claim_key().expose());
    let meta = store.store_meta().await?;
    let folds = claim_key.map(|key| trilby_directory::VerifyingFolds::new(key, meta.store_id));
    let now = trilby_service::clock::Clock::now(&trilby_service::clock::SystemClock);
    let options = verify::Options {
        log: log.as_ref(),
        since: Seq::new(since.unwrap_or(0)),
        kept: &kept,
        folds: folds.as_ref().map(dyn_folds),
        revocations_from: Some(now.plus_seconds(-VERIFIED_REVOCATION_AGE_S)),
    };
    let report = verify::verify(&*store, &options).await?;
    if json {
        terminal.line(&serde_json::to_string(&report)?)?;
    } else {
        tell(&report, terminal)?;
    }
    Ok(ExitCode::from(report.exit_code()))
}

/// A store that cannot even be opened, for what is in its place, is broken as well.
fn broken(error: anyhow::Error, terminal: &Terminal) -> anyhow::Result<ExitCode> {
    let is_broken = error.chain().any(|cause| {
        let in_file = cause.downcast_ref().is_some_and(OpenError::is_broken);
        let corrupt =
            |error: &trilby_eventlog::Error| matches!(error, trilby_eventlog::Error::Corrupt(_));
        in_file || cause.downcast_ref().is_some_and(corrupt)
    });
    if !is_broken {
        return Err(error);
    }
    terminal.line(&format!("broken: {error:#}"))?;
    Ok(ExitCode::from(BROKEN))
}

fn tell(report: &Report, terminal: &Terminal) -> anyhow::Result<()> {
    for finding in &report.findings {
        let log = finding
            .log
            .as_ref()
            .map(|log| format!(" log {log}"))
            .unwrap_or_default();
        let seq = finding
            .seq
            .map(|seq| format!(" seq {seq}"))
            .unwrap_or_default();
        let status = match finding.status {
            Status::Ok => "ok",
            Status::Broken => "broken",
            Status::Incomplete => "incomplete",
        };
        terminal.line(&format!("{status}:{log}{seq}: {}", finding.message))?;
    }
    let verdict = match report.status {
        Status::Ok => "sound",
        Status::Broken => "BROKEN",
        Status::Incomplete => "incomplete",
    };
    terminal.line(&format!(
        "{verdict}: {} logs, {} commits, {} events, {} findings",
        report.logs, report.commits, report.events, report.findings_total
    ))
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
            let key = *store_key(settings)?.claim_key().expose();
            let folds = trilby_directory::VerifyingFolds::new(key, meta.store_id);
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

fn dyn_folds(folds: &trilby_directory::VerifyingFolds) -> &dyn verify::Folds {
    folds
}
