//! Apache Kafka for the tests: one broker, left running, in a container or from its own jars.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use trilby_cluster::kafka::{self, Broker};
use trilby_cluster::member::free_address;

use super::docker;
use crate::{command, workspace};

const NAME: &str = "trilby-test-kafka";
/// The same release as in `load-tests/cluster/kafka/pom.xml`.
const IMAGE: &str = "apache/kafka:4.3.0";

/// How long the container may take to answer.
const READY: Duration = Duration::from_secs(60);

/// Starts a broker if none of ours runs; gives its address.
pub fn up(root: &Path) -> anyhow::Result<SocketAddr> {
    if docker::runs() && docker::has_image(IMAGE) {
        return container();
    }
    let folder = folder(root)?;
    if let Some(address) = kafka::left_in(&folder) {
        return Ok(address);
    }
    fs::create_dir_all(folder.parent().context("a folder has a parent")?)?;
    // Two who start it at once start one.
    let lock = fs::File::create(folder.with_extension("lock"))?;
    lock.lock()?;
    if let Some(address) = kafka::left_in(&folder) {
        return Ok(address);
    }
    // One that does not answer any more holds nothing that matters.
    kafka::down(&folder)?;
    let broker = Broker::start(&folder)?;
    let address = broker.address();
    broker.leave();
    Ok(address)
}

/// Ends it and removes what it held.
pub fn down(root: &Path) -> anyhow::Result<()> {
    kafka::down(&folder(root)?)?;
    docker::remove(NAME)
}

/// Beside the other services of this machine's own programs.
fn folder(root: &Path) -> anyhow::Result<PathBuf> {
    let is_root = command::quiet(Command::new("id").arg("-u"))?.trim() == "0";
    Ok(if is_root {
        PathBuf::from("/var/tmp/trilby-services/kafka")
    } else {
        workspace::target_dir(root).join("services/kafka")
    })
}

fn container() -> anyhow::Result<SocketAddr> {
    let port = ["port", NAME, "9092/tcp"];
    let running = command::quiet(Command::new("docker").args(port));
    let address = match running {
        Ok(said) => {
            let line = said.lines().next().context("the container has no port")?;
            line.trim().parse()?
        }
        Err(_) => {
            docker::remove(NAME)?;
            // Clients are sent to the address that the broker tells, so it is chosen before.
            let address = free_address()?;
            command::quiet(&mut run_container(address))?;
            address
        }
    };
    let begun = Instant::now();
    while !kafka::answers(address) {
        if begun.elapsed() > READY {
            bail!("Kafka in `{NAME}` does not answer");
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    Ok(address)
}

fn run_container(address: SocketAddr) -> Command {
    let mut run = Command::new("docker");
    run.args(["run", "--detach", "--name", NAME, "--publish"])
        .arg(format!("{address}:9092"));
    for setting in [
        "KAFKA_NODE_ID=1",
        "KAFKA_PROCESS_ROLES=broker,controller",
        "KAFKA_LISTENERS=PLAINTEXT://:9092,CONTROLLER://:9093",
        "KAFKA_CONTROLLER_LISTENER_NAMES=CONTROLLER",
        "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "KAFKA_CONTROLLER_QUORUM_VOTERS=1@localhost:9093",
        "KAFKA_AUTO_CREATE_TOPICS_ENABLE=false",
        "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR=1",
        "KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR=1",
        "KAFKA_TRANSACTION_STATE_LOG_MIN_ISR=1",
        "KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS=0",
        "KAFKA_HEAP_OPTS=-Xmx512m",
    ] {
        run.args(["--env", setting]);
    }
    run.arg("--env")
        .arg(format!("KAFKA_ADVERTISED_LISTENERS=PLAINTEXT://{address}"));
    run.arg(IMAGE);
    run
}
