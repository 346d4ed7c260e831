//! A `trilby serve` in a temporary folder, opened with its bootstrap ticket.

use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use serde_json::{Value, json};

use super::Places;
use crate::{command, workspace};

const READY_WITHIN: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(50);

/// Of an installation that lives for seconds, on loopback.
const ROOT_EMAIL: &str = "root@clients.example";
const ROOT_PASSWORD: &str = "a-password-of-a-test-26-letters-long";

/// A running server, ended when dropped, and what one needs to call it.
pub struct Server {
    /// Where it listens.
    pub url: String,
    /// A session of the root user.
    pub token: String,
    /// The only account.
    pub account: String,
    /// Before `_folder`, so that the process is gone when its folder goes.
    _process: Process,
    _folder: tempfile::TempDir,
}

struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        // Nothing of it is kept, so it need not be asked to end in order. If it is gone already, so much the better.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Server {
    /// Builds and starts the binary, takes the first account and logs its root in.
    pub fn start(places: &Places) -> anyhow::Result<Self> {
        command::run(
            Command::new("cargo")
                .args(["build", "--quiet"])
                .args(workspace::WHOLE)
                .args(workspace::PROGRAM_OF_TESTS)
                .current_dir(&places.root),
        )?;
        let folder = tempfile::tempdir()?;
        let data = folder.path().join("data");
        let [listen, operator] = free_addresses()?;
        let mut serve = Command::new(workspace::target_dir(&places.root).join("debug/trilby"));
        serve
            .args([
                "serve",
                "--listen",
                &listen.to_string(),
                "--operator-listen",
                &operator.to_string(),
                "--data-dir",
            ])
            .arg(&data);
        serve
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .current_dir(folder.path());
        println!("$ {}", command::show(&serve));
        let mut process = Process(serve.spawn().context("cannot run the binary")?);

        let url = format!("http://{listen}");
        wait_until_ready(&url, &mut process)?;
        let account = bootstrap(&url, &data)?;
        let token = log_in(&url, &account)?;
        Ok(Self {
            url,
            token,
            account,
            _process: process,
            _folder: folder,
        })
    }
}

/// Two addresses that nobody listened on a moment ago.
fn free_addresses() -> anyhow::Result<[SocketAddr; 2]> {
    let (a, b) = (
        TcpListener::bind("127.0.0.1:0")?,
        TcpListener::bind("127.0.0.1:0")?,
    );
    Ok([a.local_addr()?, b.local_addr()?])
}

fn wait_until_ready(url: &str, process: &mut Process) -> anyhow::Result<()> {
    let started = Instant::now();
    while started.elapsed() < READY_WITHIN {
        if ureq::get(format!("{url}/readyz")).call().is_ok() {
            return Ok(());
        }
        if let Some(status) = process.0.try_wait()? {
            bail!("the server ended: {status}");
        }
        thread::sleep(POLL);
    }
    bail!(
        "the server was not ready within {} s",
        READY_WITHIN.as_secs()
    )
}

fn bootstrap(url: &str, data: &Path) -> anyhow::Result<String> {
    let file = data.join("bootstrap-ticket");
    let ticket = fs::read_to_string(&file)
        .with_context(|| format!("no bootstrap ticket in {}", file.display()))?;
    let body = json!({ "ticket": ticket.trim(), "account_name": "clients", "root_email": ROOT_EMAIL, "root_password": ROOT_PASSWORD });
    let mut answer = ureq::post(format!("{url}/v1/bootstrap"))
        .send_json(body)
        .context("bootstrap was refused")?;
    text(&answer.body_mut().read_json()?, "/account/id")
}

fn log_in(url: &str, account: &str) -> anyhow::Result<String> {
    let form = [
        ("grant_type", "urn:trilby:grant-type:console-login"),
        ("account", account),
        ("username", ROOT_EMAIL),
        ("password", ROOT_PASSWORD),
    ];
    let mut answer = ureq::post(format!("{url}/v1/token"))
        .send_form(form)
        .context("root's login was refused")?;
    text(&answer.body_mut().read_json()?, "/access_token")
}

fn text(answer: &Value, pointer: &str) -> anyhow::Result<String> {
    let found = answer.pointer(pointer).and_then(Value::as_str);
    found
        .map(str::to_owned)
        .with_context(|| format!("the answer has no text at {pointer}"))
}
