//! The real program as a child process, on free ports and in a folder of its own; to be asked, killed and
//! started again.
//!
//! ```no_run
//! # use trilby_testkit::spawned::Program;
//! let mut trilby = Program::new("target/debug/trilby").start(); // env!("CARGO_BIN_EXE_trilby") in its own tests
//! trilby.client().get("/readyz").expect(200);
//! trilby.kill(); // as kill -9 does
//! trilby.restart(); // same folder, same ports
//! ```

mod output;
#[cfg(test)]
mod tests;

use std::ffi::{OsStr, OsString};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::http::Client;
use output::Lines;

/// Longest a start or a stop may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// How often a stopping process is looked at.
const GLANCE: Duration = Duration::from_millis(10);

/// What the ready line begins with (`trilby_service::server::Listeners::ready_line`).
const READY: &str = "trilby is ready: api http://";

/// Which program to start, and how.
#[derive(Debug, Clone)]
pub struct Program {
    program: PathBuf,
    args: Vec<OsString>,
    env: Vec<(String, String)>,
    data_dir: Option<PathBuf>,
}

impl Program {
    /// The program at this path, serving.
    pub fn new(program: impl Into<PathBuf>) -> Program {
        Program {
            program: program.into(),
            args: Vec::new(),
            env: Vec::new(),
            data_dir: None,
        }
    }

    /// Adds an argument, such as `demo`.
    #[must_use]
    pub fn arg(mut self, arg: impl AsRef<OsStr>) -> Program {
        self.args.push(arg.as_ref().to_owned());
        self
    }

    /// Sets a variable, such as `TRILBY_TELEMETRY__LOG_FILTER`. Those of the test's own environment that
    /// begin with `TRILBY_` are not handed on.
    #[must_use]
    pub fn env(mut self, name: &str, value: &str) -> Program {
        self.env.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Uses this folder and leaves it, instead of one of its own.
    #[must_use]
    pub fn data_dir(mut self, dir: impl Into<PathBuf>) -> Program {
        self.data_dir = Some(dir.into());
        self
    }

    /// Starts it and waits until it is ready. Panics, with its output, if it ends before.
    pub fn start(self) -> Spawned {
        self.try_start()
            .unwrap_or_else(|ended| panic!("the program did not get ready: {ended:?}"))
    }

    /// Starts it and waits until it is ready or has ended.
    pub fn try_start(self) -> Result<Spawned, Ended> {
        let folder = TempDir::new().unwrap();
        let data_dir = self
            .data_dir
            .clone()
            .unwrap_or_else(|| folder.path().join("trilby-data"));
        let free = SocketAddr::from(([127, 0, 0, 1], 0));
        let running = Running::start(&self, &data_dir, free, free)?;
        Ok(Spawned {
            program: self,
            _folder: folder,
            data_dir,
            running,
            killed: false,
        })
    }

    /// Runs it to its end, for commands that do not serve. Panics if it does not end.
    pub fn run(self) -> Ended {
        let folder = TempDir::new().unwrap();
        let data_dir = self
            .data_dir
            .clone()
            .unwrap_or_else(|| folder.path().join("trilby-data"));
        let free = SocketAddr::from(([127, 0, 0, 1], 0));
        let (mut child, stdout, stderr) = spawn(&self, &data_dir, free, free);
        let status = wait(&mut child).unwrap_or_else(|| {
            let _ = child.kill();
            panic!(
                "the program does not end; it said {:?} {:?}",
                stdout.all(),
                stderr.all()
            )
        });
        Ended::of(status, &stdout, &stderr)
    }
}

/// A program that has ended, and what it said.
#[derive(Debug, Clone)]
pub struct Ended {
    /// How it ended.
    pub status: ExitStatus,
    /// Its standard output.
    pub stdout: String,
    /// Its standard error.
    pub stderr: String,
}

impl Ended {
    fn of(status: ExitStatus, stdout: &Lines, stderr: &Lines) -> Ended {
        Ended {
            status,
            stdout: stdout.to_the_end().join("\n"),
            stderr: stderr.to_the_end().join("\n"),
        }
    }
}

/// A running program. Dropping it kills it and removes its folder.
pub struct Spawned {
    program: Program,
    _folder: TempDir,
    data_dir: PathBuf,
    running: Running,
    killed: bool,
}

struct Running {
    child: Child,
    stdout: Lines,
    stderr: Lines,
    api: SocketAddr,
    operator: SocketAddr,
}

impl Spawned {
    /// Address of the API, without a slash at its end.
    pub fn url(&self) -> String {
        format!("http://{}", self.running.api)
    }

    /// A client of the API.
    pub fn client(&self) -> Client {
        Client::new(self.url())
    }

    /// A client of the operator's port.
    pub fn operator(&self) -> Client {
        Client::new(format!("http://{}", self.running.operator))
    }

