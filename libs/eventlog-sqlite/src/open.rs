//! Opening a data directory: whose it is, whether it is ours, and whether this program can read it.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use trilby_eventlog::StoreMeta;

use crate::directory::{lock, make_directory, make_private, sign, unusable};
use crate::options::{OpenError, Options};
use crate::{FILE_NAME, rows};

/// Marks a SQLite file as ours: "TRLB".
const APPLICATION_ID: i32 = 0x5452_4c42;

/// How long a connection waits for another process that has the file (a backup tool, `sqlite3`).
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Prepared statements kept for each connection; there are about ninety.
const STATEMENTS: usize = 128;

/// Pages that the writing connection keeps in memory, in KiB. Each log is written in places of its own; a page that was
/// let go has to be read again before a row can be put into it.
const WRITER_CACHE_KIB: i32 = 32 * 1024;

/// Bytes of a page of a new store. A commit changes a row or two on each of several pages, and each of them is written whole.
const PAGE_BYTES: i32 = 2_048;

/// Bytes of pages written ahead before they are moved to their places. What was written in one of them several times
/// meanwhile is moved once; the more there are, the longer the next start and every reader look for theirs.
const CHECKPOINT_BYTES: i32 = 64 * 1024 * 1024;

mod migrations {
    refinery::embed_migrations!("../../migrations/sqlite");
}

/// A store that was found in order, with its writing connection.
pub(crate) struct Opened {
    pub path: PathBuf,
    pub conn: Connection,
    pub meta: StoreMeta,
    /// Released when the connection is closed, being declared after it. None when only reading.
    #[expect(dead_code, reason = "held, not read")]
    pub lock: Option<File>,
}

/// Opens, and makes or migrates if asked.
pub(crate) fn open(dir: &Path, options: &Options) -> Result<Opened, OpenError> {
    let path = dir.join(FILE_NAME);
    let makes = options.create && !options.read_only;
    if !makes && !path.is_file() {
        return Err(OpenError::Missing {
            path: dir.to_owned(),
        });
    }
    if makes {
        make_directory(dir)?;
    }
    let lock = if options.read_only {
        None
    } else {
        Some(lock(dir)?)
    };
    let mut conn = connect(&path, makes)?;
    let is_new = recognize(&conn, &path)?;
    if is_new {
        if options.store_key_fingerprint.is_none() {
            return Err(OpenError::NoStoreKey);
        }
        if !makes {
            return Err(OpenError::Missing {
                path: dir.to_owned(),
            });
        }
    } else {
        check_meta(&conn, options)?;
    }
    if options.read_only {
        hold_still(&conn)?;
    } else {
        prepare(&mut conn, is_new, options)?;
    }
    let meta = read_meta(&conn)?;
    if let Some(lock) = &lock {
        sign(lock, dir)?;
    }
    Ok(Opened {
        path,
        conn,
        meta,
        lock,
    })
}

