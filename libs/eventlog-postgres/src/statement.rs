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
use trilby_eventlog::{
    Claim, NewReceipt, Recorded, RecordedCommit, SideWrite, TrustingChange, shard,
};
use trilby_model::{LogId, Seq, TraceParent};

use crate::job::Job;
use crate::pipeline::Param;
use crate::rows::int;

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

struct HeadRow {
    unit: i32,
    id: i64,
    seq: i64,
    hash: Vec<u8>,
    new: Option<(i64, Vec<u8>, i64)>,
}

/// Of several commits to one log the first says where it must stand and the last where it stands afterwards.
fn head_rows(jobs: &[Job], units: &[i32]) -> Vec<HeadRow> {
    let mut rows: Vec<HeadRow> = Vec::new();
    for (job, unit) in jobs.iter().zip(units) {
        for part in &job.parts {
            let new = part.new.as_ref().map(|head| {
                (
                    int(head.seq),
                    head.hash.as_bytes().to_vec(),
                    head.at.micros(),
                )
            });
            match rows.iter_mut().find(|row| row.id == part.id) {
                Some(row) => row.new = new.or(row.new.take()),
                None => rows.push(HeadRow {
                    unit: *unit,
                    id: part.id,
                    seq: int(part.seq),
                    hash: part.hash.as_bytes().to_vec(),
                    new,
                }),
            }
        }
    }
    rows
}

/// `lk`: the heads, locked. `bad`: the units that do not hold. `h`: the heads that moved. Gives the table of heads, of which
/// the last part of the statement wants to know how many move.
fn heads<'a>(
    all: &mut Writing<'a>,
    jobs: &'a [Job],
    units: &[i32],
    incarnation: u32,
    strict: bool,
) -> String {
    let rows = head_rows(jobs, units);
    let logs = all.value(Box::new(logs_text(jobs)));
    let unit = all.array(&rows, |row| row.unit);
    let id = all.array(&rows, |row| row.id);
    let exp_seq = all.array(&rows, |row| row.seq);
    let exp_hash = all.array(&rows, |row| row.hash.clone());
    let new_seq = all.array(&rows, |row| row.new.as_ref().map(|new| new.0));
    let new_hash = all.array(&rows, |row| row.new.as_ref().map(|new| new.1.clone()));
    let at = all.array(&rows, |row| row.new.as_ref().map(|new| new.2));
    let incarnation = all.value(Box::new(i32::try_from(incarnation).unwrap_or(i32::MAX)));
    let stands = all.table(
        "n",
        &[
            ("unit", "int", unit),
            ("log_id", "bigint", id),
            ("seq", "bigint", exp_seq),
            ("hash", "bytea", exp_hash),
        ],
    );
    let moves = all.table(
        "n",
        &[
            ("unit", "int", unit),
            ("log_id", "bigint", id),
            ("new_seq", "bigint", new_seq),
            ("new_hash", "bytea", new_hash),
            ("at", "bigint", at),
        ],
    );
    let (ours, each_unit) = if all.is_lone {
        (format!("= ${id}::bigint"), format!("${unit}::int"))
    } else {
        (
            format!("= any(${id}::bigint[])"),
            format!("unnest(${unit}::int[])"),
        )
    };
    // Those in a group wait for nobody: whose head is locked is sent again alone, and the others are done meanwhile.
    let wait = if strict { "" } else { " skip locked" };
    all.say(format_args!(
        "with lk as materialized (
    select log_id, seq, hash from log_head
    where (select set_config('trilby.logs', ${logs}, true)) is not null and log_id {ours} and state = 1
    order by log_id for update{wait}),
bad as materialized (select coalesce(array_agg(unit), '{{}}') units from (
    select n.unit from {stands} where not exists (
        select from lk where lk.log_id = n.log_id and lk.seq = n.seq and lk.hash = n.hash)
    union all
    select {each_unit} where (select incarnation from store_meta) is distinct from ${incarnation}"
    ));
    refusals(all, jobs, units);
    let good = good("n");
    all.say(format_args!(
        ") no(unit)),
h as (
    update log_head x set seq = n.new_seq, hash = n.new_hash, last_at = n.at
    from {moves} where x.log_id = n.log_id and n.new_seq is not null and {good}
    returning 1)"
    ));
    moves
}

/// The logs whose rows exist for the statement: those that are written, and none that a caller's session rests on.
fn logs_text(jobs: &[Job]) -> String {
    crate::pipeline::list(&crate::job::logs(jobs))
}

/// What else keeps a unit out.
fn refusals<'a>(all: &mut Writing<'a>, jobs: &'a [Job], units: &[i32]) {
    let alive = rows(jobs, units, |job| &job.commit.alive);
    if !alive.is_empty() {
        // A log that is not there has revoked nothing: its number is 0.
        let columns = [
            ("unit", "int", all.array(&alive, |(unit, _, _)| *unit)),
            (
                "kind",
                "smallint",
                all.array(&alive, |(_, _, one)| i16::from(one.kind.code())),
            ),
            (
                "id_hash",
                "bytea",
                all.array(&alive, |(_, _, one)| &one.id_hash[..]),
            ),
            (
                "log_id",
                "bigint",
                all.array(&alive, |(_, job, one)| job.id(&one.log)),
            ),
            (
                "seq",
                "bigint",
                all.array(&alive, |(_, _, one)| int(one.seq)),
            ),
        ];
        let a = all.table("a", &columns);
        all.say(format_args!(
            "
    union all
    select a.unit from {a} join revocation r using (kind, id_hash, log_id) where r.before_seq > a.seq"
        ));
    }
    // Looked up one by one: the policy of the table names its logs, and a plan that begins there reads all receipts of a log.
    let keys = rows(jobs, units, |job| job.commit.receipt.as_slice());
    if !keys.is_empty() {
        let columns = [
            ("unit", "int", all.array(&keys, |(unit, _, _)| *unit)),
            (
                "log_id",
                "bigint",
                all.array(&keys, |(_, job, one)| job.id(&one.log)),
            ),
            ("key", "bytea", all.array(&keys, |(_, _, one)| &one.key[..])),
        ];
        let k = all.table("k", &columns);
        all.say(format_args!(
            "
    union all
    select k.unit from {k} cross join lateral (
        select from receipt r where r.log_id = k.log_id and r.key = k.key offset 0) r"
        ));
    }
    let taken = rows(jobs, units, |job| &job.commit.claims_taken);
    if taken.is_empty() {
        return;
    }
    let columns = name_columns(all, &taken);
    let t = all.table("t", &columns);
    let released = rows(jobs, units, |job| &job.commit.claims_released);
    let but_for = if released.is_empty() {
        String::new()
    } else {
        let columns = claim_columns(all, &released);
        let f = all.table("f", &columns);
        format!(
            " where not exists (select from {f} where f.unit = t.unit
            and (f.scope, f.kind, f.value_mac, f.log_id) = (c.scope, c.kind, c.value_mac, c.log_id))"
        )
    };
    all.say(format_args!(
        "
    union all
    select t.unit from {t} join claim c using (scope, kind, value_mac){but_for}"
    ));
}

