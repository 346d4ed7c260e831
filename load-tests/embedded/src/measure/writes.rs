//! Acknowledged writes (a user made), beside bare inserts into SQLite on the same disk.
//!
//! The baseline is a table with one row of text a commit, in a database with the store's journal and durability
//! (`journal_mode=WAL`, `synchronous=FULL`), in the same folder: the least that an acknowledged write on this disk can take when
//! each waits for itself. Its callers take turns at one connection, as SQLite has one writer. The server may be faster with many
//! callers, because it commits those that arrived together at once.

use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::anyhow;
use rusqlite::Connection;
use serde_json::json;

use super::{Pairs, Served};
use crate::callers::{self, Slice};
use crate::plan::Plan;
use crate::report::Figure;
use crate::world::World;

const BASELINE: &str = "SQLite insert";

/// Size of the baseline's row: about what the event of a made user takes.
const ROW_BYTES: usize = 1_024;

/// Callers that clear away, off the clock.
const CLEANERS: u32 = 8;

pub fn run(
    served: &Served,
    plan: &Plan,
    folder: &Path,
    figures: &mut Vec<Figure>,
) -> anyhow::Result<()> {
    let table = Table::open(&folder.join("baseline.db"))?;
    let names = AtomicU32::new(0);
    let mut pairs = Pairs::new(plan);
    for number in 1..=plan.rounds {
        eprintln!("writes: round {number} of {}", plan.rounds);
        pairs.round(
            number,
            |callers| make_users(&served.world, plan, callers, &names),
            |callers| table.insert(plan, callers),
        )?;
    }
    pairs.figures("writes", "caller", BASELINE, figures)
}

/// One slice of users made, then deleted: each slice finds the account as the first did.
fn make_users(
    world: &World,
    plan: &Plan,
    n_callers: u32,
    names: &AtomicU32,
) -> anyhow::Result<Slice> {
    let (users, first) = (world.users(), names.load(Ordering::Relaxed));
    let slice = callers::call(n_callers, plan.writes_max, plan.slice(), |_| {
        let (client, users) = (world.admin(), &users);
        client.get("/livez")?;
        Ok(move || {
            let name = names.fetch_add(1, Ordering::Relaxed);
            let body = json!({"name": format!("load-{name}")}).to_string();
            client.post_bytes(users, body.as_bytes()).map(drop)
        })
    })?;
    let (next, end) = (AtomicU32::new(first), names.load(Ordering::Relaxed));
    callers::call(CLEANERS, end - first, callers::UNMEASURED, |_| {
        let (client, users, next) = (world.admin(), &users, &next);
        Ok(move || {
            let name = next.fetch_add(1, Ordering::Relaxed);
            client.delete(&format!("{users}/load-{name}"))
        })
    })?;
    Ok(slice)
}

/// The baseline's table.
struct Table {
    connection: Mutex<Connection>,
}

impl Table {
    fn open(file: &Path) -> anyhow::Result<Table> {
        let connection = Connection::open(file)?;
        connection.pragma_update(None, "journal_mode", "wal")?;
        connection.pragma_update(None, "synchronous", "full")?;
        connection
            .execute_batch("create table row (id integer primary key, body text not null)")?;
        Ok(Table {
            connection: Mutex::new(connection),
        })
    }

    fn insert(&self, plan: &Plan, n_callers: u32) -> anyhow::Result<Slice> {
        let body = "x".repeat(ROW_BYTES);
        callers::call(n_callers, plan.writes_max, plan.slice(), |_| {
            let body = &body;
            Ok(move || {
                let connection = self.connection.lock();
                let connection = connection.map_err(|_| anyhow!("another caller panicked"))?;
                connection
                    .prepare_cached("insert into row (body) values (?1)")?
                    .execute([body])?;
                Ok(())
            })
        })
    }
}
