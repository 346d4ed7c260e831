//! `trilby demo`: plays the story of Acme over the REST API of a server in this process.
//!
//! With `--exit` it plays in a temporary folder on a free port and ends with 0 if every answer was right. Without, it plays into the data
//! folder, once, and keeps serving; started again it serves the story it left, with fresh sessions. With `--at` it plays into an
//! installation that runs elsewhere, as any client would: time passes there as it does, and what was written is asked for by its position.

mod ask;
mod clock;
mod login;
mod memory;
mod sessions;
mod story;
mod teller;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use serde_json::json;
use trilby_issuer::Issuer;
use trilby_service::server::stop_signal;
use trilby_service::settings::Settings;

use crate::files;
use crate::installation::DataDir;
use crate::process::Serving;
use crate::serve::{self, Embedded};
use crate::terminal::Terminal;
use clock::StoryClock;
use memory::Memory;
use story::CHAPTERS;
use teller::{Call, Teller};

/// Root's address in the story. `example` is reserved for examples (RFC 2606).
const ROOT_EMAIL: &str = "root@acme.example";

/// Folder of the story's files below the data folder.
const FOLDER: &str = "demo";

/// `demo --exit` must not hang a pipeline.
const TIME_LIMIT: Duration = Duration::from_secs(30);
/// Nor may `demo --at`, over a network and several processes.
const TIME_LIMIT_ELSEWHERE: Duration = Duration::from_secs(180);

/// The story is told on the terminal the log is written to: unless a filter was set, only faults interrupt it.
fn quiet(settings: &mut Settings) {
    if settings.telemetry.log_filter == Settings::default().telemetry.log_filter {
        settings.telemetry.log_filter = "error".to_owned();
    }
}

/// Plays the story and keeps serving.
pub async fn run(mut settings: Settings, terminal: Arc<Terminal>) -> anyhow::Result<()> {
    quiet(&mut settings);
    let dir = DataDir::at(&settings.log.data_dir)?;
    let folder = dir.root().join(FOLDER);
    if dir.has_store() && !folder.exists() {
        bail!(
            "the data folder {} holds an installation that is not the demo's; name another with --data-dir",
            dir.root().display()
        );
    }
    let stage = Stage::set(&folder, &mut settings)?;
    let clock = Arc::<StoryClock>::clone(&stage.clock);
    let Embedded { serving, ticket } = serve::start_at(settings, clock).await?;
    let told = tell(&serving, ticket, &stage, folder, Arc::clone(&terminal)).await;
    match told {
        Ok(_) => {
            let asked_to_stop = stop_signal();
            terminal.line("")?;
            terminal.line(&format!(
                "Still serving on {} (API document: {}/docs). Stop with Ctrl-C.",
                serving.url(),
                serving.url()
            ))?;
            serving.until_stopped(asked_to_stop).await
        }
        Err(error) => {
            serving.stop().await?;
            Err(error)
        }
    }
}

/// Plays the story in a temporary folder and checks it.
pub async fn check(mut settings: Settings, terminal: Arc<Terminal>) -> anyhow::Result<()> {
    quiet(&mut settings);
    let begun = Instant::now();
    let root = tempfile::tempdir().context("cannot make a temporary folder")?;
    settings.log.data_dir = root.path().join("trilby-data");
    settings.server.listen = serve::free_port();
    settings.server.operator_listen = serve::free_port();
    settings.server.public_url = None;
    let folder = settings.log.data_dir.join(FOLDER);
    let stage = Stage::set(&folder, &mut settings)?;
    let clock = Arc::<StoryClock>::clone(&stage.clock);
    let Embedded { serving, ticket } = serve::start_at(settings, clock).await?;
    let told = tell(&serving, ticket, &stage, folder, Arc::clone(&terminal));
    let told = tokio::time::timeout(TIME_LIMIT, told).await;
    serving.stop().await?;
    let checks = told.context("the story did not end in time")??;
    terminal.line("")?;
    terminal.line(&format!(
        "{checks} checks passed in {:.1} s.",
        begun.elapsed().as_secs_f64()
    ))
}

/// An installation that runs elsewhere.
#[derive(Debug)]
pub struct Elsewhere {
    /// Where clients reach it.
    pub url: String,
    /// File of its bootstrap ticket.
    pub ticket: PathBuf,
    /// Where it lets the story's issuer be.
    pub issuer_port: u16,
}

