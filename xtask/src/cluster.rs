//! `cargo xtask cluster up|down`: Postgres, Kafka, several processes of every service, and a proxy on one port.
//!
//! `up` builds the program, sees to Postgres and Kafka, starts everything in the background and returns when it is ready; what the
//! processes say is in `target/cluster/`. The database and the keys stay when it goes down.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use trilby_cluster::{Cluster, Config, Kafka};

use crate::{command, services, workspace};

/// Longest a start may take.
const PATIENCE: Duration = Duration::from_secs(120);
const GLANCE: Duration = Duration::from_millis(50);

/// File that tells the cluster to stop.
const STOP: &str = "stop";

/// Its own, in the server that the tests make theirs in; so are its topics in the broker.
const DATABASE: &str = "trilby_cluster";

/// Says that the cluster is ready, and where.
const READY: &str = "cluster is ready: ";

#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand)]
enum What {
    /// Start it, and return when it is ready
    Up(Up),
    /// Stop it
    Down,
    /// Run it in the foreground, until `down`
    #[command(hide = true)]
    Run(Up),
}

#[derive(clap::Args, Clone)]
struct Up {
    /// Where clients reach it
    #[arg(long, default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Processes of each service, instead of what deploy/topology.toml says
    #[arg(long)]
    replicas: Option<usize>,
    /// Build and run without optimization
    #[arg(long)]
    debug: bool,
    /// Without Kafka and relays: the processes ask Postgres for each other's commits
    #[arg(long)]
    without_kafka: bool,
}

pub fn run(root: &Path, args: Args) -> anyhow::Result<()> {
    let folder = root.join("target/cluster");
    match args.what {
        What::Up(up) => start(root, &folder, &up),
        What::Down => stop(&folder),
        What::Run(up) => foreground(root, &folder, &up),
    }
}

fn build(root: &Path, up: &Up) -> anyhow::Result<PathBuf> {
    let mut cargo = Command::new("cargo");
    cargo
        .current_dir(root)
        .args(["build", "--bin", "trilby"])
        .args(workspace::WHOLE);
    if !up.debug {
        cargo.arg("--release");
    }
    command::run(&mut cargo)?;
    let profile = if up.debug { "debug" } else { "release" };
    trilby_cluster::cluster::built(&root.join("target"), profile)
}

fn start(root: &Path, folder: &Path, up: &Up) -> anyhow::Result<()> {
    if running(folder).is_some() {
        bail!("the cluster is up already; `cargo xtask cluster down` stops it");
    }
    build(root, up)?;
    std::fs::create_dir_all(folder)?;
    let said = folder.join("cluster.log");
    let out = File::create(&said)?;
    let mut myself = Command::new(std::env::current_exe()?);
    myself.args(["cluster", "run", "--listen", &up.listen.to_string()]);
    if let Some(replicas) = up.replicas {
        myself.args(["--replicas", &replicas.to_string()]);
    }
    if up.debug {
        myself.arg("--debug");
    }
    if up.without_kafka {
        myself.arg("--without-kafka");
    }
    let mut child = myself
        .current_dir(root)
        .stdin(Stdio::null())
        .stdout(out.try_clone()?)
        .stderr(out)
        .spawn()
        .context("cannot start the cluster")?;
    std::fs::write(folder.join("pid"), child.id().to_string())?;
    let begun = Instant::now();
    loop {
        if let Some(line) = ready_lines(&said)? {
            println!("{line}");
            return Ok(());
        }
        let ended = child.try_wait()?;
        if ended.is_some() || begun.elapsed() > PATIENCE {
            std::fs::remove_file(folder.join("pid")).ok();
            bail!(
                "the cluster did not start: {}",
                std::fs::read_to_string(&said)?
            );
        }
        sleep(GLANCE);
    }
}

/// What the cluster said when it was ready.
fn ready_lines(said: &Path) -> anyhow::Result<Option<String>> {
    let lines = BufReader::new(File::open(said)?).lines();
    let lines = lines.collect::<Result<Vec<_>, _>>()?;
    let at = lines.iter().position(|line| line.starts_with(READY));
    Ok(at
        .and_then(|at| lines.get(at..))
        .map(|lines| lines.join("\n")))
}

fn stop(folder: &Path) -> anyhow::Result<()> {
    let Some(pid) = running(folder) else {
        println!("no cluster is up");
        return Ok(());
    };
    // A file, not a signal: it must end its processes before it ends itself.
    std::fs::write(folder.join(STOP), "")?;
    let begun = Instant::now();
    while running(folder).is_some() {
        if begun.elapsed() > PATIENCE {
            bail!("process {pid} does not stop");
        }
        sleep(GLANCE);
    }
    std::fs::remove_file(folder.join("pid"))?;
    println!("the cluster is down; its database and keys are kept");
    Ok(())
}

/// The process that runs the cluster, if it does.
fn running(folder: &Path) -> Option<u32> {
    let pid = std::fs::read_to_string(folder.join("pid")).ok()?;
    let pid: u32 = pid.trim().parse().ok()?;
    let command = std::fs::read_to_string(format!("/proc/{pid}/cmdline")).ok()?;
    // A process id may be another's by now.
    command.contains("cluster").then_some(pid)
}

fn foreground(root: &Path, folder: &Path, up: &Up) -> anyhow::Result<()> {
    let profile = if up.debug { "debug" } else { "release" };
    let binary = trilby_cluster::cluster::built(&root.join("target"), profile)?;
    std::fs::remove_file(folder.join(STOP)).ok();
    let (store, password) = services::database(root, DATABASE)?;
    let kafka = match up.without_kafka {
        true => None,
        false => Some(Kafka {
            brokers: services::broker(root).context(services::NO_BROKER)?,
            topic_prefix: DATABASE.to_owned(),
        }),
    };
    let cluster = Cluster::start(&Config {
        binary,
        folder: folder.to_owned(),
        store,
        password,
        listen: up.listen,
        kafka,
        replicas: up.replicas,
        nodes: None,
        env: Vec::new(),
    })?;
    println!("{READY}{}", cluster.url());
    if let Some(ticket) = cluster.ticket() {
        println!("bootstrap ticket, good once and for 30 minutes: {ticket}");
    }
    while !folder.join(STOP).exists() {
        sleep(GLANCE);
    }
    cluster.stop()
}
