//! What `deploy/` says of an installation of several processes is what the table and the program say.

use std::collections::BTreeMap;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output};

use trilby_cluster::Topology;
use trilby_service::settings::Network;

use super::compose::{Compose, texts};
use super::{deploy, trilby};

/// What `deploy/setup` writes into `deploy/.env`.
const HOST: [(&str, &str); 3] = [
    ("TRILBY_PUBLIC_URL", "https://iam.example.com"),
    ("TRILBY_SITE", "iam.example.com"),
    ("TRILBY_USER", "1000:1000"),
];

/// Services that are not ours.
const OTHERS: [&str; 5] = ["postgres", "kafka", "logins", "proxy", "migrate"];

fn compose() -> Compose {
    Compose::read(&deploy(""), &HOST)
}

fn ran(output: &Output) -> String {
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn help() -> String {
    ran(&trilby(&BTreeMap::new()).arg("--help").output().unwrap())
}

/// Whether the help lists this command.
fn knows(help: &str, command: &str) -> bool {
    help.lines()
        .any(|line| line.starts_with("  ") && line.split_whitespace().next() == Some(command))
}

#[test]
fn the_services_are_those_of_the_table_and_what_they_stand_on() {
    let compose = compose();
    let mut expected: Vec<String> = OTHERS.map(str::to_owned).to_vec();
    let topology = Topology::of_deploy().unwrap();
    expected.extend(topology.services.iter().map(|service| service.name.clone()));
    let mut found = compose.names("services");
    found.sort();
    expected.sort();
    assert_eq!(found, expected);
    assert_eq!(compose.service("decision")["deploy"]["replicas"], 2);
}

#[test]
fn each_service_is_a_command_of_the_program_and_is_asked_for_its_health_by_another() {
    let (compose, help) = (compose(), help());
    for service in &Topology::of_deploy().unwrap().services {
        let of = compose.service(&service.name);
        assert_eq!(texts(&of["command"]), [service.name.as_str()]);
        assert!(knows(&help, &service.name), "{}", service.name);
        assert_eq!(
            texts(&of["healthcheck"]["test"]),
            ["CMD", "trilby", "health"]
        );
        assert_eq!(of["restart"], "unless-stopped");
        // Where a collector of metrics finds it.
        assert!(texts(&of["networks"]).contains(&"front".to_owned()));
    }
    assert_eq!(texts(&compose.service("migrate")["command"]), ["migrate"]);
    assert!(knows(&help, "migrate") && knows(&help, "health"));
}

#[test]
fn each_process_is_given_the_keys_and_the_database_role_of_the_table_and_no_other() {
    let compose = compose();
    let logins = std::fs::read_to_string(deploy("logins.sh")).unwrap();
    let mut n_connections = 0_usize;
    for service in &Topology::of_deploy().unwrap().services {
        let name = &service.name;
        let environment = compose.environment(name);
        let mut secrets: Vec<String> = service
            .keys
            .iter()
            .map(|key| format!("{key}_key"))
            .collect();
        for key in &secrets {
            let variable = format!(
                "TRILBY_KEYS__{}_FILE",
                key.trim_end_matches("_key").to_uppercase()
            );
            assert_eq!(
                environment[&variable],
                format!("/run/secrets/{key}"),
                "{name}"
            );
        }
        let keys = environment
            .keys()
            .filter(|name| name.starts_with("TRILBY_KEYS__"));
        assert_eq!(keys.count(), service.keys.len(), "{name}");

        secrets.push(format!("{name}_password"));
        assert_eq!(compose.secrets(name), secrets);
        assert_eq!(
            environment["TRILBY_LOG__PASSWORD_FILE"],
            format!("/run/secrets/{name}_password")
        );
        assert_eq!(
            environment["TRILBY_LOG__STORE"],
            format!("postgres://{name}@postgres/trilby")
        );
        let login = logins
            .lines()
            .find_map(|line| line.strip_prefix(&format!("login {name} ")));
        let login = login.unwrap_or_else(|| panic!("{name} has no login"));
        let (role, connections) = login.split_once(' ').unwrap();
        assert_eq!(role, service.database_role);
        n_connections += connections.parse::<usize>().unwrap();
    }
    // No login can take them all from the others, nor can all together.
    let command = texts(&compose.service("postgres")["command"]);
    let max = command
        .iter()
        .find_map(|part| part.strip_prefix("max_connections="));
    assert!(
        n_connections < max.unwrap().parse::<usize>().unwrap(),
        "{command:?}"
    );
}

#[test]
fn the_program_takes_each_service_s_settings_as_they_are_meant() {
    let compose = compose();
    for service in &Topology::of_deploy().unwrap().services {
        let environment = compose.environment(&service.name);
        let printed = ran(&trilby(&environment)
            .args(["config", "print"])
            .output()
            .unwrap());
        let printed: toml::Table = printed.parse().unwrap();
        for (variable, value) in &environment {
            let setting = variable.strip_prefix("TRILBY_").unwrap().to_lowercase();
            let (section, key) = setting.split_once("__").unwrap();
            let shown = match &printed[section][key] {
                toml::Value::String(text) => text.clone(),
                toml::Value::Array(items) => items
                    .iter()
                    .map(|item| item.as_str().unwrap())
                    .collect::<Vec<_>>()
                    .join(","),
                other => other.to_string(),
            };
            assert_eq!(&shown, value, "{variable}");
        }
        assert_eq!(printed["server"]["listen"].as_str(), Some("0.0.0.0:8080"));
    }
    let mut wrong = compose.environment("identity");
    wrong.insert(
        "TRILBY_SERVER__LISSEN".to_owned(),
        "0.0.0.0:8080".to_owned(),
    );
    let refused = trilby(&wrong).args(["config", "print"]).output().unwrap();
    assert!(!refused.status.success(), "an unknown setting was taken");
}

#[test]
fn only_the_proxy_is_reached_from_outside_and_nothing_floats() {
    let compose = compose();
    for name in compose.names("services") {
        let service = compose.service(&name);
        assert_eq!(service["ports"].is_null(), name != "proxy", "{name}");
        let image = service["image"].as_str().unwrap();
        let (_, version) = image.rsplit_once(':').expect("a version");
        assert!(version.contains('.') && version != "latest", "{image}");
        let ends = ["migrate", "logins"].contains(&name.as_str());
        let restart = if ends { "no" } else { "unless-stopped" };
        assert_eq!(service["restart"], restart, "{name}");
        let watched = service["healthcheck"]["test"].is_sequence();
        assert_eq!(watched, !ends, "{name}");
        for (variable, value) in compose.environment(&name) {
            let secret = ["PASSWORD", "KEYS__"]
                .iter()
                .any(|word| variable.contains(word));
            assert!(
                !secret || value.starts_with("/run/secrets/"),
                "{name}: {variable}"
            );
        }
    }
    let dockerfile = std::fs::read_to_string(deploy("Dockerfile")).unwrap();
    let toolchain = dockerfile
        .lines()
        .find_map(|line| line.strip_prefix("ARG BUILD_BASE=rust:"));
    assert!(
        toolchain
            .unwrap()
            .starts_with(env!("CARGO_PKG_RUST_VERSION"))
    );
    assert!(dockerfile.lines().any(|line| line.starts_with("USER 1")));
    let image = compose.service("identity")["image"].as_str().unwrap();
    assert_eq!(image, concat!("trilby:", env!("CARGO_PKG_VERSION")));
}

/// Whoever runs on the host reaches the containers too, from the network's gateway, and may say that he speaks for anybody.
#[test]
fn the_services_believe_the_proxy_s_address_and_no_other() {
    for front in [None, Some(("TRILBY_FRONT", "10.9.8"))] {
        let variables: Vec<(&str, &str)> = HOST.into_iter().chain(front).collect();
        let compose = Compose::read(&deploy(""), &variables);
        let proxy = &compose.service("proxy")["networks"]["front"]["ipv4_address"];
        let proxy = proxy.as_str().expect("an address of its own");
        for service in &Topology::of_deploy().unwrap().services {
            let trusted = &compose.environment(&service.name)["TRILBY_SERVER__TRUSTED_PROXIES"];
            assert_eq!(*trusted, format!("{proxy}/32"), "{}", service.name);
        }

        // It is in the network, and neither the gateway nor another container can have it.
        let front = compose.addresses("front");
        let text = |key: &str| front[key].as_str().expect(key).to_owned();
        let network = |key: &str| text(key).parse::<Network>().expect(key);
        let (subnet, given_out) = (network("subnet"), network("ip_range"));
        let proxy = proxy.parse().unwrap();
        assert!(subnet.contains(proxy) && !given_out.contains(proxy));
        let gateway = text("gateway").parse().unwrap();
        assert!(subnet.contains(gateway) && gateway != proxy);
        let first = text("ip_range").split_once('/').unwrap().0.parse().unwrap();
        assert!(subnet.contains(first), "{first}");
    }
}

#[test]
fn the_proxy_sends_each_path_where_the_table_does() {
    let caddyfile = std::fs::read_to_string(deploy("Caddyfile.cluster")).unwrap();
    let topology = Topology::of_deploy().unwrap();
    // The rest goes to the first, as in the table.
    for (at, service) in topology.services.iter().enumerate() {
        let matcher = format!("\t@{} path_regexp {}\n", service.name, service.pattern());
        let is_named = at > 0 && !service.routes.is_empty();
        assert_eq!(
            caddyfile.contains(&matcher),
            is_named,
            "expected:\n{matcher}"
        );
        let upstream = format!("dynamic a {} 8080 {{", service.name);
        let is_upstream = !service.routes.is_empty();
        assert_eq!(
            caddyfile.contains(&upstream),
            is_upstream,
            "{}",
            service.name
        );
    }
}

/// What follows the last `:`.
fn port(of: &str) -> &str {
    of.rsplit_once(':').expect("a port").1
}

/// Where a health check asks, the proxy sends requests and the host's ports lead is where something listens.
#[test]
fn each_port_is_one_that_something_listens_on() {
    let compose = compose();
    let caddyfile = std::fs::read_to_string(deploy("Caddyfile.cluster")).unwrap();
    let proxy = compose.service("proxy");
    let published = texts(&proxy["ports"]);
    let inside: Vec<&str> = published.iter().map(|one| port(one)).collect();
    // Of plain HTTP, which is all there is without a name, and of Caddy's own choice where there is one.
    assert_eq!(inside, ["80", "443"]);
    assert!(caddyfile.contains("\n{$TRILBY_SITE::80} {\n"));
    let nameless = Compose::read(&deploy(""), &[HOST[0], HOST[2]]);
    assert_eq!(nameless.environment("proxy")["TRILBY_SITE"], ":80");
    assert!(!caddyfile.contains("http_port") && !caddyfile.contains("https_port"));
    let asked = texts(&proxy["healthcheck"]["test"]).pop().unwrap();
    let asked = asked.strip_prefix("http://127.0.0.1:").unwrap();
    let answers = format!("\nhttp://:{} {{\n\trespond ", asked.trim_end_matches('/'));
    assert!(caddyfile.contains(&answers), "{answers}");

    for service in &Topology::of_deploy().unwrap().services {
        let name = &service.name;
        let printed = ran(&trilby(&compose.environment(name))
            .args(["config", "print"])
            .output()
            .unwrap());
        let printed: toml::Table = printed.parse().unwrap();
        let listens = |key: &str| printed["server"][key].as_str().unwrap().to_owned();
        let upstream = format!("dynamic a {name} {} {{", port(&listens("listen")));
        assert_eq!(caddyfile.contains(&upstream), !service.routes.is_empty());
        // Where `trilby health` asks and metrics are read: apart, in all networks, and not behind the proxy.
        let operator = listens("operator_listen");
        assert_ne!(port(&operator), port(&listens("listen")), "{name}");
        assert!(operator.starts_with("0.0.0.0:"), "{name}: {operator}");
        assert!(!caddyfile.contains(port(&operator)), "{name}");
    }
}

#[test]
fn the_store_and_the_broker_are_asked_where_the_services_find_them() {
    let compose = compose();
    let check = |service: &str| texts(&compose.service(service)["healthcheck"]["test"]);
    let of = compose.environment("postgres");
    let database = of["POSTGRES_DB"].as_str();
    let owner = of
        .get("POSTGRES_USER")
        .map_or("postgres", |user| user.as_str());
    assert_eq!(
        check("postgres"),
        [
            "CMD",
            "pg_isready",
            "-q",
            "-h",
            "127.0.0.1",
            "-U",
            owner,
            "-d",
            database
        ]
    );
    let processes = Topology::of_deploy().unwrap().services;
    let logins = processes.iter().map(|one| (&one.name[..], &one.name[..]));
    for (service, login) in logins.chain([("migrate", owner)]) {
        let store = &compose.environment(service)["TRILBY_LOG__STORE"];
        let expected = format!("postgres://{login}@postgres/{database}");
        assert_eq!(*store, expected, "{service}");
    }

    let of = compose.environment("kafka");
    let plain = "PLAINTEXT://";
    let of_clients = |list: &str| {
        let mut found = list.split(',').filter_map(|one| one.strip_prefix(plain));
        found.next().expect("a listener for clients").to_owned()
    };
    let listens = of_clients(&of["KAFKA_LISTENERS"]);
    let brokers = of_clients(&of["KAFKA_ADVERTISED_LISTENERS"]);
    assert_eq!(brokers, format!("kafka:{}", port(&listens)));
    let asks = format!("exec 3<>/dev/tcp/127.0.0.1/{}", port(&listens));
    assert_eq!(check("kafka"), ["CMD", "bash", "-c", asks.as_str()]);
    for service in &processes {
        let told = &compose.environment(&service.name)["TRILBY_KAFKA__BROKERS"];
        assert_eq!(*told, brokers, "{}", service.name);
        let networks = texts(&compose.service(&service.name)["networks"]);
        for (other, network) in [("postgres", "store"), ("kafka", "news")] {
            assert_eq!(texts(&compose.service(other)["networks"]), [network]);
            assert!(networks.contains(&network.to_owned()), "{}", service.name);
        }
    }
}

const READ_IN_CONTAINERS: [&str; 2] = ["logins.sh", "Caddyfile.cluster"];

/// What `deploy/setup` needs, in a folder of its own.
fn copied() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for file in ["setup", "docker-compose.yml"]
        .iter()
        .chain(&READ_IN_CONTAINERS)
    {
        std::fs::copy(deploy(file), folder.path().join(file)).unwrap();
    }
    folder
}

