//! `trilby log verify`: the store, or exports of its logs, against itself and against positions that somebody kept.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use tokio::task::spawn_blocking;
use trilby_directory::VerifyingFolds;
use trilby_eventlog::verify::{Check, Finding, Folds, Options, Report, Status, verify};
use trilby_eventlog_sqlite::OpenError;
use trilby_model::{ConsistencyToken, Position, Seq};
use trilby_service::clock::{Clock, SystemClock};
use trilby_service::settings::Settings;

use super::{folds, offline, open, parse_log};
use crate::serve::VERIFIED_REVOCATION_AGE_S;
use crate::terminal::Terminal;

/// Exit code for a store that is broken, as of a report that says so.
const BROKEN: u8 = 2;

/// What the command line asks for.
pub struct Asked {
    pub log: Option<String>,
    pub since: Option<u64>,
    pub kept: Option<String>,
    pub offline: Option<PathBuf>,
    pub json: bool,
}

pub async fn run(
    settings: &Settings,
    asked: Asked,
    terminal: &Terminal,
) -> anyhow::Result<ExitCode> {
    match report(settings, &asked).await {
        Ok(report) => tell(&report, asked.json, terminal),
        Err(error) => broken(error, terminal),
    }
}

async fn report(settings: &Settings, asked: &Asked) -> anyhow::Result<Report> {
    let log = asked.log.as_deref().map(parse_log).transpose()?;
    let kept = positions(asked.kept.as_deref())?;
    if let Some(place) = asked.offline.clone() {
        let verified = spawn_blocking(move || offline::verify(&place, &kept));
        return verified.await?;
    }
    let store = open(settings).await?;
    let meta = store.store_meta().await?;
    // Without them much of what lies beside the events cannot be compared with them; the rest can.
    let folds = folds(settings, &meta).map_err(|error| format!("{error:#}"));
    let now = SystemClock.now();
    let options = Options {
        log: log.as_ref(),
        since: Seq::new(asked.since.unwrap_or(0)),
        kept: &kept,
        folds: folds.as_ref().ok().map(dyn_folds),
        folds_missing: folds.as_ref().err().map(String::as_str),
        revocations_from: Some(now.plus_seconds(-VERIFIED_REVOCATION_AGE_S)),
    };
    Ok(verify(&*store, &options).await?)
}

fn dyn_folds(folds: &VerifyingFolds) -> &dyn Folds {
    folds
}

/// The positions of a `Trilby-Seq` that somebody kept.
fn positions(kept: Option<&str>) -> anyhow::Result<Vec<Position>> {
    let Some(text) = kept else {
        return Ok(Vec::new());
    };
    let token: ConsistencyToken = text
        .parse()
        .with_context(|| format!("`{text}` is no Trilby-Seq"))?;
    Ok(token.positions().to_vec())
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

/// Tells what was found and what was left out, for people or for programs.
fn tell(report: &Report, json: bool, terminal: &Terminal) -> anyhow::Result<ExitCode> {
    if json {
        terminal.line(&serde_json::to_string(report)?)?;
        return Ok(ExitCode::from(report.exit_code()));
    }
    for finding in &report.findings {
        terminal.line(&line(finding))?;
    }
    if !report.unchecked.is_empty() {
        let names: Vec<&str> = report
            .unchecked
            .iter()
            .map(|check| Check::name(*check))
            .collect();
        terminal.line(&format!(
            "left out, wholly or in part: {}",
            names.join(", ")
        ))?;
    }
    let verdict = match report.status {
        Status::Ok => "sound",
        Status::Broken => "BROKEN",
        Status::Incomplete => "incomplete",
    };
    terminal.line(&format!(
        "{verdict}: {} logs, {} commits, {} events, {} findings",
        report.logs, report.commits, report.events, report.findings_total
    ))?;
    Ok(ExitCode::from(report.exit_code()))
}

fn line(finding: &Finding) -> String {
    let log = finding.log.as_ref();
    let log = log.map(|log| format!(" log {log}")).unwrap_or_default();
    let seq = finding
        .seq
        .map(|seq| format!(" seq {seq}"))
        .unwrap_or_default();
    let status = match finding.status {
        Status::Ok => "ok",
        Status::Broken => "broken",
        Status::Incomplete => "incomplete",
    };
    let place = format!("{log}{seq}");
    let colon = if place.is_empty() { "" } else { ":" };
    format!("{status}:{place}{colon} {}", finding.message)
}
