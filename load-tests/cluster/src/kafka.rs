//! An Apache Kafka broker on loopback (KRaft, one node), from the project's own jars run by the installed Java.
//!
//! It keeps its ports and its data from one start to the next, so that it can be killed, paused and started again under the
//! clients that use it. What it writes need not outlive the machine's power.

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};

use crate::member::{free_address, pause, resume, signal};

mod jars;
mod secured;

pub use jars::{Jars, missing};
pub use secured::Secured;

/// Longest a start may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);
/// How often a starting broker is asked.
const GLANCE: Duration = Duration::from_millis(20);
/// Longest one question to it may take.
const ANSWER_PATIENCE: Duration = Duration::from_secs(2);

/// Memory of the JVM: several tests' brokers fit beside each other.
const JVM: [&str; 5] = [
    "-Xms128m",
    "-Xmx512m",
    "-XX:+UseSerialGC",
    "-XX:+ExitOnOutOfMemoryError",
    "-Dlog4j2.level=WARN",
];

/// What does not depend on the place. Topics are made by those who use them, as in production. Small buffers and index
/// files: tests make topics of 48 partitions by the dozen.
const SETTINGS: &str = "\
node.id=1
process.roles=broker,controller
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
auto.create.topics.enable=false
num.network.threads=2
num.io.threads=4
num.recovery.threads.per.data.dir=2
background.threads=2
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
log.cleaner.dedupe.buffer.size=8388608
log.index.size.max.bytes=1048576
log.segment.delete.delay.ms=1000
offsets.topic.num.partitions=4
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
";

/// A broker, running or not. It is killed when this is dropped.
#[derive(Debug)]
pub struct Broker {
    folder: PathBuf,
    jars: Jars,
    address: SocketAddr,
    controller: SocketAddr,
    secured: Option<Secured>,
    child: Option<Child>,
}

impl Broker {
    /// Makes one in this folder and waits until it takes requests.
    ///
    /// # Errors
    /// There is no Java, the jars cannot be fetched, the folder cannot be written, the broker does not start.
    pub fn start(folder: &Path) -> anyhow::Result<Self> {
        Self::start_with(folder, None)
    }

    /// The same with another listener, which takes TLS and this login only.
    ///
    /// # Errors
    /// As [`Broker::start`], and there is no keytool.
    pub fn start_secured(folder: &Path, user: &str, password: &str) -> anyhow::Result<Self> {
        let secured = Secured::make(folder, free_address()?, user, password)?;
        Self::start_with(folder, Some(secured))
    }

    fn start_with(folder: &Path, secured: Option<Secured>) -> anyhow::Result<Self> {
        fs::create_dir_all(folder)?;
        let mut broker = Self {
            folder: folder.to_owned(),
            jars: Jars::of_build()?,
            address: free_address()?,
            controller: free_address()?,
            secured,
            child: None,
        };
        broker.format()?;
        broker.restart()?;
        Ok(broker)
    }

    /// Its other listener, if it has one.
    #[must_use]
    pub fn secured(&self) -> Option<&Secured> {
        self.secured.as_ref()
    }

    /// `127.0.0.1:21234`.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Starts it after it was killed or stopped, on the same port with the same data, and waits until it takes requests.
    ///
    /// # Errors
    /// It runs already, or does not start.
    pub fn restart(&mut self) -> anyhow::Result<()> {
        ensure!(self.child.is_none(), "the broker is running");
        let log = self.folder.join("log");
        let log = File::options().create(true).append(true).open(log)?;
        let child = self
            .jars
            .java()
            .args(JVM)
            .arg("kafka.Kafka")
            .arg(self.folder.join("server.properties"))
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            // A key pressed in the terminal is not meant for it.
            .process_group(0)
            .spawn()
            .context("cannot run java")?;
        fs::write(self.folder.join("pid"), child.id().to_string())?;
        self.child = Some(child);
        self.wait_ready()
    }

    /// Ends it at once, as `kill -9` does.
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
    /// It does not stop.
    pub fn stop(&mut self) -> anyhow::Result<()> {
        if let Some(mut child) = self.child.take() {
            signal(child.id(), "TERM")?;
            child.wait()?;
        }
        Ok(())
    }

    /// Freezes it: its connections stay open and nothing is answered.
    ///
    /// # Errors
    /// It is not running.
    pub fn pause(&self) -> anyhow::Result<()> {
        pause(self.id()?)
    }

    /// After [`Broker::pause`].
    ///
    /// # Errors
    /// It is not running.
    pub fn resume(&self) -> anyhow::Result<()> {
        resume(self.id()?)
    }

    /// Kills it and forgets all it held: after [`Broker::restart`] it is a new, empty one on the same port.
    ///
    /// # Errors
    /// The system does not let us.
    pub fn wipe(&mut self) -> anyhow::Result<()> {
        self.kill()?;
        self.format()
    }

