//! What `deploy/` says of three services over one store is what the program reads, and what the table of services says.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "tests"
)]

use std::io::Write as _;
use std::path::{Path, PathBuf};

use trilby_cluster::topology::{Service, Topology};
use trilby_service::settings::Settings;

fn deploy(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../deploy")
        .join(file)
}

fn read(file: &str) -> String {
    std::fs::read_to_string(deploy(file)).unwrap()
}

fn processes() -> Vec<Service> {
    Topology::of_deploy().unwrap().services
}

/// Those that a proxy sends requests to.
fn services() -> Vec<Service> {
    let mut services = processes();
    services.retain(|service| !service.routes.is_empty());
    services
}

/// The settings of a service, as its unit gives them.
fn settings(service: &str) -> Settings {
    let text = read(&format!("services/{service}.env"));
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let environment = lines.map(|line| {
        line.split_once('=')
            .map(|(a, b)| (a.to_owned(), b.to_owned()))
    });
    let file = deploy("services/trilby.toml");
    Settings::load(
        Some(&file),
        environment.map(|pair| pair.expect("NAME=value")),
        [],
    )
    .expect("the settings are good")
}

/// A comment that holds a table's name or a value is a setting put out of force.
#[test]
fn what_the_settings_have_out_of_force_is_good() {
    let mut in_force = tempfile::NamedTempFile::new().unwrap();
    for line in read("services/trilby.toml").lines() {
        let setting = line.strip_prefix("# ");
        let setting = setting.filter(|rest| rest.starts_with('[') || rest.contains(" = "));
        writeln!(in_force, "{}", setting.unwrap_or(line)).unwrap();
    }
    let settings = Settings::load(Some(in_force.path()), [], []).expect("the settings are good");
    assert!(settings.kafka.brokers.is_some());
}

#[test]
fn each_service_has_its_keys_and_no_other_and_ports_of_its_own() {
    let mut ports = Vec::new();
    for service in processes() {
        let settings = settings(&service.name);
        let folder = format!("/etc/trilby/{}", service.name);
        let keys = [
            ("store", settings.keys.store_file),
            ("pepper", settings.keys.pepper_file),
            ("kek", settings.keys.kek_file),
        ];
        for (name, file) in keys {
            let expected = service.keys.iter().any(|key| key == name);
            let expected = expected.then(|| PathBuf::from(format!("{folder}/{name}.key")));
            assert_eq!(file, expected, "{name} of {}", service.name);
        }
        assert!(settings.log.password_file.unwrap().starts_with(&folder));
        assert!(settings.log.store.is_some() && settings.server.public_url.is_some());
        ports.extend([settings.server.listen, settings.server.operator_listen]);
    }
    let n_ports = ports.len();
    ports.sort();
    ports.dedup();
    assert_eq!((ports.len(), n_ports), (8, 8));
}

#[test]
fn the_proxy_sends_each_path_where_the_table_says() {
    let caddyfile = read("Caddyfile.services");
    // Identity has what is left.
    let (identity, others): (Vec<Service>, Vec<Service>) = services()
        .into_iter()
        .partition(|service| service.name == "identity");
    for service in &others {
        let (name, pattern) = (&service.name, service.pattern());
        let matcher = format!("\t@{name} path_regexp {pattern}\n");
        assert!(caddyfile.contains(&matcher), "it should have\n{matcher}");
        let listen = settings(name).server.listen;
        let handled = format!("\thandle @{name} {{\n\t\timport service {listen}\n\t}}\n");
        assert!(caddyfile.contains(&handled), "it should have\n{handled}");
    }
    let listen = settings(&identity[0].name).server.listen;
    let rest = format!("\thandle {{\n\t\timport service {listen}\n\t}}\n");
    assert!(caddyfile.contains(&rest), "it should have\n{rest}");
    assert_eq!(caddyfile.matches("import service").count(), 3);
}

#[test]
fn the_unit_waits_for_running_requests() {
    let unit = read("systemd/trilby@.service");
    let stop = unit
        .lines()
        .find_map(|line| line.strip_prefix("TimeoutStopSec="));
    let stop_s: u64 = stop.unwrap().parse().unwrap();
    let server = settings("identity").server;
    assert!(server.drain_ms + server.shutdown_grace_ms < stop_s * 1_000);
}