/// One log's part of a commit.
struct Placed<'a> {
    unit: i32,
    job: &'a Job,
    commit: &'a RecordedCommit,
}

impl Placed<'_> {
    fn log_id(&self) -> i64 {
        self.job.id(&self.commit.log)
    }
}

/// The parts in the order of their logs and seqs, in which the outbox numbers them.
fn placed<'a>(jobs: &'a [Job], units: &[i32]) -> Vec<Placed<'a>> {
    let mut placed: Vec<Placed<'a>> = rows(jobs, units, |job| &job.sealed.commits)
        .into_iter()
        .map(|(unit, job, commit)| Placed { unit, job, commit })
        .collect();
    placed.sort_by_key(|one| (one.log_id(), one.commit.first));
    placed
}

/// Numbers of the arrays that say which commit a row is of.
#[derive(Clone, Copy)]
struct Of {
    unit: usize,
    log_id: usize,
    first: usize,
    last: usize,
    at: usize,
}

impl Of {
    fn columns(self) -> [Column<'static>; 5] {
        [
            ("unit", "int", self.unit),
            ("log_id", "bigint", self.log_id),
            ("first_seq", "bigint", self.first),
            ("last_seq", "bigint", self.last),
            ("at", "bigint", self.at),
        ]
    }

    fn each<'a, 'b: 'a, R>(
        all: &mut Writing<'a>,
        rows: &[R],
        placed: impl Fn(&R) -> &Placed<'b>,
    ) -> Self {
        let unit = all.array(rows, |row| placed(row).unit);
        let log_id = all.array(rows, |row| placed(row).log_id());
        let first = all.array(rows, |row| int(placed(row).commit.first));
        // Where every commit has one event, its first is its last.
        let is_single = rows.iter().all(|row| {
            let commit = placed(row).commit;
            commit.first == commit.last
        });
        let last = if is_single {
            first
        } else {
            all.array(rows, |row| int(placed(row).commit.last))
        };
        let at = all.array(rows, |row| placed(row).commit.at.micros());
        Self {
            unit,
            log_id,
            first,
            last,
            at,
        }
    }
}

