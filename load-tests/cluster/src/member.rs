//! One process of the cluster.

use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};

/// Longest a start or a stop may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);
/// How often a starting or stopping process is looked at.
const GLANCE: Duration = Duration::from_millis(5);

/// How to start a process, again and again: the same ports each time.
#[derive(Debug, Clone)]
pub struct Recipe {
    /// `token-1`.
    pub name: String,
    /// The program.
    pub binary: PathBuf,
    /// Its command.
    pub command: String,
    /// Its variables. Those of ours that begin with `TRILBY_` are not handed on.
    pub env: Vec<(String, String)>,
    /// Where its output goes, appended.
    pub log: PathBuf,
    /// Where it serves.
    pub api: SocketAddr,
    /// Its operator's port.
    pub operator: SocketAddr,
}

/// A process, running or not.
#[derive(Debug)]
pub struct Member {
    recipe: Recipe,
    child: Option<Child>,
}

impl Member {
    /// One that is not running yet.
    #[must_use]
    pub fn new(recipe: Recipe) -> Self {
        Self {
            recipe,
            child: None,
        }
    }

    /// `token-1`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.recipe.name
    }

    /// Where it serves.
    #[must_use]
    pub fn api(&self) -> SocketAddr {
        self.recipe.api
    }

    /// Where its metrics are.
    #[must_use]
    pub fn operator(&self) -> SocketAddr {
        self.recipe.operator
    }

    /// Its process id, while it runs.
    #[must_use]
    pub fn id(&self) -> Option<u32> {
        self.child.as_ref().map(Child::id)
    }

    /// Starts it. Does not wait until it is ready.
    ///
    /// # Errors
    /// It runs already, or cannot be started.
    pub fn start(&mut self) -> anyhow::Result<()> {
        let recipe = &self.recipe;
        if self.child.is_some() {
            bail!("{} is running", recipe.name);
        }
        let log = File::options().create(true).append(true).open(&recipe.log);
        let log = log.with_context(|| format!("cannot write {}", recipe.log.display()))?;
        let mut command = Command::new(&recipe.binary);
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("TRILBY_") {
                command.env_remove(name);
            }
        }
        let child = command
            .arg(&recipe.command)
            .env("TRILBY_SERVER__LISTEN", recipe.api.to_string())
            .env(
                "TRILBY_SERVER__OPERATOR_LISTEN",
                recipe.operator.to_string(),
            )
            .envs(recipe.env.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .with_context(|| format!("cannot start {}", recipe.binary.display()))?;
        self.child = Some(child);
        Ok(())
    }

    /// Waits until it says that it is ready; gives the time that took.
    ///
    /// # Errors
    /// It ends instead, or takes too long.
    pub fn wait_ready(&mut self) -> anyhow::Result<Duration> {
        let begun = Instant::now();
        let agent = crate::proxy::agent();
        let url = format!("http://{}/readyz", self.recipe.operator);
        loop {
            if let Some(status) = self.ended()? {
                bail!(
                    "{} ended ({status}): {}",
                    self.recipe.name,
                    self.last_words()
                );
            }
            let answer = agent.get(&url).call();
            if answer.is_ok_and(|answer| answer.status().as_u16() == 200) {
                return Ok(begun.elapsed());
            }
            if begun.elapsed() > PATIENCE {
                bail!("{} is not ready: {}", self.recipe.name, self.last_words());
            }
            sleep(GLANCE);
        }
    }

    /// Kills it as `kill -9` does, and waits until it is gone.
    ///
    /// # Errors
    /// The system does not let us.
    pub fn kill(&mut self) -> anyhow::Result<()> {
        if let Some(mut child) = self.child.take() {
            child.kill()?;
            child.wait()?;
        }
        Ok(())
    }

    /// Asks it to stop (SIGTERM) and waits for its end.
    ///
    /// # Errors
    /// It does not stop, or not well.
    pub fn stop(&mut self) -> anyhow::Result<()> {
        let Some(mut child) = self.child.take() else {
            return Ok(());
        };
        terminate(child.id())?;
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            if let Some(status) = child.try_wait()? {
                if !status.success() {
                    bail!(
                        "{} stopped with {status}: {}",
                        self.recipe.name,
                        self.last_words()
                    );
                }
                return Ok(());
            }
            sleep(GLANCE);
        }
        child.kill()?;
        bail!("{} does not stop", self.recipe.name)
    }

    /// How it ended, if it has.
    fn ended(&mut self) -> anyhow::Result<Option<ExitStatus>> {
        match &mut self.child {
            Some(child) => Ok(child.try_wait()?),
            None => bail!("{} is not running", self.recipe.name),
        }
    }

    fn last_words(&self) -> String {
        let text = fs::read_to_string(&self.recipe.log).unwrap_or_default();
        let lines: Vec<&str> = text.lines().rev().take(5).collect();
        lines.into_iter().rev().collect::<Vec<_>>().join(" | ")
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            // Gone already, or not ours to kill any more.
            child.kill().ok();
            child.wait().ok();
        }
    }
}

