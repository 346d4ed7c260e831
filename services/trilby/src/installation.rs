//! The data folder of an embedded installation: its keys, made at first start, and where its store lies.
//!
//! ```text
//! trilby-data/
//!   keys/store.key  keys/pepper.key  keys/kek.key    mode 0600; back them up apart from the store
//!   store/                                           the log (SQLite)
//!   bootstrap-ticket                                 until the first account exists
//! ```
//!
//! INVARIANT: a store is never opened with keys made after it. Keys are written before the store begins; a store whose keys are gone
//! is refused, because new keys would leave every password, claim and signing key unreadable without a word.

#[cfg(test)]
mod tests;

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use trilby_credential::{InstallationKeys, Keks, Peppers, StoreKey};
use trilby_model::Entropy;

use crate::files;
use crate::keys::read_key;

const KEYS: &str = "keys";
const STORE: &str = "store";
const TICKET: &str = "bootstrap-ticket";
const STORE_KEY: &str = "store.key";
const PEPPER: &str = "pepper.key";
const KEK: &str = "kek.key";

/// An installation's folder.
#[derive(Debug, Clone)]
pub struct DataDir {
    root: PathBuf,
}

impl DataDir {
    /// Takes the folder, which need not exist.
    ///
    /// Errors: it is not a folder, cannot be read, or holds something that is not Trilby's.
    pub fn at(root: &Path) -> anyhow::Result<Self> {
        let dir = Self {
            root: root.to_path_buf(),
        };
        match fs::read_dir(root) {
            Ok(entries) => dir.check_is_ours(entries)?,
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) if error.kind() == ErrorKind::NotADirectory => {
                bail!("the data folder {} is not a folder", root.display())
            }
            Err(error) => {
                return Err(error)
                    .with_context(|| format!("cannot read the data folder {}", root.display()));
            }
        }
        Ok(dir)
    }

    /// The folder of an installation that is there, for whoever looks after it.
    ///
    /// Errors: there is none. It is said what is missing, and how another folder is named.
    pub fn existing(root: &Path) -> anyhow::Result<Self> {
        let dir = Self {
            root: root.to_path_buf(),
        };
        let found = match fs::read_dir(dir.store()).map(|mut entries| entries.next().is_some()) {
            Ok(true) => return Ok(dir),
            Ok(false) => "its folder `store` is empty",
            Err(error) if is_absent(&error) => match fs::metadata(root) {
                Ok(facts) if facts.is_dir() => "it has no folder `store`, where the log would be",
                Ok(_) => "it is not a folder",
                Err(_) => "it does not exist",
            },
            Err(error) => {
                return Err(error)
                    .with_context(|| format!("cannot read {}", dir.store().display()));
            }
        };
        bail!(
            "there is no store in {}: {found}; name the data folder of the installation, which `trilby serve` prints when it starts, with --data-dir (or a shared store with --store)",
            dir.shown()
        )
    }

    /// The folder, for people: from the root.
    pub fn shown(&self) -> String {
        let whole = std::path::absolute(&self.root);
        whole.as_ref().unwrap_or(&self.root).display().to_string()
    }

    fn check_is_ours(&self, entries: fs::ReadDir) -> anyhow::Result<()> {
        if self.store().exists() || self.keys().exists() {
            return Ok(());
        }
        let Some(entry) = entries.into_iter().next() else {
            return Ok(());
        };
        let entry = entry
            .with_context(|| format!("cannot read the data folder {}", self.root.display()))?;
        bail!(
            "the data folder {} holds `{}` and no Trilby store; name an empty or new folder with --data-dir",
            self.root.display(),
            entry.file_name().to_string_lossy()
        )
    }

    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Folder of the store.
    pub fn store(&self) -> PathBuf {
        self.root.join(STORE)
    }

    /// File of the bootstrap ticket.
    pub fn ticket(&self) -> PathBuf {
        self.root.join(TICKET)
    }

    fn keys(&self) -> PathBuf {
        self.root.join(KEYS)
    }

    /// Whether a store was begun here.
    pub fn has_store(&self) -> bool {
        fs::read_dir(self.store()).is_ok_and(|mut entries| entries.next().is_some())
    }

    /// The installation's keys: read, or made if this is the first start.
    pub fn open_keys(&self, entropy: &mut Entropy) -> anyhow::Result<InstallationKeys> {
        let paths = [STORE_KEY, PEPPER, KEK].map(|name| self.keys().join(name));
        let missing: Vec<&PathBuf> = paths.iter().filter(|path| !path.exists()).collect();
        if missing.is_empty() {
            return self.read_keys();
        }
        if self.has_store() {
            let names: Vec<String> = missing
                .iter()
                .map(|path| path.display().to_string())
                .collect();
            bail!(
                "the store's keys are missing: {}; restore them from your backup",
                names.join(", ")
            );
        }
        if missing.len() < paths.len() {
            // A first start was cut off between two keys. No store exists yet, so nothing depends on them.
            tracing::warn!(folder = %self.keys().display(), "an unfinished set of keys is made anew");
        }
        make_keys(&self.keys(), entropy)
    }

    /// The store key alone, if it is there.
    pub fn store_key(&self) -> anyhow::Result<Option<StoreKey>> {
        let path = self.keys().join(STORE_KEY);
        match path.try_exists()? {
            true => Ok(Some(read_key(&path, StoreKey::decode)?)),
            false => Ok(None),
        }
    }

    /// The installation's keys, which must be there.
    pub fn read_keys(&self) -> anyhow::Result<InstallationKeys> {
        let store = read_key(&self.keys().join(STORE_KEY), StoreKey::decode)?;
        let peppers = read_key(&self.keys().join(PEPPER), Peppers::decode)?;
        let keks = read_key(&self.keys().join(KEK), Keks::decode)?;
        Ok(InstallationKeys {
            store,
            peppers,
            keks,
        })
    }
}

/// Nothing is there, or something that is no folder.
fn is_absent(error: &std::io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

/// Makes the keys of a new installation, each in a file of its own.
pub fn make_keys(folder: &Path, entropy: &mut Entropy) -> anyhow::Result<InstallationKeys> {
    let keys = InstallationKeys::generate(entropy);
    files::make_private_dir(folder)?;
    files::write_private(&folder.join(STORE_KEY), keys.store.encode().as_bytes())?;
    files::write_private(&folder.join(PEPPER), keys.peppers.encode().as_bytes())?;
    files::write_private(&folder.join(KEK), keys.keks.encode().as_bytes())?;
    Ok(keys)
}
