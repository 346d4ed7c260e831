//! The keys a process holds: of the data folder, or named by settings and variables.
//!
//! A process gets the keys of its roles and no other: what it does not hold cannot leak from it. Without them it does not
//! start; there is no default.

#[cfg(test)]
mod tests;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use anyhow::{Context, anyhow, bail};
use trilby_credential::{InstallationKeys, Keks, Peppers, StoreKey};
use trilby_directory::StoreSecrets;
use trilby_service::settings::Settings;
use zeroize::Zeroizing;

use crate::role::Role;

/// Longest key file that is read: far above any real one, far below what would hurt.
const KEY_FILE_BYTES_MAX: u64 = 16 * 1024;

const STORE_KEY: &str = "TRILBY_STORE_KEY";
const PEPPER: &str = "TRILBY_PEPPER";
const KEK: &str = "TRILBY_KEK";
pub const PASSWORD: &str = "TRILBY_STORE_PASSWORD";
pub const KAFKA_PASSWORD: &str = "TRILBY_KAFKA_PASSWORD";

/// The keys of one process.
#[derive(Debug, Clone)]
pub struct Keys {
    pub store: StoreKey,
    pub peppers: Option<Peppers>,
    pub keks: Option<Keks>,
}

/// The sub-keys that a directory over a store with this key needs.
pub fn store_secrets(key: &StoreKey) -> StoreSecrets {
    StoreSecrets {
        claim_key: *key.claim_key().expose(),
        snapshot_key: *key.snapshot_key(),
    }
}

impl From<InstallationKeys> for Keys {
    fn from(keys: InstallationKeys) -> Self {
        Self {
            store: keys.store,
            peppers: Some(keys.peppers),
            keks: Some(keys.keks),
        }
    }
}

/// Where the variables of secrets are read: the environment, or a test's own.
pub type Variables<'a> = &'a dyn Fn(&str) -> Option<String>;

/// A variable of this process's environment.
pub fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

impl Keys {
    /// The keys that these roles need, from files that the settings name or from variables. All that lack are told at
    /// once.
    pub fn of(
        roles: &[Role],
        settings: &Settings,
        variables: Variables<'_>,
    ) -> anyhow::Result<Self> {
        let named = &settings.keys;
        let mut missing = Vec::new();
        let store = one(
            "keys.store_file",
            named.store_file.as_deref(),
            STORE_KEY,
            variables,
            StoreKey::decode,
            &mut missing,
        )?;
        let peppers = match roles.iter().any(|role| role.needs_peppers()) {
            true => one(
                "keys.pepper_file",
                named.pepper_file.as_deref(),
                PEPPER,
                variables,
                Peppers::decode,
                &mut missing,
            )?,
            false => None,
        };
        let keks = match roles.iter().any(|role| role.needs_keks()) {
            true => one(
                "keys.kek_file",
                named.kek_file.as_deref(),
                KEK,
                variables,
                Keks::decode,
                &mut missing,
            )?,
            false => None,
        };
        match store {
            Some(store) if missing.is_empty() => Ok(Self {
                store,
                peppers,
                keks,
            }),
            _ => bail!(
                "keys are missing: {}. Those of an installation that is there come from its backup; `trilby admin make-keys` makes a new one's",
                missing.join(", ")
            ),
        }
    }
}

