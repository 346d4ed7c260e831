//! The figures of the log in a SQLite file.

use std::path::Path;
use std::time::Instant;

use rusqlite::{Connection, Statement};
use trilby_eventlog_sqlite::{Options, Sqlite};

use crate::Plan;
use crate::figures::Rounds;
use crate::report::Figures;
use crate::work::{account, append, rate};

const CALLERS: usize = 32;

/// Bytes of a baseline's row: about those of a stored event, with its hashes.
const ROW_BYTES: usize = 400;

/// Callers, each with a log of its own, beside single rows committed one by one.
pub async fn measure(dir: &Path, plan: &Plan, figures: &mut Figures) -> anyhow::Result<()> {
    std::fs::create_dir_all(dir)?;
    let folder = tempfile::tempdir_in(dir)?;
    let options = Options {
        store_key_fingerprint: Some([1; 32]),
        ..Options::default()
    };
    let store = Sqlite::open(&folder.path().join("store"), &options)?;
    let raw = raw(&folder.path().join("raw.db"))?;
    let (mut together, mut alone, mut numbered) =
        (Rounds::default(), Rounds::default(), Rounds::default());
    for round in 0..plan.rounds {
        let first_log = round * (CALLERS + 1);
        let same_key = single(&raw, SAME_KEY, plan)?;
        let rate = commits(&store, first_log + 1, CALLERS, plan).await?;
        together.add(rate, same_key);
        numbered.add(rate, single(&raw, NUMBERED, plan)?);
        alone.add(commits(&store, first_log, 1, plan).await?, same_key);
    }
    together.tell("sqlite", None, figures);
    alone.tell("sqlite", Some(1), figures);
    numbered.tell("sqlite_numbered", None, figures);
    Ok(())
}

/// Commits a second.
async fn commits(
    store: &Sqlite,
    first_log: usize,
    callers: usize,
    plan: &Plan,
) -> anyhow::Result<f64> {
    rate(callers, plan.slice, |caller, turns| {
        let store = store.clone();
        async move {
            let log = account(u64::try_from(first_log + caller)?)?;
            let mut head = None;
            while turns.goes_on() {
                head = Some(append(&store, &log, head.as_ref(), 1).await?);
                turns.done(1);
            }
            Ok(())
        }
    })
    .await
}

/// A row in a table of the key that the events have.
const SAME_KEY: &str = "insert into raw (log_id, seq, body) values (1 + ?1 % 32, ?1, ?2)";

/// A row in a table that is in the order of its rows' numbers: the least that SQLite can do.
const NUMBERED: &str = "insert into numbered (seq, body) values (?1, ?2)";

fn raw(file: &Path) -> anyhow::Result<Connection> {
    let conn = Connection::open(file)?;
    conn.pragma_update(None, "journal_mode", "wal")?;
    conn.pragma_update(None, "synchronous", "full")?;
    conn.execute_batch(
        "create table raw (log_id integer not null, seq integer not null, body blob not null, primary key (log_id, seq)) strict;
         create table numbered (seq integer primary key, body blob not null) strict;",
    )?;
    Ok(conn)
}

/// Rows a second, each in a transaction of its own.
fn single(conn: &Connection, sql: &str, plan: &Plan) -> anyhow::Result<f64> {
    let mut insert: Statement<'_> = conn.prepare(sql)?;
    let table = if sql == NUMBERED { "numbered" } else { "raw" };
    let newest = format!("select coalesce(max(seq), 0) from {table}");
    let before: u32 = conn.query_row(&newest, [], |row| row.get(0))?;
    let (begun, mut n) = (Instant::now(), 0_u32);
    while begun.elapsed() < plan.slice {
        n += 1;
        insert.execute((before + n, [7_u8; ROW_BYTES]))?;
    }
    Ok(f64::from(n) / begun.elapsed().as_secs_f64())
}