    /// Where its log and keys are.
    pub fn data_dir(&self) -> &Path {
        &self.data_dir
    }

    /// The process id.
    pub fn id(&self) -> u32 {
        self.running.child.id()
    }

    /// What it has written to standard output since its last start.
    pub fn stdout(&self) -> Vec<String> {
        self.running.stdout.all()
    }

    /// What it has written to standard error since its last start.
    pub fn stderr(&self) -> Vec<String> {
        self.running.stderr.all()
    }

    /// The first word it printed with this beginning, such as a ticket's `tbb_`. Panics if there is none.
    pub fn printed(&self, beginning: &str) -> String {
        let lines = self.stdout();
        let mut words = lines.iter().flat_map(|line| line.split_whitespace());
        let found = words.find(|word| word.starts_with(beginning));
        found
            .unwrap_or_else(|| panic!("nothing beginning with `{beginning}` in {lines:?}"))
            .to_owned()
    }

    /// Kills it as `kill -9` does, and waits until it is gone.
    pub fn kill(&mut self) {
        self.running.child.kill().unwrap();
        self.running.child.wait().unwrap();
        self.killed = true;
    }

    /// Asks it to stop (SIGTERM) and waits for its end.
    pub fn stop(&mut self) -> Ended {
        let asked = Command::new("kill")
            .args(["-TERM", &self.id().to_string()])
            .status()
            .unwrap();
        assert!(asked.success());
        let status = wait(&mut self.running.child)
            .unwrap_or_else(|| panic!("it does not stop: {:?}", self.stderr()));
        self.killed = true;
        Ended::of(status, &self.running.stdout, &self.running.stderr)
    }

    /// Starts it again after [`Spawned::kill`] or [`Spawned::stop`]: same folder and ports, so that addresses
    /// and tokens stay good.
    pub fn restart(&mut self) {
        assert!(self.killed, "it is still running");
        let started = Running::start(
            &self.program,
            &self.data_dir,
            self.running.api,
            self.running.operator,
        );
        self.running = started
            .unwrap_or_else(|ended| panic!("the program did not get ready again: {ended:?}"));
        self.killed = false;
    }
}

impl Drop for Spawned {
    fn drop(&mut self) {
        let _ = self.running.child.kill();
        let _ = self.running.child.wait();
    }
}

impl Running {
    fn start(
        program: &Program,
        data_dir: &Path,
        api: SocketAddr,
        operator: SocketAddr,
    ) -> Result<Running, Ended> {
        let (mut child, stdout, stderr) = spawn(program, data_dir, api, operator);
        match stdout.wait_for(|line| line.starts_with(READY), PATIENCE) {
            output::Waited::Found(line) => {
                let (api, operator) = addresses(&line);
                Ok(Running {
                    child,
                    stdout,
                    stderr,
                    api,
                    operator,
                })
            }
            output::Waited::Closed => {
                let status = child.wait().unwrap();
                Err(Ended::of(status, &stdout, &stderr))
            }
            output::Waited::TooLong => {
                let _ = child.kill();
                panic!(
                    "no ready line within {PATIENCE:?}; it said {:?} {:?}",
                    stdout.all(),
                    stderr.all()
                )
            }
        }
    }
}

fn addresses(ready_line: &str) -> (SocketAddr, SocketAddr) {
    let mut found = ready_line
        .split_whitespace()
        .filter_map(|word| word.strip_prefix("http://")?.parse().ok());
    match (found.next(), found.next()) {
        (Some(api), Some(operator)) => (api, operator),
        _ => panic!("the ready line has no two addresses: {ready_line}"),
    }
}

fn spawn(
    program: &Program,
    data_dir: &Path,
    api: SocketAddr,
    operator: SocketAddr,
) -> (Child, Lines, Lines) {
    let mut command = Command::new(&program.program);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("TRILBY_") {
            command.env_remove(name);
        }
    }
    let mut child = command
        .args(&program.args)
        .env("TRILBY_LOG__DATA_DIR", data_dir)
        .env("TRILBY_SERVER__LISTEN", api.to_string())
        .env("TRILBY_SERVER__OPERATOR_LISTEN", operator.to_string())
        .envs(program.env.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("cannot start {}: {error}", program.program.display()));
    let stdout = Lines::of(child.stdout.take().unwrap());
    let stderr = Lines::of(child.stderr.take().unwrap());
    (child, stdout, stderr)
}

/// How it ended, or `None` if it has not.
fn wait(child: &mut Child) -> Option<ExitStatus> {
    let deadline = Instant::now() + PATIENCE;
    while Instant::now() < deadline {
        if let Some(status) = child.try_wait().unwrap() {
            return Some(status);
        }
        std::thread::sleep(GLANCE);
    }
    None
}