/// The first setting or variable that names a key.
pub fn named(settings: &Settings, variables: Variables<'_>) -> Option<&'static str> {
    let keys = &settings.keys;
    let files = [
        ("keys.store_file", &keys.store_file),
        ("keys.pepper_file", &keys.pepper_file),
        ("keys.kek_file", &keys.kek_file),
    ];
    let file = files.into_iter().find(|(_, file)| file.is_some());
    let is_set = |variable: &&str| variables(variable).is_some();
    let variable = || [STORE_KEY, PEPPER, KEK].into_iter().find(is_set);
    file.map(|(setting, _)| setting).or_else(variable)
}

/// The password of the database role, if there is one.
#[cfg(any(feature = "postgres", test))]
pub fn store_password(
    settings: &Settings,
    variables: Variables<'_>,
) -> anyhow::Result<Option<Zeroizing<String>>> {
    let file = ("log.password_file", settings.log.password_file.as_deref());
    password(file, PASSWORD, variables)
}

/// A password in the file that a setting names, or in a variable.
#[cfg(any(feature = "postgres", test))]
pub fn password(
    (setting, file): (&str, Option<&Path>),
    variable: &str,
    variables: Variables<'_>,
) -> anyhow::Result<Option<Zeroizing<String>>> {
    let text = match (file, variables(variable)) {
        (Some(_), Some(_)) => bail!("both `{setting}` and {variable} are set: which?"),
        (Some(path), None) => Some(read_private(path, PASSWORD_FILE)?),
        (None, text) => text.map(Zeroizing::new),
    };
    Ok(text.map(|text| Zeroizing::new(text.trim_end_matches(['\r', '\n']).to_owned())))
}

fn one<T>(
    setting: &str,
    file: Option<&Path>,
    variable: &str,
    variables: Variables<'_>,
    decode: impl Fn(&str) -> Result<T, trilby_credential::keys::Error>,
    missing: &mut Vec<String>,
) -> anyhow::Result<Option<T>> {
    match (file, variables(variable).map(Zeroizing::new)) {
        (Some(_), Some(_)) => bail!("both `{setting}` and {variable} are set: which?"),
        (Some(path), None) => read_key(path, decode).map(Some),
        (None, Some(text)) => decode(&text)
            .map(Some)
            .with_context(|| format!("the key in {variable} cannot be used")),
        (None, None) => {
            missing.push(format!("{setting} or {variable}"));
            Ok(None)
        }
    }
}

/// The key in a file that only its owner may read.
pub fn read_key<T>(
    path: &Path,
    decode: impl Fn(&str) -> Result<T, trilby_credential::keys::Error>,
) -> anyhow::Result<T> {
    let text = read_private(path, KEY_FILE)?;
    decode(&text).with_context(|| format!("the key file {} cannot be used", path.display()))
}

/// What is wrong with the files that the settings name, and with secrets that are given twice: each in a line.
pub fn check_files(settings: &Settings, variables: Variables<'_>) -> Vec<String> {
    let (keys, log, kafka) = (&settings.keys, &settings.log, &settings.kafka);
    let once = |variable: &str| match variables(variable) {
        Some(_) => Err(anyhow!("{variable} is set as well: which?")),
        None => Ok(()),
    };
    let key_of_store =
        |path: &Path| once(STORE_KEY).and(read_key(path, StoreKey::decode).map(drop));
    let pepper = |path: &Path| once(PEPPER).and(read_key(path, Peppers::decode).map(drop));
    let kek = |path: &Path| once(KEK).and(read_key(path, Keks::decode).map(drop));
    let of_store = |path: &Path| once(PASSWORD).and(check_password(path));
    let of_kafka = |path: &Path| once(KAFKA_PASSWORD).and(check_password(path));
    let checks: [(&str, Option<&Path>, Check<'_>); 7] = [
        ("keys.store_file", keys.store_file.as_deref(), &key_of_store),
        ("keys.pepper_file", keys.pepper_file.as_deref(), &pepper),
        ("keys.kek_file", keys.kek_file.as_deref(), &kek),
        ("log.password_file", log.password_file.as_deref(), &of_store),
        (
            "log.store_ca_file",
            log.store_ca_file.as_deref(),
            &check_certificates,
        ),
        (
            "kafka.sasl_password_file",
            kafka.sasl_password_file.as_deref(),
            &of_kafka,
        ),
        (
            "kafka.ca_file",
            kafka.ca_file.as_deref(),
            &check_certificates,
        ),
    ];
    let faults = checks.into_iter().filter_map(|(setting, file, check)| {
        let fault = check(file?).err()?;
        Some(format!("`{setting}`: {fault:#}"))
    });
    faults.collect()
}

type Check<'a> = &'a dyn Fn(&Path) -> anyhow::Result<()>;

fn check_password(path: &Path) -> anyhow::Result<()> {
    match read_private(path, PASSWORD_FILE)?
        .trim_end_matches(['\r', '\n'])
        .is_empty()
    {
        true => bail!("the password file {} is empty", path.display()),
        false => Ok(()),
    }
}

fn check_certificates(path: &Path) -> anyhow::Result<()> {
    let shown = path.display();
    let text = fs::read(path).with_context(|| format!("cannot read the certificates {shown}"))?;
    match String::from_utf8_lossy(&text).contains("-----BEGIN CERTIFICATE-----") {
        true => Ok(()),
        false => bail!("there is no certificate (PEM) in {shown}"),
    }
}

const KEY_FILE: &str = "key file";
const PASSWORD_FILE: &str = "password file";

fn read_private(path: &Path, what: &str) -> anyhow::Result<Zeroizing<String>> {
    let shown = path.display();
    let facts = fs::metadata(path).with_context(|| format!("cannot read the {what} {shown}"))?;
    if facts.permissions().mode() & 0o077 != 0 {
        bail!("the {what} {shown} is open to others; make it private: chmod 600 {shown}");
    }
    if facts.len() > KEY_FILE_BYTES_MAX {
        bail!("the {what} {shown} is too long to be one");
    }
    let text =
        fs::read_to_string(path).with_context(|| format!("cannot read the {what} {shown}"))?;
    Ok(Zeroizing::new(text))
}
