//! Postgres in a container.

use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};

use crate::command;

const NAME: &str = "trilby-test-postgres";
const IMAGE: &str = "postgres:17-alpine";

/// Reachable from this machine only, and holding nothing: the password keeps nobody out who could do harm.
const PASSWORD: &str = "trilby";

/// How long the server may take to answer.
const READY: Duration = Duration::from_secs(60);

/// Whether there is a Docker that can start something.
pub fn runs() -> bool {
    command::quiet(Command::new("docker").arg("info")).is_ok()
}

/// Whether its image is there, or can be fetched now.
pub fn has_postgres() -> bool {
    has_image(IMAGE) || command::quiet(Command::new("docker").args(["pull", IMAGE])).is_ok()
}

/// Whether an image is there.
pub fn has_image(image: &str) -> bool {
    command::quiet(Command::new("docker").args(["image", "inspect", image])).is_ok()
}

/// Starts the container if it is not running; gives its URL.
pub fn up() -> anyhow::Result<String> {
    let state = ["inspect", "--format", "{{.State.Running}}", NAME];
    match command::quiet(Command::new("docker").args(state)) {
        Ok(running) if running.trim() == "true" => {}
        Ok(_) => {
            command::quiet(Command::new("docker").args(["start", NAME]))?;
        }
        Err(_) => {
            let mut run = Command::new("docker");
            run.args(["run", "--detach", "--name", NAME]);
            run.args(["--publish", "127.0.0.1::5432", "--env"]);
            run.arg(format!("POSTGRES_PASSWORD={PASSWORD}"));
            run.arg(IMAGE).args(["postgres", "-c", "fsync=off"]);
            run.args(["-c", "full_page_writes=off", "-c", "max_connections=200"]);
            command::quiet(&mut run)?;
        }
    }
    let port = command::quiet(Command::new("docker").args(["port", NAME, "5432/tcp"]))?;
    let address = port.lines().next().context("the container has no port")?;
    await_ready()?;
    Ok(format!(
        "postgres://postgres:{PASSWORD}@{}/postgres",
        address.trim()
    ))
}

fn await_ready() -> anyhow::Result<()> {
    let begun = Instant::now();
    while begun.elapsed() < READY {
        // Over TCP: the image first runs a server of its own that listens on a socket only.
        let mut probe = Command::new("docker");
        probe.args(["exec", NAME, "pg_isready", "-h", "127.0.0.1"]);
        if command::quiet(&mut probe).is_ok() {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(200));
    }
    bail!("Postgres in `{NAME}` does not answer")
}

/// psql inside the container, if that is the server of this URL.
pub fn psql(url: &str) -> Option<Command> {
    let port = Command::new("docker")
        .args(["port", NAME, "5432/tcp"])
        .output();
    let port = String::from_utf8(port.ok()?.stdout).ok()?;
    let address = port.lines().next()?.trim();
    url.contains(&format!("@{address}/")).then(|| {
        let mut psql = Command::new("docker");
        psql.args(["exec", "-i", NAME, "psql", "-U", "postgres"]);
        psql
    })
}

/// Removes the container of Postgres, if there is one.
pub fn down() -> anyhow::Result<()> {
    remove(NAME)
}

/// Removes a container, if there is one.
pub fn remove(name: &str) -> anyhow::Result<()> {
    let there = command::quiet(Command::new("docker").args(["inspect", name]));
    if there.is_ok() {
        command::quiet(Command::new("docker").args(["rm", "--force", "--volumes", name]))?;
    }
    Ok(())
}