    /// Lets it run on when this is dropped and when this program ends. [`down`] ends it.
    pub fn leave(mut self) {
        drop(self.child.take());
    }

    fn id(&self) -> anyhow::Result<u32> {
        let child = self.child.as_ref();
        Ok(child.context("the broker is not running")?.id())
    }

    /// An empty data folder with an identity of its own.
    fn format(&self) -> anyhow::Result<()> {
        let data = self.folder.join("data");
        if data.exists() {
            fs::remove_dir_all(&data)?;
        }
        let properties = self.folder.join("server.properties");
        let Self {
            address,
            controller,
            secured,
            ..
        } = self;
        let secured = secured.as_ref();
        let more = secured.map(|secured| secured.settings(*address, *controller));
        fs::write(
            &properties,
            format!(
                "{SETTINGS}listeners=PLAINTEXT://{address},CONTROLLER://{controller}\n\
                 advertised.listeners=PLAINTEXT://{address}\n\
                 controller.quorum.voters=1@{controller}\n\
                 log.dirs={}\n{}",
                data.display(),
                more.unwrap_or_default(),
            ),
        )?;
        let output = self
            .jars
            .java()
            .args(JVM)
            .args(["-XX:TieredStopAtLevel=1", "kafka.tools.StorageTool"])
            .args(["format", "-t", &fresh_id()?, "-c"])
            .arg(&properties)
            .args(
                secured
                    .iter()
                    .flat_map(|secured| secured.format_arguments()),
            )
            .output()
            .context("cannot run java")?;
        ensure!(
            output.status.success(),
            "Kafka does not take its folder: {}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        Ok(())
    }

    fn wait_ready(&mut self) -> anyhow::Result<()> {
        let begun = Instant::now();
        while !answers(self.address) {
            let ended = self.child.as_mut().map(Child::try_wait).transpose()?;
            if ended.flatten().is_some() || begun.elapsed() > PATIENCE {
                self.kill()?;
                bail!("Kafka does not start: see {}/log", self.folder.display());
            }
            sleep(GLANCE);
        }
        Ok(())
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        // Gone already, or not ours to kill any more.
        self.kill().ok();
    }
}

/// The broker that was left running in this folder, if it answers.
#[must_use]
pub fn left_in(folder: &Path) -> Option<SocketAddr> {
    let settings = fs::read_to_string(folder.join("server.properties")).ok()?;
    let prefix = "advertised.listeners=PLAINTEXT://";
    let line = settings.lines().find_map(|line| line.strip_prefix(prefix));
    let address = line?.parse().ok()?;
    answers(address).then_some(address)
}

/// Ends the broker that was left running in this folder, and removes the folder.
///
/// # Errors
/// It does not end, or the folder cannot be removed.
pub fn down(folder: &Path) -> anyhow::Result<()> {
    if !folder.exists() {
        return Ok(());
    }
    let pid = fs::read_to_string(folder.join("pid")).unwrap_or_default();
    if let Ok(pid) = pid.trim().parse() {
        let begun = Instant::now();
        // A process id may be another's by now.
        if is_of(pid, folder) {
            signal(pid, "KILL")?;
        }
        while is_of(pid, folder) {
            ensure!(begun.elapsed() < PATIENCE, "process {pid} does not end");
            sleep(GLANCE);
        }
    }
    fs::remove_dir_all(folder)?;
    Ok(())
}

fn is_of(pid: u32, folder: &Path) -> bool {
    let command = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    let settings = folder.join("server.properties");
    String::from_utf8_lossy(&command).contains(&*settings.to_string_lossy())
}

/// Whether a broker here takes requests, and is known to its controller.
#[must_use]
pub fn answers(address: SocketAddr) -> bool {
    brokers_at(address).is_ok_and(|n_brokers| n_brokers > 0)
}

/// How many brokers the one at this address knows: the metadata of no topic (Kafka's protocol guide, Metadata, version 1).
fn brokers_at(address: SocketAddr) -> anyhow::Result<i32> {
    // Length; kind and version; a number that comes back; no client name; an empty list of topics.
    const QUESTION: [u8; 18] = [0, 0, 0, 14, 0, 3, 0, 1, 0, 0, 0, 1, 255, 255, 0, 0, 0, 0];
    let mut stream = TcpStream::connect_timeout(&address, ANSWER_PATIENCE)?;
    stream.set_read_timeout(Some(ANSWER_PATIENCE))?;
    stream.write_all(&QUESTION)?;
    let mut head = [0_u8; 8];
    stream.read_exact(&mut head)?;
    let mut n_brokers = [0_u8; 4];
    stream.read_exact(&mut n_brokers)?;
    Ok(i32::from_be_bytes(n_brokers))
}

/// 16 random bytes as Kafka writes them: 22 letters, of which the last has two bits.
fn fresh_id() -> anyhow::Result<String> {
    let mut bytes = [0_u8; 11];
    File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    let mut id: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    id.replace_range(21.., "A");
    Ok(id)
}
