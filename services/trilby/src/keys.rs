//! The keys a process holds: of the data folder, or named by settings and variables.
//!
//! A process gets the keys of its roles and no other: what it does not hold cannot leak from it. Without them it does not
//! start; there is no default.

#[cfg(test)]
mod tests;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use anyhow::{Context, bail};
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
#[cfg(any(feature = "postgres", test))]
pub const PASSWORD: &str = "TRILBY_STORE_PASSWORD";

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
                "keys are missing: {}; `trilby admin make-keys` makes those of a new installation",
                missing.join(", ")
            ),
        }
    }
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

/// What is wrong with the files that the settings name: each in a line.
pub fn check_files(settings: &Settings) -> Vec<String> {
    let named = &settings.keys;
    let store = named.store_file.as_deref();
    let pepper = named.pepper_file.as_deref();
    let kek = named.kek_file.as_deref();
    let password = settings.log.password_file.as_deref();
    let ca = settings.log.store_ca_file.as_deref();
    [
        (
            "keys.store_file",
            fault(store, |path| read_key(path, StoreKey::decode)),
        ),
        (
            "keys.pepper_file",
            fault(pepper, |path| read_key(path, Peppers::decode)),
        ),
        (
            "keys.kek_file",
            fault(kek, |path| read_key(path, Keks::decode)),
        ),
        (
            "log.password_file",
            fault(password, |path| read_private(path, PASSWORD_FILE)),
        ),
        ("log.store_ca_file", fault(ca, read_public)),
    ]
    .into_iter()
    .filter_map(|(setting, fault)| Some(format!("`{setting}`: {:#}", fault?)))
    .collect()
}

fn fault<T>(
    path: Option<&Path>,
    read: impl Fn(&Path) -> anyhow::Result<T>,
) -> Option<anyhow::Error> {
    path.and_then(|path| read(path).err())
}

fn read_public(path: &Path) -> anyhow::Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("cannot read the certificates {}", path.display()))
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