/// `deploy/setup` in a copy of the folder, with keys by the program of this build.
#[test]
fn setting_up_makes_each_secret_once_and_for_its_owner_alone() {
    let folder = copied();
    // As a clone has them whose owner keeps all to himself.
    for file in READ_IN_CONTAINERS {
        std::fs::set_permissions(folder.path().join(file), Permissions::from_mode(0o600)).unwrap();
    }
    let set_up = |url: &str| {
        let mut setup = Command::new("sh");
        setup.arg(folder.path().join("setup")).arg(url);
        setup.env("TRILBY", env!("CARGO_BIN_EXE_trilby"));
        // Compose's, and no setting.
        setup.env("TRILBY_FRONT", "172.31.251");
        setup.output().unwrap()
    };
    for (bad, why) in [
        ("http://iam.example.com", "neither"),
        ("https://", "neither"),
        ("https://iam.example.com/path", "no path"),
        // The proxy would listen on it in its container, and Compose leads to 80 and 443.
        ("https://iam.example.com:8443", "no port"),
        ("https://iam.example.com:443", "no port"),
        ("http://localhost:", "neither"),
        ("http://localhost:80a", "a number"),
        ("http://localhost:8080/", "a number"),
        ("iam", "neither"),
    ] {
        let refused = set_up(bad);
        let said = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert_eq!(refused.status.code(), Some(2), "{bad}: {said}");
        assert!(said.contains(why) && said.contains(bad), "{bad}: {said}");
    }
    assert!(!folder.path().join(".env").exists());
    ran(&set_up("https://iam.example.com"));
    for file in READ_IN_CONTAINERS {
        let mode = std::fs::metadata(folder.path().join(file))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o444, 0o444, "{file}");
    }

    let env = std::fs::read_to_string(folder.path().join(".env")).unwrap();
    let variables: Vec<(&str, &str)> = env
        .lines()
        .map(|line| line.split_once('=').unwrap())
        .collect();
    assert!(variables.contains(&("TRILBY_PUBLIC_URL", "https://iam.example.com")));
    assert!(variables.contains(&("TRILBY_SITE", "iam.example.com")));
    let user = variables.iter().find(|(name, _)| *name == "TRILBY_USER");
    assert!(
        !user.unwrap().1.starts_with("0:"),
        "the services would be root"
    );

    let compose = Compose::read(folder.path(), &variables);
    let read = |secret: &str| {
        let file = folder.path().join(compose.secret_file(secret));
        assert_private(&file);
        std::fs::read_to_string(file).unwrap()
    };
    let secrets = compose.names("secrets");
    let made: Vec<String> = secrets.iter().map(|secret| read(secret)).collect();
    assert!(made.iter().all(|secret| secret.len() >= 32));
    let mut different = made.clone();
    different.sort();
    different.dedup();
    assert_eq!(different.len(), made.len(), "two secrets are one");

    ran(&set_up("https://iam.example.com"));
    let after: Vec<String> = secrets.iter().map(|secret| read(secret)).collect();
    assert_eq!(after, made, "a secret was made anew");
}

