use std::collections::BTreeMap;

use trilby_model::Entropy;

use super::*;
use crate::files;

fn installation() -> InstallationKeys {
    InstallationKeys::generate(&mut Entropy::new([7; 32]))
}

fn variables(pairs: &[(&'static str, &str)]) -> impl Fn(&str) -> Option<String> + use<> {
    let all: BTreeMap<_, _> = pairs
        .iter()
        .map(|(name, value)| (*name, (*value).to_owned()))
        .collect();
    move |name| all.get(name).cloned()
}

#[test]
fn a_key_that_is_named_is_told() {
    let none = variables(&[]);
    assert_eq!(named(&Settings::default(), &none), None);
    let one = variables(&[(KEK, "x")]);
    assert_eq!(named(&Settings::default(), &one), Some(KEK));
    let mut settings = Settings::default();
    settings.keys.pepper_file = Some("pepper.key".into());
    assert_eq!(named(&settings, &none), Some("keys.pepper_file"));
}

#[test]
fn a_role_gets_its_keys_and_no_other() {
    let keys = installation();
    let (store, pepper, kek) = (
        keys.store.encode(),
        keys.peppers.encode(),
        keys.keks.encode(),
    );
    let all = variables(&[(STORE_KEY, &store), (PEPPER, &pepper), (KEK, &kek)]);
    for (role, has_peppers, has_keks) in [
        (Role::Identity, true, false),
        (Role::Token, true, true),
        (Role::Decision, false, false),
    ] {
        let got = Keys::of(&[role], &Settings::default(), &all).expect("all are there");
        assert_eq!(got.store.fingerprint(), keys.store.fingerprint());
        assert_eq!(
            (got.peppers.is_some(), got.keks.is_some()),
            (has_peppers, has_keks),
            "{role:?}"
        );
    }
}

#[test]
fn without_its_keys_a_role_does_not_start_and_says_which() {
    let none = variables(&[]);
    let error = |role| {
        let error = Keys::of(&[role], &Settings::default(), &none).expect_err("no keys");
        error.to_string()
    };
    let token = error(Role::Token);
    for name in [
        "TRILBY_STORE_KEY",
        "TRILBY_PEPPER",
        "TRILBY_KEK",
        "keys.kek_file",
    ] {
        assert!(token.contains(name), "{token}");
    }
    assert!(!error(Role::Identity).contains(KEK));
    let decision = error(Role::Decision);
    assert!(
        !decision.contains(PEPPER) && decision.contains(STORE_KEY),
        "{decision}"
    );
}

#[test]
fn a_key_lies_in_a_file_or_a_variable_but_not_in_both() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("store.key");
    let keys = installation();
    files::write_private(&path, keys.store.encode().as_bytes()).expect("written");
    let mut settings = Settings::default();
    settings.keys.store_file = Some(path.clone());
    let got = Keys::of(&[Role::Decision], &settings, &variables(&[])).expect("a file");
    assert_eq!(got.store.fingerprint(), keys.store.fingerprint());
    let both = variables(&[(STORE_KEY, "trilby-store-key:1:SECRET")]);
    let error = Keys::of(&[Role::Decision], &settings, &both).expect_err("two");
    assert!(error.to_string().contains("which?"), "{error}");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).expect("opened");
    let error = Keys::of(&[Role::Decision], &settings, &variables(&[])).expect_err("open");
    assert!(error.to_string().contains("chmod 600"), "{error}");
}

#[test]
fn no_key_stands_in_the_error_of_a_spoilt_variable() {
    let spoilt = variables(&[(STORE_KEY, "trilby-store-key:1:SECRETSECRET")]);
    let error = Keys::of(&[Role::Decision], &Settings::default(), &spoilt).expect_err("spoilt");
    let error = format!("{error:#}");
    assert!(
        error.contains(STORE_KEY) && !error.contains("SECRETSECRET"),
        "{error}"
    );
}

#[test]
fn a_password_has_no_line_end() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("password");
    files::write_private(&path, b"open sesame \n").expect("written");
    let mut settings = Settings::default();
    settings.log.password_file = Some(path);
    let read = store_password(&settings, &variables(&[])).expect("read");
    assert_eq!(read.as_deref().map(String::as_str), Some("open sesame "));
    assert!(store_password(&settings, &variables(&[(PASSWORD, "x")])).is_err());
    let none = store_password(&Settings::default(), &variables(&[])).expect("none");
    assert!(none.is_none());
}

#[test]
fn a_check_tells_of_every_file_that_cannot_be_used_and_calls_it_what_it_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    let mut settings = Settings::default();
    assert!(check_files(&settings, &variables(&[])).is_empty());
    let keys = installation();
    files::write_private(&path("store.key"), keys.store.encode().as_bytes()).expect("written");
    files::write_private(&path("kek.key"), b"trilby-kek:1:SECRET").expect("written");
    files::write_private(&path("password"), b"geheim").expect("written");
    fs::set_permissions(path("password"), fs::Permissions::from_mode(0o644)).expect("opened");
    settings.keys.store_file = Some(path("store.key"));
    settings.keys.pepper_file = Some(path("pepper.key"));
    settings.keys.kek_file = Some(path("kek.key"));
    settings.log.password_file = Some(path("password"));
    settings.log.store_ca_file = Some(path("ca.pem"));
    files::write_private(&path("kafka-password"), b"\n").expect("written");
    fs::write(path("kafka.pem"), "none").expect("written");
    settings.kafka.sasl_password_file = Some(path("kafka-password"));
    settings.kafka.ca_file = Some(path("kafka.pem"));
    let found = check_files(&settings, &variables(&[]));
    let said: Vec<(&str, &str)> = [
        ("keys.pepper_file", "cannot read the key file"),
        ("keys.kek_file", "cannot be used"),
        ("log.password_file", "the password file"),
        ("log.store_ca_file", "cannot read"),
        ("kafka.sasl_password_file", "is empty"),
        ("kafka.ca_file", "no certificate"),
    ]
    .into();
    assert_eq!(found.len(), said.len(), "{found:?}");
    for (line, (setting, what)) in found.iter().zip(said) {
        assert!(line.contains(setting) && line.contains(what), "{line}");
        assert!(
            !line.contains("SECRET") && !line.contains("geheim"),
            "{line}"
        );
    }
    settings = Settings::default();
    settings.keys.store_file = Some(path("store.key"));
    let twice = check_files(&settings, &variables(&[("TRILBY_STORE_KEY", "SECRET")]));
    let [line] = &twice[..] else {
        panic!("{twice:?}")
    };
    assert!(
        line.contains("TRILBY_STORE_KEY is set as well") && !line.contains("SECRET"),
        "{line}"
    );
}