/// SIGTERM.
///
/// # Errors
/// There is no such process.
pub fn terminate(id: u32) -> anyhow::Result<()> {
    signal(id, "TERM")
}

/// Freezes it: its connections stay open and nothing is answered. Comes back when none of its threads runs any more.
///
/// # Errors
/// There is no such process, or it runs on.
pub fn pause(id: u32) -> anyhow::Result<()> {
    signal(id, "STOP")?;
    let deadline = Instant::now() + PATIENCE;
    while !is_paused(id)? {
        if Instant::now() > deadline {
            bail!("process {id} does not pause");
        }
        sleep(GLANCE);
    }
    Ok(())
}

/// After [`pause`].
///
/// # Errors
/// There is no such process.
pub fn resume(id: u32) -> anyhow::Result<()> {
    signal(id, "CONT")
}

/// A signal is delivered to each thread by itself, and some are later than its sender.
fn is_paused(id: u32) -> anyhow::Result<bool> {
    for thread in fs::read_dir(format!("/proc/{id}/task"))? {
        // A thread that has ended in between does not run either.
        let stat = fs::read_to_string(thread?.path().join("stat")).unwrap_or_default();
        // `4711 (a name (with anything)) T …`
        let state = stat
            .rsplit_once(") ")
            .and_then(|(_, rest)| rest.chars().next());
        if state.is_some_and(|state| state != 'T') {
            return Ok(false);
        }
    }
    Ok(true)
}

/// A signal by its name: `TERM`, `KILL`.
///
/// # Errors
/// There is no such process.
pub(crate) fn signal(id: u32, name: &str) -> anyhow::Result<()> {
    let sent = Command::new("kill")
        .args([&format!("-{name}"), &id.to_string()])
        .status()?;
    if !sent.success() {
        bail!("cannot send {name} to process {id}");
    }
    Ok(())
}

/// Ports that no system gives to connections that choose none (Linux begins at 32768, others at 49152), so that a
/// process which is started again finds its own free.
const PORTS: RangeInclusive<u16> = 20_000..=32_000;

/// An address on loopback that was free a moment ago, and another one each time.
///
/// # Errors
/// There is none.
pub fn free_address() -> anyhow::Result<SocketAddr> {
    static ASKED: AtomicU32 = AtomicU32::new(0);
    let count = u32::from(PORTS.end() - PORTS.start()) + 1;
    // Programs that run side by side begin apart.
    let first = std::process::id().wrapping_mul(97);
    for _ in 0..count {
        let nth = first.wrapping_add(ASKED.fetch_add(1, Ordering::Relaxed)) % count;
        let port = PORTS.start() + u16::try_from(nth)?;
        if let Ok(listener) = TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
            return Ok(listener.local_addr()?);
        }
    }
    bail!("no free port from {} to {}", PORTS.start(), PORTS.end())
}