/// As root, which two programs in the path play: one that says so, one that writes down what is given to whom.
#[test]
fn setting_up_again_gives_what_is_new_to_the_user_of_before_and_nothing_else_to_anybody() {
    let (folder, bin) = (copied(), tempfile::tempdir().unwrap());
    let given = bin.path().join("given");
    for (program, does) in [("id", "echo 0"), ("chown", r#"echo "$@" >> "$GIVEN""#)] {
        let file = bin.path().join(program);
        std::fs::write(&file, format!("#!/bin/sh\n{does}\n")).unwrap();
        std::fs::set_permissions(&file, Permissions::from_mode(0o700)).unwrap();
    }
    let set_up = |user: Option<&str>| -> String {
        let mut setup = Command::new("sh");
        setup.arg(folder.path().join("setup"));
        setup.env("TRILBY", env!("CARGO_BIN_EXE_trilby"));
        let path = std::env::var("PATH").unwrap();
        setup.env("PATH", format!("{}:{path}", bin.path().display()));
        setup.env("GIVEN", &given);
        setup.env_remove("TRILBY_USER");
        setup.envs(user.map(|user| ("TRILBY_USER", user)));
        std::fs::write(&given, "").unwrap();
        ran(&setup.output().unwrap());
        std::fs::read_to_string(&given).unwrap()
    };
    let first = set_up(Some("1000:1000"));
    assert!(
        first.lines().all(|line| line.contains(" 1000:1000 ")),
        "{first}"
    );
    for what in ["secrets/new", "postgres.password", "relay.password"] {
        assert!(first.contains(what), "{what}: {first}");
    }

    assert_eq!(set_up(None), "");
    assert_eq!(set_up(Some("10001:10001")), "");
    std::fs::remove_file(folder.path().join("secrets/relay.password")).unwrap();
    let again = set_up(None);
    assert_eq!(again.lines().count(), 1, "{again}");
    assert!(
        again.contains(" 1000:1000 ") && again.contains("relay.password"),
        "{again}"
    );
    assert!(folder.path().join("secrets/relay.password").exists());
}

fn assert_private(file: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = std::fs::metadata(file).unwrap().permissions().mode();
    assert_eq!(mode & 0o077, 0, "{} is open to others", file.display());
}
