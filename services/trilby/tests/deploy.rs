//! What `deploy/` says of settings is what the program reads.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use std::io::Write as _;
use std::path::{Path, PathBuf};

use trilby_service::settings::Settings;

fn deploy(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../deploy")
        .join(file)
}

fn load(file: &Path) -> Settings {
    Settings::load(Some(file), [], []).expect("the settings are good")
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
