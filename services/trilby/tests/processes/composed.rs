//! The installation of `deploy/docker-compose.yml`, each of its containers a process of this host: the same secrets, logins and
//! settings, only addresses are others.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;
use trilby_cluster::Topology;
use trilby_cluster::kafka::Broker;
use trilby_cluster::member::{Member, Recipe, free_address};
use trilby_cluster::proxy::Proxy;

use crate::compose::Compose;
use crate::database::Server;
use crate::story::tell;

struct Host {
    folder: TempDir,
    compose: Compose,
    server: Server,
    broker: Broker,
    public: std::net::SocketAddr,
    issuer_port: u16,
}

impl Host {
    /// A host where `deploy/setup` was run.
    fn set_up() -> Host {
        let folder = TempDir::new().unwrap();
        let deploy = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy");
        for file in [
            "setup",
            "docker-compose.yml",
            "logins.sh",
            "Caddyfile.cluster",
        ] {
            fs::copy(deploy.join(file), folder.path().join(file)).unwrap();
        }
        let public = free_address().unwrap();
        let mut setup = Command::new("sh");
        setup.arg(folder.path().join("setup"));
        setup.arg(format!("http://localhost:{}", public.port()));
        run(setup.env("TRILBY", env!("CARGO_BIN_EXE_trilby")));
        let variables = fs::read_to_string(folder.path().join(".env")).unwrap();
        let variables = variables.lines().filter_map(|line| line.split_once('='));
        let variables: Vec<(&str, &str)> = variables.collect();
        let compose = Compose::read(folder.path(), &variables);
        let run_secrets = folder.path().join("run");
        fs::create_dir(&run_secrets).unwrap();
        for secret in compose.names("secrets") {
            let file = folder.path().join(compose.secret_file(&secret));
            std::os::unix::fs::symlink(file, run_secrets.join(secret)).unwrap();
        }
        Host {
            compose,
            server: Server::start(),
            broker: Broker::start(&folder.path().join("kafka")).unwrap(),
            public,
            issuer_port: free_address().unwrap().port(),
            folder,
        }
    }

    fn run_secrets(&self) -> PathBuf {
        self.folder.path().join("run")
    }

    /// The variables of a service, with the addresses of this host.
    fn environment(&self, service: &str) -> BTreeMap<String, String> {
        let mut found = self.compose.environment(service);
        // The cluster's processes are told theirs one by one.
        found.remove("TRILBY_SERVER__LISTEN");
        found.remove("TRILBY_SERVER__OPERATOR_LISTEN");
        let secrets = self.run_secrets().display().to_string();
        for value in found.values_mut() {
            *value = value
                .replace("/run/secrets", &secrets)
                .replace("postgres://postgres@", "postgres://trilby@")
                .replace("kafka:9092", &self.broker.address().to_string())
                .replace("@postgres/trilby", &format!("@{}", self.server.place()));
        }
        found
    }

    fn trilby(&self, service: &str, command: &str) -> String {
        let mut trilby = Command::new(env!("CARGO_BIN_EXE_trilby"));
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("TRILBY_") {
                trilby.env_remove(name);
            }
        }
        run(trilby.arg(command).envs(self.environment(service)))
    }

    /// What `logins` of the file does.
    fn make_logins(&self) {
        let place = self.server.place();
        let (address, database) = place.split_once('/').unwrap();
        let (host, port) = address.split_once(':').unwrap();
        let mut logins = Command::new("sh");
        logins.arg(self.folder.path().join("logins.sh"));
        logins.env("SECRETS", self.run_secrets());
        logins.envs([("PGHOST", host), ("PGPORT", port)]);
        logins.envs([("PGUSER", "trilby"), ("PGDATABASE", database)]);
        run(&mut logins);
        self.server.demand_passwords();
    }

    fn member(&self, service: &str, n: usize) -> Member {
        let mut env = self.environment(service);
        env.insert(
            "TRILBY_TOKENS__PRIVATE_ISSUER_HOSTS".to_owned(),
            format!("http://127.0.0.1:{}", self.issuer_port),
        );
        let name = format!("{service}-{n}");
        let mut member = Member::new(Recipe {
            log: self.folder.path().join(format!("{name}.log")),
            name,
            binary: env!("CARGO_BIN_EXE_trilby").into(),
            command: service.to_owned(),
            env: env.into_iter().collect(),
            api: free_address().unwrap(),
            operator: free_address().unwrap(),
        });
        member.start().unwrap();
        member
    }
}

fn run(command: &mut Command) -> String {
    let done = command.output().unwrap();
    assert!(
        done.status.success(),
        "{command:?}: {}",
        String::from_utf8_lossy(&done.stderr)
    );
    String::from_utf8_lossy(&done.stdout).into_owned()
}

#[test]
#[ignore = "needs services"]
fn the_whole_story_holds_over_kafka_and_the_processes_of_the_compose_file() {
    let host = Host::set_up();
    host.trilby("migrate", "migrate");
    host.make_logins();
    let topology = Topology::of_deploy().unwrap();
    let mut members: Vec<Vec<Member>> = Vec::new();
    for service in &topology.services {
        let replicas = host.compose.service(&service.name)["deploy"]["replicas"].as_u64();
        let numbers = 1..=usize::try_from(replicas.unwrap_or(1)).unwrap();
        members.push(numbers.map(|n| host.member(&service.name, n)).collect());
    }
    for member in members.iter_mut().flatten() {
        member.wait_ready().unwrap();
    }
    let ticket = host.trilby("identity", "bootstrap");
    fs::write(host.folder.path().join("ticket"), ticket.trim()).unwrap();
    let addresses = members
        .iter()
        .map(|of| of.iter().map(Member::api).collect());
    let proxy = Proxy::start(host.public, topology.clone(), addresses.collect()).unwrap();
    let told = tell(
        host.folder.path(),
        &format!("http://localhost:{}", host.public.port()),
        host.issuer_port,
    );
    drop(proxy);
    let told = told.unwrap();
    assert!(told.contains("checks passed"), "{told}");
    let text: String = fs::read_dir(host.folder.path())
        .unwrap()
        .flatten()
        .fold(String::new(), |text, file| {
            text + &fs::read_to_string(file.path()).unwrap_or_default()
        });
    for secret in host.compose.names("secrets") {
        let secret = fs::read_to_string(host.run_secrets().join(secret)).unwrap();
        assert!(!text.contains(secret.trim()), "a secret is in a log");
    }
}
