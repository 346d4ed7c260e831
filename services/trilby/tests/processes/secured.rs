//! Kafka behind TLS and a login.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;
use trilby_cluster::kafka::Broker;

use crate::founded::Founded;
use crate::kafka::{Relay, settings_at};
use crate::records::{decide, is_recorded, until};

const USER: &str = "trilby";
const PASSWORD: &str = "nine-quiet-rivers";
const WRONG: &str = "ten-loud-rivers";
/// Longest that saying no may take on a busy host.
const AT_ONCE: Duration = Duration::from_secs(40);

/// The settings of SETTINGS.md.
fn settings(broker: &Broker, folder: &Path, password: &str) -> Vec<(String, String)> {
    let secured = broker.secured().unwrap();
    let mut settings = settings_at(&secured.brokers());
    let file = folder.join(format!("{}.password", password.len()));
    std::fs::write(&file, format!("{password}\n")).unwrap();
    std::fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
    let more = [
        ("TRILBY_KAFKA__SECURITY_PROTOCOL", "sasl_tls".to_owned()),
        ("TRILBY_KAFKA__SASL_USER", USER.to_owned()),
        (
            "TRILBY_KAFKA__SASL_PASSWORD_FILE",
            file.display().to_string(),
        ),
        (
            "TRILBY_KAFKA__CA_FILE",
            secured.ca_file().display().to_string(),
        ),
    ];
    settings.extend(more.map(|(name, value)| (name.to_owned(), value)));
    settings
}

fn set(settings: &[(String, String)], name: &str, value: &str) -> Vec<(String, String)> {
    let mut settings = settings.to_vec();
    settings.push((name.to_owned(), value.to_owned()));
    settings
}

fn secured(folder: &TempDir) -> Broker {
    Broker::start_secured(&folder.path().join("kafka"), USER, PASSWORD).unwrap()
}

#[test]
#[ignore = "needs services"]
fn processes_reach_kafka_by_tls_and_a_login() {
    let folder = TempDir::new().unwrap();
    let broker = secured(&folder);
    let settings = settings(&broker, folder.path(), PASSWORD);
    let here = Founded::with(1, settings.clone());
    let relay = Relay::start(&here.database.url(), here.database.password(), &settings);
    let id = decide(&here);
    until("the record is stored", || is_recorded(&here, &id));
    until("the feed is heard", || {
        here.logged("decision-1").contains("hearing the feed")
    });
    drop(relay);
    // Told as it is, in TLS.
    let plain = set(&settings, "TRILBY_KAFKA__SASL_MECHANISM", "plain");
    let _relay = Relay::start(&here.database.url(), here.database.password(), &plain);
}

#[test]
#[ignore = "needs services"]
fn a_wrong_password_and_a_stranger_s_certificate_are_told_at_once_and_why() {
    let folder = TempDir::new().unwrap();
    let broker = secured(&folder);
    let right = settings(&broker, folder.path(), PASSWORD);
    let wrong = settings(&broker, folder.path(), WRONG);
    let here = Founded::with(1, wrong.clone());
    let told = refused(&here, &wrong);
    assert!(told.contains("invalid credentials"), "{told}");
    assert!(
        told.contains("kafka.sasl_user") && !told.contains(WRONG),
        "{told}"
    );
    // Whoever signed nothing of the broker's.
    let other = TempDir::new().unwrap();
    let other = Broker::start_secured(&other.path().join("kafka"), USER, PASSWORD).unwrap();
    let stranger = other.secured().unwrap().ca_file();
    let stranger = set(
        &right,
        "TRILBY_KAFKA__CA_FILE",
        &stranger.display().to_string(),
    );
    let told = refused(&here, &stranger);
    assert!(told.contains("certificate verify failed"), "{told}");

    // A service serves without Kafka, and its log tells why.
    decide(&here);
    let logged = here.logged("decision-1");
    assert!(logged.contains("invalid credentials"), "{logged}");
    assert!(!logged.contains(WRONG), "{logged}");
    let lines = logged
        .lines()
        .filter(|line| line.contains("refuse each other"));
    assert!(lines.count() < 10, "{logged}");
}

/// What `trilby relay` says that ends by itself.
fn refused(here: &Founded, settings: &[(String, String)]) -> String {
    let mut relay = Command::new(env!("CARGO_BIN_EXE_trilby"));
    relay.args(["relay", "--store", &here.database.url()]);
    relay.args(["--operator-listen", "127.0.0.1:0"]);
    relay.envs(settings.iter().cloned()).stdout(Stdio::null());
    if let Some(password) = here.database.password() {
        relay.env("TRILBY_STORE_PASSWORD", password);
    }
    let begun = Instant::now();
    let ended = relay.output().unwrap();
    assert!(begun.elapsed() < AT_ONCE, "{:?}", begun.elapsed());
    assert!(!ended.status.success());
    String::from_utf8(ended.stderr).unwrap()
}