fn connect(path: &Path, makes: bool) -> Result<Connection, OpenError> {
    if makes {
        // SQLite gives its other files the mode of this one.
        let dir = path.parent().unwrap_or(path);
        make_private(path).map_err(|source| unusable(dir, source))?;
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Ok(set_up(Connection::open_with_flags(path, flags)?)?)
}

/// What all connections have in common.
fn set_up(conn: Connection) -> rusqlite::Result<Connection> {
    conn.busy_timeout(BUSY_TIMEOUT)?;
    conn.set_prepared_statement_cache_capacity(STATEMENTS);
    // A statement is planned once, whatever is bound to it; otherwise it may be planned again each time it runs.
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(conn)
}

/// A further connection that can only read.
pub(crate) fn connect_reader(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = set_up(Connection::open_with_flags(path, flags)?)?;
    conn.pragma_update(None, "query_only", true)?;
    Ok(conn)
}

/// Whether the file is empty (true) or a store of a schema we know (false).
fn recognize(conn: &Connection, path: &Path) -> Result<bool, OpenError> {
    let foreign = || OpenError::Foreign {
        path: path.to_owned(),
    };
    let mark: i32 = conn
        .query_row("pragma application_id", [], |row| row.get(0))
        .map_err(|error| not_a_database(error, path))?;
    let n_tables: i64 = conn
        .query_row("select count(*) from sqlite_schema", [], |row| row.get(0))
        .map_err(|error| not_a_database(error, path))?;
    // Our mark on an empty file: its making was cut off.
    if n_tables == 0 && (mark == 0 || mark == APPLICATION_ID) {
        return Ok(true);
    }
    if mark != APPLICATION_ID {
        return Err(foreign());
    }
    let found: Option<i64> = conn
        .query_row(
            "select max(version) from refinery_schema_history",
            [],
            |row| row.get(0),
        )
        .map_err(|_| foreign())?;
    // Cut off before the first migration was whole, or before the store got its id.
    let Some(found) = found else { return Ok(true) };
    let known = newest_migration();
    if found > known {
        return Err(OpenError::NewerSchema { found, known });
    }
    let n_meta: i64 = conn
        .query_row("select count(*) from store_meta", [], |row| row.get(0))
        .map_err(|error| not_a_database(error, path))?;
    Ok(n_meta == 0)
}

fn not_a_database(error: rusqlite::Error, path: &Path) -> OpenError {
    match error.sqlite_error_code() {
        Some(rusqlite::ErrorCode::NotADatabase | rusqlite::ErrorCode::DatabaseCorrupt) => {
            OpenError::Foreign {
                path: path.to_owned(),
            }
        }
        _ => OpenError::Sqlite(error),
    }
}

fn newest_migration() -> i64 {
    let runner = migrations::migrations::runner();
    runner
        .get_migrations()
        .iter()
        .map(|one| i64::from(one.version()))
        .max()
        .unwrap_or(0)
}

fn check_meta(conn: &Connection, options: &Options) -> Result<(), OpenError> {
    let meta = read_meta(conn)?;
    if meta.min_reader_level > options.reader_level {
        return Err(OpenError::NewerReaders {
            found: meta.min_reader_level,
            known: options.reader_level,
        });
    }
    if options
        .store_key_fingerprint
        .is_some_and(|ours| ours != meta.store_key_fingerprint)
    {
        return Err(OpenError::StoreKey);
    }
    if options.read_only {
        let found: i64 = conn.query_row(
            "select max(version) from refinery_schema_history",
            [],
            |row| row.get(0),
        )?;
        if found < newest_migration() {
            return Err(OpenError::OlderSchema);
        }
    }
    Ok(())
}

fn read_meta(conn: &Connection) -> Result<StoreMeta, OpenError> {
    Ok(conn.query_row(include_str!("queries/meta_get.sql"), [], rows::meta)?)
}

/// Everything read from now on is of this moment.
fn hold_still(conn: &Connection) -> Result<(), OpenError> {
    conn.pragma_update(None, "query_only", true)?;
    conn.execute_batch("begin")?;
    read_meta(conn)?;
    Ok(())
}

fn prepare(conn: &mut Connection, is_new: bool, options: &Options) -> Result<(), OpenError> {
    // Of a store that is there it changes nothing.
    conn.pragma_update(None, "page_size", PAGE_BYTES)?;
    conn.pragma_update(None, "journal_mode", "wal")?;
    // NORMAL may lose the last acknowledged commits when the power fails.
    conn.pragma_update(None, "synchronous", "full")?;
    // Checked as a whole by verification; a segment's row follows its records within a transaction.
    conn.pragma_update(None, "foreign_keys", false)?;
    conn.pragma_update(None, "cache_size", -WRITER_CACHE_KIB)?;
    let page_bytes: i32 = conn.query_row("pragma page_size", [], |row| row.get(0))?;
    let pages = CHECKPOINT_BYTES / page_bytes.max(1);
    conn.pragma_update(None, "wal_autocheckpoint", pages)?;
    // What is erased is overwritten.
    conn.pragma_update(None, "secure_delete", true)?;
    if is_new {
        conn.pragma_update(None, "application_id", APPLICATION_ID)?;
    }
    migrations::migrations::runner()
        .set_grouped(true)
        .run(conn)
        .map_err(|error| OpenError::Migration(Box::new(error)))?;
    if is_new {
        let store_id = match options.store_id {
            Some(id) => id,
            None => random()?,
        };
        let fingerprint = options.store_key_fingerprint.ok_or(OpenError::NoStoreKey)?;
        conn.execute(
            include_str!("queries/meta_insert.sql"),
            (store_id, fingerprint),
        )?;
    }
    Ok(())
}

/// A random id, a version 4 UUID's bytes.
pub(crate) fn random() -> Result<[u8; 16], OpenError> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|_| OpenError::Entropy)?;
    let [_, _, _, _, _, _, version, _, variant, ..] = &mut bytes;
    *version = (*version & 0x0f) | 0x40;
    *variant = (*variant & 0x3f) | 0x80;
    Ok(bytes)
}