/// `e`: the events. Gives the arrays of their commits, if each has one event.
fn events<'a>(all: &mut Writing<'a>, placed: &[Placed<'a>]) -> Option<Of> {
    let rows: Vec<(&Placed<'a>, &'a Recorded)> = placed
        .iter()
        .flat_map(|one| one.commit.events.iter().map(move |event| (one, event)))
        .collect();
    let of = Of::each(all, &rows, |(one, _)| one);
    let is_single = rows.len() == placed.len();
    let seq = if is_single {
        of.first
    } else {
        all.array(&rows, |(_, event)| int(event.seq))
    };
    let mut columns = of.columns().to_vec();
    columns.extend([
        ("seq", "bigint", seq),
        (
            "etype",
            "text",
            all.array(&rows, |(_, event)| event.etype.as_str()),
        ),
        (
            "ever",
            "int",
            all.array(&rows, |(_, event)| i32::from(event.ever)),
        ),
        (
            "inc",
            "int",
            all.array(&rows, |(one, _)| {
                i32::try_from(one.commit.incarnation).unwrap_or(i32::MAX)
            }),
        ),
        (
            "body",
            "bytea",
            all.array(&rows, |(_, event)| event.body.as_deref()),
        ),
        (
            "body_hash",
            "bytea",
            all.array(&rows, |(_, event)| &event.body_hash.as_bytes()[..]),
        ),
        (
            "hash",
            "bytea",
            all.array(&rows, |(_, event)| &event.hash.as_bytes()[..]),
        ),
    ]);
    let (e, good) = (all.table("e", &columns), good("e"));
    all.say(format_args!(
        ",
e as (
    insert into event (log_id, seq, commit_first, commit_last, at, etype, ever, inc, body, body_hash, hash)
    select e.log_id, e.seq, e.first_seq, e.last_seq, e.at, e.etype, e.ever, e.inc, e.body, e.body_hash, e.hash
    from {e} where {good})"
    ));
    is_single.then_some(of)
}

/// `o`: what is to be announced. The rows are numbered in the order in which they come.
fn outbox<'a>(all: &mut Writing<'a>, placed: &[Placed<'a>], known: Option<Of>, told: bool) {
    let of = known.unwrap_or_else(|| Of::each(all, placed, |one| one));
    let mut columns = of.columns().to_vec();
    columns.extend([
        (
            "shard",
            "smallint",
            all.array(placed, |one| shard(&one.commit.log)),
        ),
        (
            "tx_id",
            "bytea",
            // Only has to differ between commits; the end of a hash does.
            all.array(placed, |one| {
                let hash = one.commit.hash.as_bytes();
                hash.last_chunk::<16>().map(|tail| tail.to_vec())
            }),
        ),
    ]);
    let trace = |one: &Placed<'a>| one.job.commit.trace.as_ref().map(TraceParent::as_str);
    let (mut more, mut its) = ("", "");
    if placed.iter().any(|one| trace(one).is_some()) {
        columns.push(("trace", "text", all.array(placed, trace)));
        (more, its) = (", trace", ", o.trace");
    }
    let (o, good) = (all.table("o", &columns), good("o"));
    let returning = if told { " returning id" } else { "" };
    all.say(format_args!(
        ",
o as (
    insert into outbox (shard, log_id, first_seq, last_seq, tx_id{more})
    select o.shard, o.log_id, o.first_seq, o.last_seq, o.tx_id{its} from {o} where {good}{returning})"
    ));
}

