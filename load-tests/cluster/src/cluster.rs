//! All of it: keys, tables, processes, proxy.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context, bail};

use crate::member::{Member, Recipe, free_address};
use crate::proxy::Proxy;
use crate::topology::{Service, Topology};

/// How long a process that stops serves on: several looks of the proxy.
const DRAIN_MS: u64 = 500;

/// What a cluster is made of.
#[derive(Clone)]
pub struct Config {
    /// The program, built with the feature `postgres`.
    pub binary: PathBuf,
    /// Folder of the keys and of what the processes say. Kept between starts.
    pub folder: PathBuf,
    /// The shared store, without a password.
    pub store: String,
    /// Its password.
    pub password: Option<String>,
    /// Where the proxy listens; port 0 takes a free one.
    pub listen: SocketAddr,
    /// What carries the news. None: the processes ask the store for it.
    pub kafka: Option<Kafka>,
    /// Processes of each service, instead of what the topology says.
    pub replicas: Option<usize>,
    /// Processes of the decision service, instead of either.
    pub nodes: Option<usize>,
    /// Further variables of every process.
    pub env: Vec<(String, String)>,
}

/// Where the news goes.
#[derive(Debug, Clone)]
pub struct Kafka {
    /// `127.0.0.1:9092`.
    pub brokers: String,
    /// What its topics' names begin with, apart from those of others on the same broker.
    pub topic_prefix: String,
}

/// A running cluster. It is killed when this is dropped.
#[derive(Debug)]
pub struct Cluster {
    topology: Topology,
    /// By service, as in the topology.
    members: Vec<Vec<Member>>,
    proxy: Proxy,
    ticket: Option<String>,
}

impl Cluster {
    /// Starts it and waits until every process is ready.
    ///
    /// # Errors
    /// The store cannot be reached, a process does not get ready, a port is taken.
    pub fn start(config: &Config) -> anyhow::Result<Self> {
        let mut topology = Topology::of_deploy()?;
        let has_kafka = config.kafka.is_some();
        topology
            .services
            .retain(|service| has_kafka || !service.needs_kafka);
        let listen = match config.listen.port() {
            0 => free_address()?,
            _ => config.listen,
        };
        std::fs::create_dir_all(&config.folder)?;
        let keys = config.folder.join("keys");
        if !keys.exists() {
            run(
                config,
                &["admin".as_ref(), "make-keys".as_ref(), keys.as_os_str()],
            )?;
        }
        run(config, &["migrate".as_ref()])?;
        let ticket = run(config, &["bootstrap".as_ref()]);
        let ticket = match ticket {
            Ok(said) => Some(said.trim().to_owned()),
            Err(error) if error.to_string().contains("has accounts") => None,
            Err(error) => return Err(error),
        };
        let mut members = Vec::new();
        for service in &topology.services {
            let nodes = config.nodes.filter(|_| service.name == "decision");
            let replicas = nodes.or(config.replicas).unwrap_or(service.replicas);
            let recipes = (1..=replicas).map(|n| recipe(config, service, n, listen));
            let of_service = recipes.map(|recipe| {
                let mut member = Member::new(recipe?);
                member.start()?;
                Ok(member)
            });
            members.push(of_service.collect::<anyhow::Result<Vec<_>>>()?);
        }
        for member in members.iter_mut().flatten() {
            member.wait_ready()?;
        }
        let addresses = members
            .iter()
            .map(|service| service.iter().map(Member::api).collect())
            .collect();
        let proxy = Proxy::start(listen, topology.clone(), addresses)?;
        Ok(Self {
            topology,
            members,
            proxy,
            ticket,
        })
    }

