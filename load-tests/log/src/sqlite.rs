//! The figure of the log in a SQLite file.

use std::path::Path;
use std::time::Instant;

use rusqlite::Connection;
use trilby_eventlog_sqlite::{Options, Sqlite};

use crate::Plan;
use crate::report::{Figures, median};
use crate::work::{account, append, rate};

const CALLERS: usize = 32;

/// 32 callers, each with a log of its own, beside single rows committed one by one.
pub async fn measure(dir: &Path, plan: &Plan, figures: &mut Figures) -> anyhow::Result<()> {
    std::fs::create_dir_all(dir)?;
    let folder = tempfile::tempdir_in(dir)?;
    let options = Options {
        store_key_fingerprint: Some([1; 32]),
        ..Options::default()
    };
    let store = Sqlite::open(&folder.path().join("store"), &options)?;
    let raw = folder.path().join("raw.db");
    let mut ratios = Vec::new();
    for round in 0..plan.rounds {
        let single = single(&raw, plan)?;
        let together = rate(CALLERS, plan.slice, |caller, turns| {
            let store = store.clone();
            async move {
                let log = account(u64::try_from(round * CALLERS + caller)?)?;
                let mut head = None;
                while turns.goes_on() {
                    head = Some(append(&store, &log, head.as_ref(), 1).await?);
                    turns.done(1);
                }
                Ok(())
            }
        })
        .await?;
        ratios.push(together / single);
    }
    figures.insert("sqlite_ratio".to_owned(), median(&ratios));
    Ok(())
}

fn single(file: &Path, plan: &Plan) -> anyhow::Result<f64> {
    let conn = Connection::open(file)?;
    conn.pragma_update(None, "journal_mode", "wal")?;
    conn.pragma_update(None, "synchronous", "full")?;
    conn.execute_batch(
        "create table if not exists raw (seq integer primary key, body blob not null)",
    )?;
    let mut insert = conn.prepare("insert into raw (body) values (?1)")?;
    let (begun, mut n) = (Instant::now(), 0_u32);
    while begun.elapsed() < plan.slice {
        insert.execute([vec![7_u8; 400]])?;
        n += 1;
    }
    Ok(f64::from(n) / begun.elapsed().as_secs_f64())
}