/// `r`: the receipts.
fn receipts<'a>(all: &mut Writing<'a>, placed: &[Placed<'a>]) {
    let of = |one: &'_ Placed<'a>| {
        let receipt = one.job.commit.receipt.as_ref()?;
        (receipt.log == one.commit.log).then_some(receipt)
    };
    let rows: Vec<(&Placed<'a>, &'a NewReceipt)> = placed
        .iter()
        .filter_map(|one| of(one).map(|receipt| (one, receipt)))
        .collect();
    if rows.is_empty() {
        return;
    }
    let mut columns = Of::each(all, &rows, |(one, _)| one).columns().to_vec();
    columns.extend([
        ("key", "bytea", all.array(&rows, |(_, one)| &one.key[..])),
        (
            "req_hash",
            "bytea",
            all.array(&rows, |(_, one)| &one.request_hash[..]),
        ),
        (
            "status",
            "smallint",
            all.array(&rows, |(_, one)| {
                i16::try_from(one.status).unwrap_or(i16::MAX)
            }),
        ),
        (
            "response",
            "bytea",
            all.array(&rows, |(_, one)| one.response.as_deref()),
        ),
    ]);
    let (r, good) = (all.table("r", &columns), good("r"));
    all.say(format_args!(
        ",
r as (
    insert into receipt (log_id, key, req_hash, first_seq, last_seq, status, response, created_at)
    select r.log_id, r.key, r.req_hash, r.first_seq, r.last_seq, r.status, r.response, r.at from {r} where {good})"
    ));
}

/// Releases first, so that a name can change hands in one commit.
fn claims<'a>(all: &mut Writing<'a>, jobs: &'a [Job], units: &[i32]) {
    let released = rows(jobs, units, |job| &job.commit.claims_released);
    if !released.is_empty() {
        let columns = claim_columns(all, &released);
        let (u, good) = (all.table("u", &columns), good("u"));
        all.say(format_args!(
            ",
u as (
    delete from claim x using {u}
    where (x.scope, x.kind, x.value_mac, x.log_id) = (u.scope, u.kind, u.value_mac, u.log_id) and {good}
    returning 1)"
        ));
    }
    let taken = rows(jobs, units, |job| &job.commit.claims_taken);
    if taken.is_empty() {
        return;
    }
    let mut columns = claim_columns(all, &taken);
    let seq = all.array(&taken, |(_, job, one)| {
        int(job.sealed.seq_of(&one.log, one.event).unwrap_or(Seq::ZERO))
    });
    columns.push(("seq", "bigint", seq));
    let (c, good) = (all.table("c", &columns), good("c"));
    let after = if released.is_empty() {
        ""
    } else {
        " and (select count(*) from u) >= 0"
    };
    all.say(format_args!(
        ",
c as (
    insert into claim (scope, kind, value_mac, log_id, seq)
    select c.scope, c.kind, c.value_mac, c.log_id, c.seq from {c} where {good}{after}
    order by c.scope, c.kind, c.value_mac)"
    ));
}

/// `v`: the revocations, numbered in their order.
fn revocations<'a>(all: &mut Writing<'a>, jobs: &'a [Job], units: &[i32]) {
    let rows = rows(jobs, units, |job| &job.sealed.revocations);
    if rows.is_empty() {
        return;
    }
    let columns = [
        ("unit", "int", all.array(&rows, |(unit, _, _)| *unit)),
        (
            "log_id",
            "bigint",
            all.array(&rows, |(_, job, one)| job.id(&one.log)),
        ),
        (
            "kind",
            "smallint",
            all.array(&rows, |(_, _, one)| i16::from(one.kind.code())),
        ),
        (
            "id_hash",
            "bytea",
            all.array(&rows, |(_, _, one)| &one.id_hash[..]),
        ),
        (
            "seq",
            "bigint",
            all.array(&rows, |(_, _, one)| int(one.seq)),
        ),
        (
            "before_seq",
            "bigint",
            all.array(&rows, |(_, _, one)| int(one.before)),
        ),
        (
            "at",
            "bigint",
            all.array(&rows, |(_, _, one)| one.at.micros()),
        ),
    ];
    let (v, good) = (all.table("v", &columns), good("v"));
    all.say(format_args!(
        ",
v as (
    insert into revocation (log_id, kind, id_hash, seq, before_seq, at)
    select v.log_id, v.kind, v.id_hash, v.seq, v.before_seq, v.at from {v} where {good})"
    ));
}

