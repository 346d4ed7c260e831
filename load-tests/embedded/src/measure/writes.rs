//! Acknowledged writes (a user made), beside bare inserts into SQLite on the same disk.
//!
//! Once all callers write to one account, and once each to an account of its own. An account is one log with one writer at a time, so
//! the first is bound by how long a single write takes; the second shows what the store makes of writes that arrive together.
//!
//! The baseline is a table with one row of text a commit, in a database with the store's journal and durability
//! (`journal_mode=WAL`, `synchronous=FULL`), in the same folder: the least that an acknowledged write on this disk can take when
//! each waits for itself. Its callers queue for one connection, as SQLite has one writer.

use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError, mpsc};
use std::thread;

use anyhow::{Context as _, anyhow};
use rusqlite::Connection;
use serde_json::json;

use super::{Pairs, Served};
use crate::callers::{self, Slice};
use crate::plan::Plan;
use crate::report::Figure;
use crate::world::Tenant;

const BASELINE: &str = "SQLite insert";

/// Size of the baseline's row: about what the event of a made user takes.
const ROW_BYTES: usize = 1_024;

pub fn run(
    served: &Served,
    plan: &Plan,
    folder: &Path,
    figures: &mut Vec<Figure>,
) -> anyhow::Result<()> {
    eprintln!("writes: setting up accounts");
    let tenants = served
        .world
        .tenants(plan.callers.into_iter().max().unwrap_or(1))?;
    let table = Table::open(&folder.join("baseline.db"))?;
    let users = Users::new(&served.world.base, plan);
    let several = plan.callers.iter().copied().filter(|callers| *callers > 1);
    let mut to_one = Pairs::new(plan.callers);
    let mut to_each = Pairs::new(several);
    for number in 1..=plan.rounds {
        eprintln!("writes: round {number} of {}", plan.rounds);
        let one = tenants.get(..1).context("there is an account")?;
        to_one.round(
            number,
            |callers| users.make(one, callers),
            |callers| table.insert(plan, callers),
        )?;
        to_each.round(
            number,
            |callers| users.make(&tenants, callers),
            |callers| table.insert(plan, callers),
        )?;
    }
    to_one.figures("writes to one account", "caller", BASELINE, figures)?;
    to_each.figures("writes to an account each", "caller", BASELINE, figures)
}

/// Makes users.
struct Users<'a> {
    base: &'a str,
    plan: &'a Plan,
    /// How many were made so far: no two have one name.
    made: AtomicU32,
}

impl Users<'_> {
    fn new<'a>(base: &'a str, plan: &'a Plan) -> Users<'a> {
        Users {
            base,
            plan,
            made: AtomicU32::new(0),
        }
    }

    /// One slice of users made, then deleted off the clock: each slice finds the accounts as the first did.
    fn make(&self, tenants: &[Tenant], n_callers: u32) -> anyhow::Result<Slice> {
        let made: Vec<Mutex<Vec<String>>> = tenants.iter().map(|_| Mutex::default()).collect();
        let plan = self.plan;
        let slice = callers::call(n_callers, plan.writes_max, plan.slice(), |number| {
            let at = usize::try_from(number)? % tenants.len();
            let (tenant, made) = tenants.get(at).zip(made.get(at)).context("an account")?;
            let client = tenant.admin(self.base);
            client.get("/livez")?;
            Ok(move || {
                let name = format!("load-{}", self.made.fetch_add(1, Ordering::Relaxed));
                let body = json!({"name": name}).to_string();
                client.post_bytes(&tenant.users(), body.as_bytes())?;
                made.lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .push(name);
                Ok(())
            })
        })?;
        thread::scope(|scope| {
            let threads: Vec<_> = tenants
                .iter()
                .zip(made)
                .map(|(tenant, names)| scope.spawn(|| self.delete(tenant, names)))
                .collect();
            threads.into_iter().try_for_each(|thread| {
                let deleted = thread.join();
                deleted.unwrap_or_else(|_| Err(anyhow!("a thread panicked")))
            })
        })?;
        Ok(slice)
    }

    fn delete(&self, tenant: &Tenant, names: Mutex<Vec<String>>) -> anyhow::Result<()> {
        let client = tenant.admin(self.base);
        for name in names.into_inner().unwrap_or_else(PoisonError::into_inner) {
            client.delete(&format!("{}/{name}", tenant.users()))?;
        }
        Ok(())
    }
}

/// The baseline's table: a thread that commits one row after the other, in the order in which they were asked for.
struct Table {
    rows: mpsc::Sender<Row>,
}

/// A row to be written, and who waits for it.
struct Row {
    body: String,
    done: mpsc::Sender<rusqlite::Result<usize>>,
}

impl Table {
    fn open(file: &Path) -> anyhow::Result<Table> {
        let connection = Connection::open(file)?;
        connection.pragma_update(None, "journal_mode", "wal")?;
        connection.pragma_update(None, "synchronous", "full")?;
        connection
            .execute_batch("create table row (id integer primary key, body text not null)")?;
        let (rows, asked) = mpsc::channel::<Row>();
        // It ends with the last sender, that is, with the table.
        thread::spawn(move || {
            for row in asked {
                let written = connection
                    .prepare_cached("insert into row (body) values (?1)")
                    .and_then(|mut insert| insert.execute([row.body]));
                // A caller that is gone does not want to know.
                row.done.send(written).ok();
            }
        });
        Ok(Table { rows })
    }

    fn insert(&self, plan: &Plan, n_callers: u32) -> anyhow::Result<Slice> {
        callers::call(n_callers, plan.writes_max, plan.slice(), |_| {
            let (done, written) = mpsc::channel();
            Ok(move || {
                let row = Row {
                    body: "x".repeat(ROW_BYTES),
                    done: done.clone(),
                };
                self.rows
                    .send(row)
                    .map_err(|_| anyhow!("the table's thread ended"))?;
                written.recv()??;
                Ok(())
            })
        })
    }
}
