//! `trilby log …`: looking after the store, beside a server or without one.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, bail};
use trilby_eventlog::verify::{self, Report, Status};
use trilby_eventlog::{EventLog, copy, export};
use trilby_eventlog_sqlite::{Options, Sqlite};
use trilby_model::{ConsistencyToken, LogId, Seq};
use trilby_service::settings::Settings;

use crate::cli::LogCommand;
use crate::installation::DataDir;
use crate::serve::VERIFIED_REVOCATION_AGE_S;
use crate::terminal::Terminal;

/// Logs listed at a time.
const PAGE: usize = 1_000;

pub async fn run(
    settings: Settings,
    command: LogCommand,
    terminal: Arc<Terminal>,
) -> anyhow::Result<ExitCode> {
    let dir = DataDir::at(&settings.log.data_dir)?;
    match command {
        LogCommand::Verify {
            log,
            since,
            kept,
            json,
        } => verify(&dir, log, since, kept, json, &terminal).await,
        LogCommand::Copy { to } => copy_to(&dir, &to, Indexes::AsTheyAre, &terminal).await,
        LogCommand::Rebuild { to } => copy_to(&dir, &to, Indexes::MadeAnew, &terminal).await,
        LogCommand::Export { log } => export_one(&dir, &log).await,
        LogCommand::List => list(&dir, &terminal).await,
    }
}

/// The store as it is at this moment, whether or not a server is writing to it.
async fn open(dir: &DataDir) -> anyhow::Result<Sqlite> {
    open_with(
        dir.store(),
        Options {
            create: false,
            read_only: true,
            relay: false,
            ..Options::default()
        },
    )
    .await
}

async fn open_with(path: std::path::PathBuf, options: Options) -> anyhow::Result<Sqlite> {
    Ok(tokio::task::spawn_blocking(move || Sqlite::open(&path, &options)).await??)
}

async fn verify(
    dir: &DataDir,
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
    let store = open(dir).await?;
    let claim_key = dir
        .read_keys()
        .ok()
        .map(|keys| *keys.store.claim_key().expose());
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
    let report = verify::verify(&store, &options).await?;
    if json {
        terminal.line(&serde_json::to_string(&report)?)?;
    } else {
        tell(&report, terminal)?;
    }
    Ok(ExitCode::from(report.exit_code()))
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
    dir: &DataDir,
    to: &Path,
    indexes: Indexes,
    terminal: &Terminal,
) -> anyhow::Result<ExitCode> {
    let from = open(dir).await?;
    let meta = from.store_meta().await?;
    if DataDir::at(to)?.has_store() {
        bail!("the folder {} holds a store already", to.display());
    }
    let target = DataDir::at(to)?;
    let options = Options {
        store_key_fingerprint: Some(meta.store_key_fingerprint),
        store_id: Some(meta.store_id),
        relay: false,
        ..Options::default()
    };
    let made = open_with(target.store(), options).await?;
    let copied = match indexes {
        Indexes::AsTheyAre => copy::copy(&from, &made).await?,
        Indexes::MadeAnew => {
            let key = *dir.read_keys()?.store.claim_key().expose();
            let folds = trilby_directory::VerifyingFolds::new(key, meta.store_id);
            copy::rebuild(&from, &made, &folds).await?
        }
    };
    terminal.line(&format!(
        "copied {} logs, {} commits, {} events and {} rows to {}; copy the keys folder as well",
        copied.logs,
        copied.commits,
        copied.events,
        copied.rows,
        to.display()
    ))?;
    Ok(ExitCode::SUCCESS)
}

async fn export_one(dir: &DataDir, log: &str) -> anyhow::Result<ExitCode> {
    let store = open(dir).await?;
    let mut out = std::io::stdout();
    export::export_log(&store, &parse_log(log)?, &mut out).await?;
    Ok(ExitCode::SUCCESS)
}

async fn list(dir: &DataDir, terminal: &Terminal) -> anyhow::Result<ExitCode> {
    let store = open(dir).await?;
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
