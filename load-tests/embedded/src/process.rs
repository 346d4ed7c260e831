//! The measured program as a child process.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};

use crate::machine;

/// Longest a start or a stop may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// How often a stopping process is looked at.
const GLANCE: Duration = Duration::from_millis(10);

/// Lines of its log that are shown when it did not start.
const LAST_WORDS: usize = 20;

/// What `serve` prints when it is ready begins so; the addresses of the API and of the operator's port follow.
const READY: &str = "trilby is ready: api http://";

/// What `demo` prints when the story is told begins so.
const TOLD: &str = "Still serving on http://";

/// Any free port of loopback.
const FREE: &str = "127.0.0.1:0";

/// A trilby program.
pub struct Program {
    path: PathBuf,
}

impl Program {
    /// The program in this file.
    pub fn at(path: &Path) -> anyhow::Result<Program> {
        let path = path
            .canonicalize()
            .with_context(|| format!("there is no program {}", path.display()))?;
        Ok(Program { path })
    }

    /// What it calls itself.
    pub fn version(&self) -> anyhow::Result<String> {
        let output = self.command().arg("--version").output()?;
        ensure!(output.status.success(), "--version failed");
        Ok(String::from_utf8(output.stdout)?.trim().to_owned())
    }

    /// Serves the data folder on free ports.
    pub fn serve(&self, data_dir: &Path) -> anyhow::Result<Process> {
        self.start("serve", READY, data_dir, [FREE.to_owned(), FREE.to_owned()])
    }

    /// Serves the data folder on the ports of an earlier process, so that its sessions' tokens are good.
    pub fn serve_again(&self, earlier: &Stopped) -> anyhow::Result<Process> {
        self.start("serve", READY, &earlier.data_dir, earlier.addresses.clone())
    }

    /// Plays the demo's story in the data folder and goes on serving.
    pub fn demo(&self, data_dir: &Path) -> anyhow::Result<Process> {
        self.start("demo", TOLD, data_dir, [FREE.to_owned(), FREE.to_owned()])
    }

    fn start(
        &self,
        verb: &str,
        ready: &str,
        data_dir: &Path,
        [api, operator]: [String; 2],
    ) -> anyhow::Result<Process> {
        let log = data_dir.with_extension("log");
        let mut command = self.command();
        command
            .args([verb, "--listen", &api, "--operator-listen", &operator])
            .arg("--data-dir")
            .arg(data_dir)
            .stdout(Stdio::piped())
            .stderr(File::create(&log)?);
        let begun = Instant::now();
        let mut child = command.spawn().context("cannot run the program")?;
        let lines = read_lines(&mut child)?;
        let mut process = Process {
            child,
            begun,
            data_dir: data_dir.to_owned(),
            addresses: Vec::new(),
        };
        match wait_for(&lines, ready) {
            Ok(line) => process.addresses = addresses(&line),
            Err(error) => {
                let told = fs::read_to_string(&log).unwrap_or_default();
                let skipped = told.lines().count().saturating_sub(LAST_WORDS);
                let last: Vec<&str> = told.lines().skip(skipped).collect();
                return Err(error.context(format!("{verb} did not start:\n{}", last.join("\n"))));
            }
        }
        Ok(process)
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.path);
        // The program's defaults are measured, whatever its caller has set for himself.
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("TRILBY_") {
                command.env_remove(name);
            }
        }
        command.stdin(Stdio::null());
        command
    }

    /// From the start of a process that only says its name to that process's end.
    pub fn time_of_nothing(&self) -> anyhow::Result<Duration> {
        let begun = Instant::now();
        self.version()?;
        Ok(begun.elapsed())
    }
}

/// A running program; dropping it kills it.
pub struct Process {
    child: Child,
    /// When it was started.
    pub begun: Instant,
    data_dir: PathBuf,
    addresses: Vec<String>,
}

/// Where a stopped process served what.
pub struct Stopped {
    data_dir: PathBuf,
    addresses: [String; 2],
}

impl Process {
    /// Where its API is.
    pub fn url(&self) -> anyhow::Result<String> {
        let api = self.addresses.first().context("it named no address")?;
        Ok(format!("http://{api}"))
    }

    /// Its bootstrap ticket.
    pub fn ticket(&self) -> anyhow::Result<String> {
        let file = self.data_dir.join("bootstrap-ticket");
        let text = fs::read_to_string(&file)
            .with_context(|| format!("there is no bootstrap ticket {}", file.display()))?;
        Ok(text.trim().to_owned())
    }

    /// Its resident memory in MiB. `None` where the system does not tell (Linux does).
    pub fn resident_mib(&self) -> Option<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).ok()?;
        let resident = machine::mebibytes(&status, "VmRSS")?;
        u32::try_from(resident).ok().map(f64::from)
    }

    /// Asks it to stop (SIGTERM) and waits for its end.
    pub fn stop(mut self) -> anyhow::Result<Stopped> {
        let asked = Command::new("kill")
            .args(["-TERM", &self.child.id().to_string()])
            .status()
            .context("cannot run kill")?;
        ensure!(asked.success(), "kill failed");
        let since = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait()? {
                break status;
            }
            if since.elapsed() > PATIENCE {
                bail!("the program does not stop")
            }
            thread::sleep(GLANCE);
        };
        ensure!(status.success(), "the program ended with {status}");
        let mut addresses = std::mem::take(&mut self.addresses).into_iter();
        let [api, operator] = [addresses.next(), addresses.next()];
        Ok(Stopped {
            data_dir: std::mem::take(&mut self.data_dir),
            addresses: [api, operator].map(|address| address.unwrap_or_else(|| FREE.to_owned())),
        })
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // One that has ended already cannot be killed, and need not be.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Its lines as they come. They are read to the end even if nobody listens, so that it never waits for us.
fn read_lines(child: &mut Child) -> anyhow::Result<mpsc::Receiver<String>> {
    let stdout = child.stdout.take().context("no standard output")?;
    let (heard, lines) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            heard.send(line).ok();
        }
    });
    Ok(lines)
}

fn wait_for(lines: &mpsc::Receiver<String>, beginning: &str) -> anyhow::Result<String> {
    let since = Instant::now();
    loop {
        let left = PATIENCE.saturating_sub(since.elapsed());
        let line = lines
            .recv_timeout(left)
            .with_context(|| format!("it did not say `{beginning}`"))?;
        if line.starts_with(beginning) {
            return Ok(line);
        }
    }
}

fn addresses(line: &str) -> Vec<String> {
    let words = line.split_whitespace();
    words
        .filter_map(|word| word.strip_prefix("http://").map(str::to_owned))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ready_line_names_the_addresses() {
        let line = "trilby is ready: api http://127.0.0.1:4711 operator http://127.0.0.1:4712";
        assert_eq!(addresses(line), ["127.0.0.1:4711", "127.0.0.1:4712"]);
    }
}
