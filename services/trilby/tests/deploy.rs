//! What `deploy/` says of settings is what the program reads.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

#[path = "deploy/compose.rs"]
mod compose;
#[path = "deploy/several.rs"]
mod several;

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use trilby_service::settings::Settings;

fn deploy(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../deploy")
        .join(file)
}

fn load(file: &Path) -> Settings {
    Settings::load(Some(file), [], []).expect("the settings are good")
}

/// The program, with these variables of ours and no others.
fn trilby(environment: &BTreeMap<String, String>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trilby"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("TRILBY_") {
            command.env_remove(name);
        }
    }
    command.envs(environment);
    command
}

/// Killed when it is dropped.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

#[test]
fn health_is_told_of_the_process_beside_and_by_the_exit_code() {
    let folder = tempfile::tempdir().unwrap();
    let operator = trilby_cluster::member::free_address().unwrap();
    let environment: BTreeMap<String, String> = [
        ("TRILBY_SERVER__LISTEN", "127.0.0.1:0".to_owned()),
        // Everywhere: it is asked on loopback.
        (
            "TRILBY_SERVER__OPERATOR_LISTEN",
            format!("0.0.0.0:{}", operator.port()),
        ),
        ("TRILBY_LOG__DATA_DIR", folder.path().display().to_string()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into();
    let ask = |live: &[&str]| {
        let asked = trilby(&environment)
            .arg("health")
            .args(live)
            .output()
            .unwrap();
        let said = String::from_utf8(asked.stdout).unwrap();
        (asked.status.code(), said)
    };
    let (code, said) = ask(&[]);
    assert!(code == Some(1) && said.contains("no answer"), "{said}");

    let serving = trilby(&environment)
        .arg("serve")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    let serving = Running(serving.unwrap());
    let begun = Instant::now();
    while ask(&[]).0 != Some(0) {
        assert!(begun.elapsed() < Duration::from_secs(60), "{:?}", ask(&[]));
    }
    assert!(ask(&[]).1.contains("ready"));
    assert_eq!(ask(&["--live"]).0, Some(0));
    drop(serving);
    assert_eq!(ask(&["--live"]).0, Some(1));
}

/// Takes connections, as a kernel does for whoever listens, and answers none.
#[test]
fn a_process_that_is_silent_is_told_in_words() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap();
    let environment = BTreeMap::from([(
        "TRILBY_SERVER__OPERATOR_LISTEN".to_owned(),
        address.to_string(),
    )]);
    let asked = trilby(&environment).arg("health").output().unwrap();
    let said = String::from_utf8(asked.stdout).unwrap();
    assert_eq!(said, format!("no answer from {address} within 3 s\n"));
    assert_eq!(asked.status.code(), Some(1));
}

#[test]
fn the_example_is_a_good_settings_file() {
    let settings = load(&deploy("trilby.example.toml"));
    assert!(settings.server.listen.ip().is_loopback());
    assert!(settings.server.public_url.is_some());
}

/// A line that begins with `#` and a name is a setting put out of force; others that begin with `#` are prose.
#[test]
fn what_the_example_has_out_of_force_is_the_default() {
    let example = deploy("trilby.example.toml");
    let text = std::fs::read_to_string(&example).unwrap();
    let is_setting = |rest: &str| rest.starts_with(|c: char| c.is_ascii_lowercase());
    let mut n_settings = 0;
    let mut in_force = tempfile::NamedTempFile::new().unwrap();
    for line in text.lines() {
        let setting = line.strip_prefix('#').filter(|rest| is_setting(rest));
        n_settings += usize::from(setting.is_some());
        writeln!(in_force, "{}", setting.unwrap_or(line)).unwrap();
    }
    assert!(n_settings > 0, "the example has no defaults");
    assert_eq!(load(in_force.path()), load(&example));
}

#[test]
fn the_unit_gives_the_program_the_folder_and_the_time_that_the_example_sets() {
    let unit = std::fs::read_to_string(deploy("systemd/trilby.service")).unwrap();
    let of = |name: &str| {
        let value = unit.lines().find_map(|line| line.strip_prefix(name));
        value.expect("the unit sets it").to_owned()
    };
    let settings = load(&deploy("trilby.example.toml"));
    let state = Path::new("/var/lib").join(of("StateDirectory="));
    assert_eq!(settings.log.data_dir, state);
    let stop_s: u64 = of("TimeoutStopSec=").parse().unwrap();
    assert!(settings.server.shutdown_grace_ms < stop_s * 1_000);
}