/// `y`, `z`: which roles trust whom. Of several changes of one row the last counts, as if they were made one by one.
fn trusting<'a>(all: &mut Writing<'a>, jobs: &'a [Job], units: &[i32]) {
    let mut changes: Vec<Trusted> = Vec::new();
    for (unit, job, change) in rows(jobs, units, |job| &job.commit.trusting) {
        let (key, log, role, seq) = match change {
            TrustingChange::Put {
                key,
                log,
                role,
                event,
            } => (key, log, role, job.sealed.seq_of(log, *event).map(int)),
            TrustingChange::Remove { key, log, role } => (key, log, role, None),
        };
        let id = job.id(log);
        changes.retain(|one| (&one.key[..], one.id, &one.role) != (&key[..], id, role));
        changes.push(Trusted {
            unit,
            key: key.to_vec(),
            id,
            role: role.clone(),
            seq,
        });
    }
    let (puts, removals): (Vec<_>, Vec<_>) = changes.into_iter().partition(|one| one.seq.is_some());
    if !puts.is_empty() {
        let mut columns = trusted_columns(all, &puts);
        columns.push(("seq", "bigint", all.array(&puts, |row| row.seq)));
        let (y, good) = (all.table("y", &columns), good("y"));
        all.say(format_args!(
            ",
y as (
    insert into trusting (key, log_id, role, seq)
    select y.key, y.log_id, y.role, y.seq from {y} where {good}
    on conflict (key, log_id, role) do update set seq = excluded.seq)"
        ));
    }
    if !removals.is_empty() {
        let columns = trusted_columns(all, &removals);
        let (z, good) = (all.table("z", &columns), good("z"));
        all.say(format_args!(
            ",
z as (
    delete from trusting x using {z}
    where (x.key, x.log_id, x.role) = (z.key, z.log_id, z.role) and {good})"
        ));
    }
}

struct Trusted {
    unit: i32,
    key: Vec<u8>,
    id: i64,
    role: String,
    seq: Option<i64>,
}

fn trusted_columns(all: &mut Writing<'_>, rows: &[Trusted]) -> Vec<Column<'static>> {
    vec![
        ("unit", "int", all.array(rows, |row| row.unit)),
        ("key", "bytea", all.array(rows, |row| row.key.clone())),
        ("log_id", "bigint", all.array(rows, |row| row.id)),
        ("role", "text", all.array(rows, |row| row.role.clone())),
    ]
}

/// `p`: personal data that events name, the one side row that most commits have. One that is there already is an error.
fn personal<'a>(all: &mut Writing<'a>, jobs: &'a [Job], units: &[i32]) {
    let rows: Vec<_> = rows(jobs, units, |job| &job.commit.side)
        .into_iter()
        .filter_map(|(unit, job, write)| match write {
            SideWrite::PersonalInsert(row) => Some((unit, job.id(&row.log), row)),
            _ => None,
        })
        .collect();
    if rows.is_empty() {
        return;
    }
    let columns = [
        ("unit", "int", all.array(&rows, |(unit, _, _)| *unit)),
        ("log_id", "bigint", all.array(&rows, |(_, id, _)| *id)),
        (
            "subject",
            "text",
            all.array(&rows, |(_, _, row)| row.subject.clone()),
        ),
        (
            "field",
            "int",
            all.array(&rows, |(_, _, row)| i32::from(row.field)),
        ),
        (
            "generation",
            "bigint",
            all.array(&rows, |(_, _, row)| i64::from(row.generation)),
        ),
        (
            "salt",
            "bytea",
            all.array(&rows, |(_, _, row)| row.salt.to_vec()),
        ),
        (
            "body",
            "bytea",
            all.array(&rows, |(_, _, row)| row.body.0.clone()),
        ),
    ];
    let (p, good) = (all.table("p", &columns), good("p"));
    all.say(format_args!(
        ",
p as (
    insert into personal (log_id, subject, field, generation, salt, body)
    select p.log_id, p.subject, p.field, p.generation, p.salt, p.body from {p} where {good})"
    ));
}

/// The columns of names that are claimed.
fn name_columns<'a>(
    all: &mut Writing<'a>,
    claims: &[(i32, &'a Job, &'a Claim)],
) -> Vec<Column<'static>> {
    vec![
        ("unit", "int", all.array(claims, |(unit, _, _)| *unit)),
        (
            "scope",
            "bigint",
            all.array(claims, |(_, job, one)| job.scope(&one.key.scope)),
        ),
        (
            "kind",
            "int",
            all.array(claims, |(_, _, one)| i32::from(one.key.kind)),
        ),
        (
            "value_mac",
            "bytea",
            all.array(claims, |(_, _, one)| &one.key.mac[..]),
        ),
    ]
}

/// The same with the log that claims each.
fn claim_columns<'a>(
    all: &mut Writing<'a>,
    claims: &[(i32, &'a Job, &'a Claim)],
) -> Vec<Column<'static>> {
    let mut columns = name_columns(all, claims);
    let log = all.array(claims, |(_, job, one)| job.id(&one.log));
    columns.push(("log_id", "bigint", log));
    columns
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