/// Plays what was not told yet into an installation elsewhere, and checks it.
pub async fn elsewhere(
    settings: Settings,
    at: Elsewhere,
    terminal: Arc<Terminal>,
) -> anyhow::Result<()> {
    let begun = Instant::now();
    let folder = settings.log.data_dir.join(FOLDER);
    files::make_private_dir(&folder)?;
    let ticket = std::fs::read_to_string(&at.ticket)
        .with_context(|| format!("cannot read the ticket in {}", at.ticket.display()))?;
    let clock = Arc::new(StoryClock::present());
    let issuer = login::issuer_at(at.issuer_port, Arc::<StoryClock>::clone(&clock))?;
    let stage = Stage {
        clock,
        issuer: Arc::new(issuer),
        is_elsewhere: true,
    };
    let ticket = Some(ticket.trim().to_owned());
    let url = at.url.trim_end_matches('/').to_owned();
    let for_telling = Arc::clone(&terminal);
    let told = move || tell_blocking(&url, ticket, stage, &folder, &for_telling);
    let told = tokio::task::spawn_blocking(told);
    let told = tokio::time::timeout(TIME_LIMIT_ELSEWHERE, told).await;
    let checks = told.context("the story did not end in time")???;
    terminal.line("")?;
    terminal.line(&format!(
        "{checks} checks passed in {:.1} s.",
        begun.elapsed().as_secs_f64()
    ))
}

/// What the story needs besides Trilby: time of its own, and an outside issuer where customers log in.
#[derive(Clone)]
struct Stage {
    clock: Arc<StoryClock>,
    issuer: Arc<Issuer>,
    /// Trilby is in other processes, whose time is their own.
    is_elsewhere: bool,
}

impl Stage {
    /// Sets it as an earlier run left it. The outbound guard is told of the story's issuer, and of nothing else.
    fn set(folder: &Path, settings: &mut Settings) -> anyhow::Result<Self> {
        let memory = Memory::open(folder)?;
        // With time to pass, if the chapter that needs it is still to be told.
        let clock = Arc::new(match memory.is_told(story::TIME_PASSES) {
            true => StoryClock::present(),
            false => StoryClock::behind(),
        });
        let issuer = Arc::new(login::issuer(&memory, Arc::<StoryClock>::clone(&clock))?);
        settings
            .tokens
            .private_issuer_hosts
            .push(login::private_host(&issuer));
        Ok(Self {
            clock,
            issuer,
            is_elsewhere: false,
        })
    }
}

/// Tells what was not told yet, on a thread of its own: the client of the story blocks, as `curl` does.
async fn tell(
    serving: &Serving,
    ticket: Option<String>,
    stage: &Stage,
    folder: PathBuf,
    terminal: Arc<Terminal>,
) -> anyhow::Result<u32> {
    let base = serving.url();
    let stage = stage.clone();
    let told = move || tell_blocking(&base, ticket, stage, &folder, &terminal);
    tokio::task::spawn_blocking(told).await?
}

fn tell_blocking(
    base: &str,
    ticket: Option<String>,
    stage: Stage,
    folder: &Path,
    terminal: &Terminal,
) -> anyhow::Result<u32> {
    files::make_private_dir(folder)?;
    let memory = Memory::open(folder)?;
    let mut teller = Teller::new(
        base.to_owned(),
        folder.to_path_buf(),
        terminal,
        memory,
        stage,
    );
    if teller.memory.nothing_told() {
        prepare(&teller, ticket)?;
    } else {
        sessions::renew(&mut teller)?;
    }
    let mut told_now = 0_usize;
    for (index, chapter) in CHAPTERS.iter().enumerate() {
        if teller.memory.is_told(chapter.name) {
            continue;
        }
        teller.chapter(index + 1, chapter.title)?;
        (chapter.tell)(&mut teller)
            .with_context(|| format!("chapter {}, {}", index + 1, chapter.title))?;
        teller.memory.mark_told(chapter.name)?;
        told_now += 1;
    }
    if told_now == 0 {
        remind(&mut teller)?;
    }
    Ok(teller.checks)
}

/// Root's password and the body that founds the installation.
fn prepare(teller: &Teller<'_>, ticket: Option<String>) -> anyhow::Result<()> {
    let Some(ticket) = ticket else {
        // Told up to here by an earlier run that was cut off: the files are there.
        return Ok(());
    };
    let password = sessions::random_password();
    teller.keep_secret("root.password", &password)?;
    let body = json!({
        "ticket": ticket,
        "account_name": "Acme management",
        "root_email": ROOT_EMAIL,
        "root_password": password,
    });
    teller.keep_secret("bootstrap.json", &body.to_string())
}

/// For a run that finds the story told: shows that it still stands.
fn remind(teller: &mut Teller<'_>) -> anyhow::Result<()> {
    teller.say("The story was told here before, and its log still holds it. Fresh sessions were opened; for example:")?;
    let dev = teller.memory.fact("dev")?;
    teller.call(Call::get(format!("/v1/accounts/{dev}/users")).by("dev-admin"))?;
    ask::Ask::of("Mary", "s3:GetObject", "bucket/reports/2026/q3.csv")
        .allowed(ask::Because::statement(
            "identity",
            "AmazonS3ReadOnlyAccess",
            0,
        ))
        .send(teller)?;
    ask::Ask::of(
        "Mary",
        "s3:GetObject",
        "bucket/reports/confidential/salaries.csv",
    )
    .denied("explicit_deny", ask::Because::sid("identity", "KeepOut"))
    .send(teller)
    .map(drop)
}