    /// Where clients reach it.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.proxy.address())
    }

    /// The ticket that makes the first account, if there was none.
    #[must_use]
    pub fn ticket(&self) -> Option<&str> {
        self.ticket.as_deref()
    }

    /// The processes of one service.
    pub fn service(&mut self, name: &str) -> &mut [Member] {
        let mut services = self.topology.services.iter();
        let at = services.position(|service| service.name == name);
        at.and_then(|at| self.members.get_mut(at))
            .map_or(&mut [], Vec::as_mut_slice)
    }

    /// Every process.
    pub fn members(&mut self) -> impl Iterator<Item = &mut Member> {
        self.members.iter_mut().flatten()
    }

    /// Stops and starts every process, one after the other, each when the one before is ready again.
    ///
    /// # Errors
    /// One does not stop well, or does not get ready again.
    pub fn rolling_restart(&mut self) -> anyhow::Result<()> {
        for member in self.members.iter_mut().flatten() {
            member.stop()?;
            member.start()?;
            member.wait_ready()?;
            // The proxy has to hear of it before the next one goes.
            sleep(Duration::from_millis(DRAIN_MS));
        }
        Ok(())
    }

    /// Stops every process well.
    ///
    /// # Errors
    /// One does not stop well.
    pub fn stop(mut self) -> anyhow::Result<()> {
        for member in self.members.iter_mut().flatten() {
            member.stop()?;
        }
        Ok(())
    }
}

fn recipe(
    config: &Config,
    service: &Service,
    n: usize,
    public: SocketAddr,
) -> anyhow::Result<Recipe> {
    let name = format!("{}-{n}", service.name);
    let mut env = variables(config, &service.keys);
    env.extend([
        (
            "TRILBY_SERVER__PUBLIC_URL".to_owned(),
            format!("http://{public}"),
        ),
        (
            "TRILBY_SERVER__TRUSTED_PROXIES".to_owned(),
            "127.0.0.0/8".to_owned(),
        ),
        ("TRILBY_SERVER__DRAIN_MS".to_owned(), DRAIN_MS.to_string()),
    ]);
    env.extend(config.env.iter().cloned());
    Ok(Recipe {
        log: config.folder.join(format!("{name}.log")),
        name,
        binary: config.binary.clone(),
        command: service.name.clone(),
        env,
        api: free_address()?,
        operator: free_address()?,
    })
}

/// The store, and the keys that a process gets: no other.
fn variables(config: &Config, keys: &[String]) -> Vec<(String, String)> {
    let folder = config.folder.join("keys");
    let mut env = vec![("TRILBY_LOG__STORE".to_owned(), config.store.clone())];
    if let Some(password) = &config.password {
        env.push(("TRILBY_STORE_PASSWORD".to_owned(), password.clone()));
    }
    if let Some(kafka) = &config.kafka {
        env.push(("TRILBY_KAFKA__BROKERS".to_owned(), kafka.brokers.clone()));
        let prefix = kafka.topic_prefix.clone();
        env.push(("TRILBY_KAFKA__TOPIC_PREFIX".to_owned(), prefix));
    }
    env.extend(keys.iter().map(|key| {
        let path = folder.join(format!("{key}.key"));
        (
            format!("TRILBY_KEYS__{}_FILE", key.to_uppercase()),
            path.display().to_string(),
        )
    }));
    env
}

/// Runs a command of the program to its end; gives what it said.
fn run(config: &Config, args: &[&std::ffi::OsStr]) -> anyhow::Result<String> {
    let mut command = Command::new(&config.binary);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("TRILBY_") {
            command.env_remove(name);
        }
    }
    let of_identity = ["store".to_owned(), "pepper".to_owned()];
    let output = command
        .args(args)
        .envs(variables(config, &of_identity))
        .output()
        .with_context(|| format!("cannot run {}", config.binary.display()))?;
    if !output.status.success() {
        bail!(
            "{args:?}: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        );
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The program beside the tests and tools of a build: `target/<profile>/trilby`.
///
/// # Errors
/// It was not built.
pub fn built(target: &Path, profile: &str) -> anyhow::Result<PathBuf> {
    let path = target.join(profile).join("trilby");
    if !path.exists() {
        bail!("{} was not built", path.display());
    }
    Ok(path)
}
