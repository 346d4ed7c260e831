//! The append statement.
//!
//! It takes the commits of a group and writes those that hold, all parts of each, in one go. Commits that share a log
//! are one *unit*, and hold or fall together. What a unit needs: every log stands where it says and is open, the store
//! is of the incarnation that it was sealed for, none of its callers was revoked, no receipt of its keys is there, and no
//! claim that it takes is held. `bad` lists the units that lack something; every row says which unit it is of, and those
//! of bad units are not written. As a rule there are none, and nothing is joined to find that out.
//!
//! The heads are locked in one order, so two groups never wait for each other in a circle; `for update` sees the newest
//! version of a head, whatever the statement's snapshot. The rest of the conditions is seen in the snapshot: what was
//! acknowledged before the statement began is in it, and what came later in one of its logs has moved that head. Names of
//! other logs can be taken in between; then the unique index refuses, and the group is tried one by one.
//!
//! The statement names its logs itself, before it looks at the first head, so that it needs no transaction around it. Were
//! they named too late, rows would be hidden, not shown: an insert would fail, and so would the count of moved heads.
//!
//! Parts without rows are left out. Each combination is one prepared statement of a connection.

use std::fmt::Write as _;

use tokio_postgres::types::ToSql;
use trilby_eventlog::shard;
use trilby_model::LogId;

use crate::job::Job;
use crate::pipeline::Param;

mod beside;
mod claims;
mod events;
mod heads;

use beside::{personal, revocations, trusting};
use claims::claims;
use events::{events, outbox, placed, receipts};
use heads::heads;

/// The feed's partition of a log, as a column.
pub(crate) fn shard(log: &LogId) -> i16 {
    i16::try_from(shard::of(log)).unwrap_or(0)
}

/// A value for a statement, which may rest on the commits that it writes.
type Value<'a> = Box<dyn ToSql + Sync + Send + 'a>;

/// A statement with its values.
pub(crate) struct Statement<'a> {
    pub sql: String,
    pub values: Vec<Value<'a>>,
}

/// A kept value, for the driver.
pub(crate) fn param<'a>(value: &'a Value<'_>) -> Param<'a> {
    &**value
}

/// A column of a table: its name, its type and the number of its value, an array unless there is one row.
type Column<'c> = (&'c str, &'c str, usize);

/// A statement that is being written.
#[derive(Default)]
struct Writing<'a> {
    sql: String,
    values: Vec<Value<'a>>,
    /// Whether every table has one row: then its columns are plain values, which is quicker to plan for and to run.
    is_lone: bool,
}

impl<'a> Writing<'a> {
    /// Takes a value; gives its number.
    fn value(&mut self, value: Value<'a>) -> usize {
        self.values.push(value);
        self.values.len()
    }

    /// Takes a column, a value of each row; gives its number.
    fn array<R, T: ToSql + Sync + Send + 'a>(
        &mut self,
        rows: &[R],
        value: impl Fn(&R) -> T,
    ) -> usize {
        match rows {
            [row] if self.is_lone => self.value(Box::new(value(row))),
            _ => self.value(Box::new(rows.iter().map(value).collect::<Vec<T>>())),
        }
    }

    /// A table of columns, as a query with a name.
    fn table(&self, name: &str, columns: &[Column<'_>]) -> String {
        let mut sql = "(select ".to_owned();
        for (place, (name, kind, number)) in columns.iter().enumerate() {
            let comma = if place == 0 { "" } else { ", " };
            let _ = if self.is_lone {
                write!(sql, "{comma}${number}::{kind} as {name}")
            } else {
                write!(sql, "{comma}unnest(${number}::{kind}[]) as {name}")
            };
        }
        let _ = write!(sql, ") as {name}");
        sql
    }

    /// Adds text.
    fn say(&mut self, text: std::fmt::Arguments<'_>) {
        // Writing to a string does not fail.
        let _ = self.sql.write_fmt(text);
    }
}

/// The condition of each row that its unit holds.
fn good(name: &str) -> String {
    format!("{name}.unit <> all ((select units from bad)::int[])")
}

/// The statement for a group. `units` says which unit each job is in; `strict` makes a unit that does not hold an error,
/// so that what follows in the transaction, the side writes, does not happen; `told` gives the outbox's ids.
///
/// It gives one row: the units that do not hold, and the ids.
pub(crate) fn of<'a>(
    jobs: &'a [Job],
    units: &[i32],
    incarnation: u32,
    strict: bool,
    told: bool,
) -> Statement<'a> {
    let mut all = Writing {
        is_lone: matches!(jobs, [job] if is_lone(job)),
        ..Writing::default()
    };
    let heads = heads(&mut all, jobs, units, incarnation, strict);
    let placed = placed(jobs, units);
    let rows = events(&mut all, &placed);
    outbox(&mut all, &placed, rows, told);
    receipts(&mut all, &placed);
    claims(&mut all, jobs, units);
    revocations(&mut all, jobs, units);
    trusting(&mut all, jobs, units);
    if !strict {
        personal(&mut all, jobs, units);
    }
    // Dividing by zero is how a statement fails that need not have a function.
    let units = if strict {
        "case when 1 / (units = '{}')::int = 1 then units end"
    } else {
        "units"
    };
    let ids = if told {
        "(select array_agg(id) from o)"
    } else {
        "null::bigint[]"
    };
    let moves = good("n");
    all.say(format_args!(
        "
select {units}, {ids}, 1 / ((select count(*) from h) =
    (select count(*) from {heads} where n.new_seq is not null and {moves}))::int from bad"
    ));
    Statement {
        sql: all.sql,
        values: all.values,
    }
}

/// Whether a commit has no more than one of anything.
fn is_lone(job: &Job) -> bool {
    let commit = &job.commit;
    job.parts.len() == 1
        && job.sealed.commits.len() == 1
        && job.n_events() == 1
        && job.sealed.revocations.len() <= 1
        && commit.alive.len() <= 1
        && commit.claims_taken.len() <= 1
        && commit.claims_released.len() <= 1
        && commit.trusting.len() <= 1
        && commit.side.len() <= 1
}

/// Something of every job, with its unit.
fn rows<'a, T>(
    jobs: &'a [Job],
    units: &[i32],
    of: impl Fn(&'a Job) -> &'a [T],
) -> Vec<(i32, &'a Job, &'a T)> {
    let each = jobs.iter().zip(units.iter().copied());
    each.flat_map(|(job, unit)| of(job).iter().map(move |one| (unit, job, one)))
        .collect()
}
