//! How to open a store, and why it was not opened.

use std::path::PathBuf;

use trilby_eventlog::READER_LEVEL;

use crate::failure::is_corruption;

/// How to open a store.
#[derive(Debug, Clone)]
pub struct Options {
    /// Makes the store if the directory has none.
    pub create: bool,
    /// Opens for reading, at one moment, beside a process that may be writing.
    pub read_only: bool,
    /// Fingerprint of the store key; another store's is refused. `None` opens whatever there is,
    /// for tools that need no key. A new store needs one.
    pub store_key_fingerprint: Option<[u8; 32]>,
    /// Id of a new store; `None` draws one.
    pub store_id: Option<[u8; 16]>,
    /// What this program's folds can read; a store that needs more is refused.
    pub reader_level: u32,
    /// Announces commits in this process. Without it they stay in the outbox.
    pub relay: bool,
    /// Connections for reading.
    pub read_connections: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            create: true,
            read_only: false,
            store_key_fingerprint: None,
            store_id: None,
            reader_level: READER_LEVEL,
            relay: true,
            read_connections: 4,
        }
    }
}

/// Why a data directory was not opened. Nothing in it was changed.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// It cannot be made, read or written.
    #[error("the data directory `{}` cannot be used", path.display())]
    Directory {
        /// The directory.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Another process owns it.
    #[error("the data directory `{}` is in use{}", path.display(), owner(*pid))]
    InUse {
        /// The directory.
        path: PathBuf,
        /// That process, if it said.
        pid: Option<u32>,
    },
    /// There is no store, and none was to be made.
    #[error("there is no store in `{}`", path.display())]
    Missing {
        /// The directory.
        path: PathBuf,
    },
    /// The file is not a store of ours.
    #[error("`{}` is not a Trilby store", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// A newer release has written it.
    #[error("the store has schema {found}, this release knows {known}: use the newer release")]
    NewerSchema {
        /// Its schema.
        found: i64,
        /// The newest this program knows.
        known: i64,
    },
    /// A newer release has written events that this one cannot read.
    #[error(
        "the store needs readers of level {found}, this release has {known}: use the newer release"
    )]
    NewerReaders {
        /// What it needs.
        found: u32,
        /// What this program has.
        known: u32,
    },
    /// It was to be opened for reading, but its schema is older than this program's.
    #[error("the store has an older schema: open it for writing once, with this release")]
    OlderSchema,
    /// It was made with another store key.
    #[error("the store was made with another store key")]
    StoreKey,
    /// A new store needs a store key.
    #[error("a new store needs a store key")]
    NoStoreKey,
    /// Its schema could not be brought up to date.
    #[error("the store's schema could not be brought up to date")]
    Migration(#[source] Box<refinery::Error>),
    /// SQLite failed.
    #[error("the store cannot be opened")]
    Sqlite(#[from] rusqlite::Error),
    /// The operating system gave no randomness.
    #[error("the operating system gave no randomness")]
    Entropy,
}

impl OpenError {
    /// Whether there is something that is no store in order, rather than a reason not to open one now.
    #[must_use]
    pub fn is_broken(&self) -> bool {
        match self {
            Self::Foreign { .. } => true,
            Self::Sqlite(error) => is_corruption(error),
            Self::Directory { .. }
            | Self::InUse { .. }
            | Self::Missing { .. }
            | Self::NewerSchema { .. }
            | Self::NewerReaders { .. }
            | Self::OlderSchema
            | Self::StoreKey
            | Self::NoStoreKey
            | Self::Migration(_)
            | Self::Entropy => false,
        }
    }
}

fn owner(pid: Option<u32>) -> String {
    pid.map_or_else(String::new, |pid| format!(" by process {pid}"))
}
