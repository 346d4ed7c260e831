//! The log in a SQLite file: what `trilby serve` uses when nothing else is set up.
//!
//! One process at a time owns a data directory (a lock file says which). Inside it one thread
//! writes: it takes whatever commits have arrived, puts each in a savepoint of one transaction,
//! so that one that is refused leaves its neighbours alone, and answers after the `COMMIT`, which
//! is on the disk (`journal_mode=WAL`, `synchronous=FULL`). Reads go to a pool of connections and
//! never wait for the writer.
//!
//! The relay is in this process: commits are announced after the `COMMIT`, their outbox rows are
//! removed with the next one. What a crash left in the outbox is announced again at the next start.

mod activity;
mod append;
mod archive;
mod directory;
mod export;
mod failure;
mod import;
mod news;
mod open;
mod options;
mod pool;
mod read;
mod relay;
mod rows;
mod side;
mod statements;
mod store;
mod writer;

pub use options::{OpenError, Options};
pub use store::Sqlite;

/// The file inside a data directory that holds the log.
pub const FILE_NAME: &str = "trilby.db";

/// The file that says that a process owns the directory.
pub const LOCK_NAME: &str = "trilby.lock";
