//! The append statement.
//!
//! It takes the commits of a group and writes those that hold, all parts of each, in one go. Commits that share a log
//! are one *unit*, and hold or fall together. What a unit needs: every log stands where it says and is open, the store
//! is of the incarnation that it was sealed for, none of its callers was revoked, no receipt of its keys is there, and no
//! claim that it takes is held.
//!
//! The heads are locked in one order, so two groups never wait for each other in a circle; `for update` sees the newest
//! version of a head, whatever the statement's snapshot. The rest of the conditions is seen in the snapshot: what was
//! acknowledged before the statement began is in it, and what came later in one of its logs has moved that head. Names of
//! other logs can be taken in between; then the unique index refuses, and the group is tried one by one.
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

/// A table given as one array a column.
#[derive(Default)]
struct Columns<'a> {
    sql: String,
    values: Vec<Value<'a>>,
}

impl<'a> Columns<'a> {
    /// Adds `unnest($n::type[], …) as name(column, …)`.
    fn table(&mut self, name: &str, columns: &[(&str, &str)], values: Vec<Value<'a>>) -> String {
        let first = self.values.len() + 1;
        let casts: Vec<String> = columns
            .iter()
            .enumerate()
            .map(|(i, (_, kind))| format!("${}::{kind}[]", first + i))
            .collect();
        let names: Vec<&str> = columns.iter().map(|(name, _)| *name).collect();
        self.values.extend(values);
        format!("unnest({}) as {name}({})", casts.join(","), names.join(","))
    }
}

/// A value of each row.
fn column<'a, R, T: ToSql + Sync + Send + 'a>(rows: &[R], value: impl Fn(&R) -> T) -> Value<'a> {
    Box::new(rows.iter().map(value).collect::<Vec<T>>())
}

/// The statement for a group. `units` says which unit each job is in; `strict` makes a unit that does not hold an error,
/// so that what follows in the transaction, the side writes, does not happen; `told` gives the outbox's ids.
pub(crate) fn of<'a>(
    jobs: &'a [Job],
    units: &[i32],
    incarnation: u32,
    strict: bool,
    told: bool,
) -> Statement<'a> {
    let mut all = Columns::default();
    heads(&mut all, jobs, units, incarnation, strict);
    let placed = placed(jobs, units);
    commits(&mut all, &placed);
    events(&mut all, &placed);
    outbox(&mut all, told);
    receipts(&mut all, &placed);
    claims(&mut all, jobs, units);
    revocations(&mut all, jobs, units);
    trusting(&mut all, jobs, units);
    if !strict {
        personal(&mut all, jobs, units);
    }
    let ids = if told {
        "(select array_agg(id) from o)"
    } else {
        "null::bigint[]"
    };
    // Dividing by zero is how a statement fails that need not have a function.
    let holds = if strict {
        "1 / (ok.unit is not null)::int = 1"
    } else {
        "ok.unit is not null"
    };
    let _ = write!(
        all.sql,
        "\nselect g.unit, {holds}, {ids} from g left join ok using (unit)"
    );
    Statement {
        sql: all.sql,
        values: all.values,
    }
}

fn heads<'a>(all: &mut Columns<'a>, jobs: &'a [Job], units: &[i32], incarnation: u32, alone: bool) {
    // Of several commits to one log the first says where it must stand and the last where it stands afterwards.
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
    let n = all.table(
        "n",
        &[
            ("unit", "int"),
            ("log_id", "bigint"),
            ("exp_seq", "bigint"),
            ("exp_hash", "bytea"),
            ("new_seq", "bigint"),
            ("new_hash", "bytea"),
            ("at", "bigint"),
        ],
        vec![
            column(&rows, |row| row.unit),
            column(&rows, |row| row.id),
            column(&rows, |row| row.seq),
            column(&rows, |row| row.hash.clone()),
            column(&rows, |row| row.new.as_ref().map(|new| new.0)),
            column(&rows, |row| row.new.as_ref().map(|new| new.1.clone())),
            column(&rows, |row| row.new.as_ref().map(|new| new.2)),
        ],
    );
    all.values
        .push(Box::new(i32::try_from(incarnation).unwrap_or(i32::MAX)));
    let inc = all.values.len();
    // Those in a group wait for nobody: whose head is locked is sent again alone, and the others are done meanwhile.
    let wait = if alone { "" } else { " skip locked" };
    let _ = write!(
        all.sql,
        "with n as materialized (select * from {n}),
lk as materialized (
    select log_id, seq, hash, state from log_head where log_id = any($2) order by log_id for update{wait}),
g as materialized (
    select n.unit, bool_and(coalesce(lk.seq = n.exp_seq and lk.hash = n.exp_hash and lk.state = 1, false)) as fresh
    from n left join lk using (log_id) group by n.unit),
ok as materialized (
    select g.unit from g where g.fresh and (select incarnation from store_meta) = ${inc}"
    );
    refusals(all, jobs, units);
    all.sql.push_str(
        "),
h as (
    update log_head x set seq = n.new_seq, hash = n.new_hash, last_at = n.at
    from n join ok using (unit) where x.log_id = n.log_id and n.new_seq is not null)",
    );
}

struct HeadRow {
    unit: i32,
    id: i64,
    seq: i64,
    hash: Vec<u8>,
    new: Option<(i64, Vec<u8>, i64)>,
}

/// What else keeps a unit out.
fn refusals<'a>(all: &mut Columns<'a>, jobs: &'a [Job], units: &[i32]) {
    let alive = rows(jobs, units, |job| &job.commit.alive);
    if !alive.is_empty() {
        // A log that is not there has revoked nothing: its number is 0.
        let a = all.table(
            "a",
            &[
                ("unit", "int"),
                ("kind", "smallint"),
                ("id_hash", "bytea"),
                ("log_id", "bigint"),
                ("seq", "bigint"),
            ],
            vec![
                column(&alive, |(unit, _, _)| *unit),
                column(&alive, |(_, _, one)| i16::from(one.kind.code())),
                column(&alive, |(_, _, one)| &one.id_hash[..]),
                column(&alive, |(_, job, one)| job.id(&one.log)),
                column(&alive, |(_, _, one)| int(one.seq)),
            ],
        );
        let _ = write!(
            all.sql,
            "
    and not exists (select from {a} join revocation r using (kind, id_hash, log_id)
        where a.unit = g.unit and r.before_seq > a.seq)"
        );
    }
    // Looked up one by one: the policy of the table names its logs, and a plan that begins there reads all receipts of a log.
    let keys = rows(jobs, units, |job| job.commit.receipt.as_slice());
    if !keys.is_empty() {
        let k = all.table(
            "k",
            &[("unit", "int"), ("log_id", "bigint"), ("key", "bytea")],
            vec![
                column(&keys, |(unit, _, _)| *unit),
                column(&keys, |(_, job, one)| job.id(&one.log)),
                column(&keys, |(_, _, one)| &one.key[..]),
            ],
        );
        let _ = write!(
            all.sql,
            "
    and not exists (select from {k} cross join lateral (
        select from receipt r where r.log_id = k.log_id and r.key = k.key offset 0) r where k.unit = g.unit)"
        );
    }
    let taken = rows(jobs, units, |job| &job.commit.claims_taken);
    if taken.is_empty() {
        return;
    }
    let t = all.table("t", &NAME, name_columns(&taken));
    let released = rows(jobs, units, |job| &job.commit.claims_released);
    let but_for = if released.is_empty() {
        String::new()
    } else {
        let f = all.table("f", &CLAIM, claim_columns(&released));
        format!(
            " and not exists (select from {f} where f.unit = g.unit
            and (f.scope, f.kind, f.value_mac, f.log_id) = (c.scope, c.kind, c.value_mac, c.log_id))"
        )
    };
    let _ = write!(
        all.sql,
        "
    and not exists (select from {t} join claim c using (scope, kind, value_mac) where t.unit = g.unit{but_for})"
    );
}

/// One log's part of a commit, and its place among all of the group.
struct Placed<'a> {
    place: i32,
    unit: i32,
    job: &'a Job,
    commit: &'a RecordedCommit,
}

fn placed<'a>(jobs: &'a [Job], units: &[i32]) -> Vec<Placed<'a>> {
    let rows = rows(jobs, units, |job| &job.sealed.commits);
    let placed = (0_i32..)
        .zip(rows)
        .map(|(place, (unit, job, commit))| Placed {
            place,
            unit,
            job,
            commit,
        });
    placed.collect()
}

/// `w`: the commits that hold, each once, so that what they share is not sent with each of their rows.
fn commits<'a>(all: &mut Columns<'a>, placed: &[Placed<'a>]) {
    let c = all.table(
        "c",
        &[
            ("unit", "int"),
            ("place", "int"),
            ("shard", "smallint"),
            ("log_id", "bigint"),
            ("first_seq", "bigint"),
            ("last_seq", "bigint"),
            ("at", "bigint"),
            ("inc", "int"),
            ("tx_id", "bytea"),
            ("trace", "text"),
        ],
        vec![
            column(placed, |one| one.unit),
            column(placed, |one| one.place),
            column(placed, |one| shard(&one.commit.log)),
            column(placed, |one| one.job.id(&one.commit.log)),
            column(placed, |one| int(one.commit.first)),
            column(placed, |one| int(one.commit.last)),
            column(placed, |one| one.commit.at.micros()),
            column(placed, |one| {
                i32::try_from(one.commit.incarnation).unwrap_or(i32::MAX)
            }),
            // Only has to differ between commits; the end of a hash does.
            column(placed, |one| {
                let hash = one.commit.hash.as_bytes();
                hash.last_chunk::<16>().map(|tail| tail.to_vec())
            }),
            column(placed, |one| {
                let trace = one.job.commit.trace.as_ref();
                trace.map(TraceParent::as_str)
            }),
        ],
    );
    let _ = write!(
        all.sql,
        ",
w as materialized (select c.* from {c} join ok using (unit))"
    );
}

fn events<'a>(all: &mut Columns<'a>, placed: &[Placed<'a>]) {
    let of = |one: &Placed<'a>| {
        let (place, commit) = (one.place, one.commit);
        commit.events.iter().map(move |event| (place, event))
    };
    let rows: Vec<(i32, &'a Recorded)> = placed.iter().flat_map(of).collect();
    let e = all.table(
        "e",
        &[
            ("place", "int"),
            ("seq", "bigint"),
            ("etype", "text"),
            ("ever", "int"),
            ("body", "bytea"),
            ("body_hash", "bytea"),
            ("hash", "bytea"),
        ],
        vec![
            column(&rows, |(place, _)| *place),
            column(&rows, |(_, event)| int(event.seq)),
            column(&rows, |(_, event)| event.etype.as_str()),
            column(&rows, |(_, event)| i32::from(event.ever)),
            column(&rows, |(_, event)| event.body.as_deref()),
            column(&rows, |(_, event)| &event.body_hash.as_bytes()[..]),
            column(&rows, |(_, event)| &event.hash.as_bytes()[..]),
        ],
    );
    let _ = write!(
        all.sql,
        ",
e as (
    insert into event (log_id, seq, commit_first, commit_last, at, etype, ever, inc, body, body_hash, hash)
    select w.log_id, e.seq, w.first_seq, w.last_seq, w.at, e.etype, e.ever, w.inc, e.body, e.body_hash, e.hash
    from {e} join w using (place))"
    );
}

fn outbox(all: &mut Columns<'_>, told: bool) {
    let returning = if told { " returning id" } else { "" };
    let _ = write!(
        all.sql,
        ",
o as (
    insert into outbox (shard, log_id, first_seq, last_seq, tx_id, trace)
    select shard, log_id, first_seq, last_seq, tx_id, trace from w order by log_id, first_seq{returning})"
    );
}

fn receipts<'a>(all: &mut Columns<'a>, placed: &[Placed<'a>]) {
    let of = |one: &Placed<'a>| {
        let receipt = one.job.commit.receipt.as_ref()?;
        (receipt.log == one.commit.log).then_some((one.place, receipt))
    };
    let rows: Vec<(i32, &'a NewReceipt)> = placed.iter().filter_map(of).collect();
    if rows.is_empty() {
        return;
    }
    let r = all.table(
        "r",
        &[
            ("place", "int"),
            ("key", "bytea"),
            ("req_hash", "bytea"),
            ("status", "smallint"),
            ("response", "bytea"),
        ],
        vec![
            column(&rows, |(place, _)| *place),
            column(&rows, |(_, one)| &one.key[..]),
            column(&rows, |(_, one)| &one.request_hash[..]),
            column(&rows, |(_, one)| {
                i16::try_from(one.status).unwrap_or(i16::MAX)
            }),
            column(&rows, |(_, one)| one.response.as_deref()),
        ],
    );
    let _ = write!(
        all.sql,
        ",
r as (
    insert into receipt (log_id, key, req_hash, first_seq, last_seq, status, response, created_at)
    select w.log_id, r.key, r.req_hash, w.first_seq, w.last_seq, r.status, r.response, w.at
    from {r} join w using (place))"
    );
}

/// Releases first, so that a name can change hands in one commit.
fn claims<'a>(all: &mut Columns<'a>, jobs: &'a [Job], units: &[i32]) {
    let released = rows(jobs, units, |job| &job.commit.claims_released);
    if !released.is_empty() {
        let u = all.table("u", &CLAIM, claim_columns(&released));
        let _ = write!(
            all.sql,
            ",
u as (
    delete from claim x using {u} join ok using (unit)
    where (x.scope, x.kind, x.value_mac, x.log_id) = (u.scope, u.kind, u.value_mac, u.log_id)
    returning 1)"
        );
    }
    let taken = rows(jobs, units, |job| &job.commit.claims_taken);
    if taken.is_empty() {
        return;
    }
    let mut with_seq = CLAIM.to_vec();
    with_seq.push(("seq", "bigint"));
    let mut values = claim_columns(&taken);
    values.push(column(&taken, |(_, job, one)| {
        int(job.sealed.seq_of(&one.log, one.event).unwrap_or(Seq::ZERO))
    }));
    let c = all.table("c", &with_seq, values);
    let after = if released.is_empty() {
        ""
    } else {
        " where (select count(*) from u) >= 0"
    };
    let _ = write!(
        all.sql,
        ",
c as (
    insert into claim (scope, kind, value_mac, log_id, seq)
    select c.scope, c.kind, c.value_mac, c.log_id, c.seq from {c} join ok using (unit){after}
    order by c.scope, c.kind, c.value_mac)"
    );
}

fn revocations<'a>(all: &mut Columns<'a>, jobs: &'a [Job], units: &[i32]) {
    let rows = rows(jobs, units, |job| &job.sealed.revocations);
    if rows.is_empty() {
        return;
    }
    let v = all.table(
        "v",
        &[
            ("unit", "int"),
            ("log_id", "bigint"),
            ("kind", "smallint"),
            ("id_hash", "bytea"),
            ("seq", "bigint"),
            ("before_seq", "bigint"),
            ("at", "bigint"),
            ("place", "int"),
        ],
        vec![
            column(&rows, |(unit, _, _)| *unit),
            column(&rows, |(_, job, one)| job.id(&one.log)),
            column(&rows, |(_, _, one)| i16::from(one.kind.code())),
            column(&rows, |(_, _, one)| &one.id_hash[..]),
            column(&rows, |(_, _, one)| int(one.seq)),
            column(&rows, |(_, _, one)| int(one.before)),
            column(&rows, |(_, _, one)| one.at.micros()),
            Box::new((0_i32..).take(rows.len()).collect::<Vec<i32>>()),
        ],
    );
    let _ = write!(
        all.sql,
        ",
v as (
    insert into revocation (log_id, kind, id_hash, seq, before_seq, at)
    select v.log_id, v.kind, v.id_hash, v.seq, v.before_seq, v.at from {v} join ok using (unit)
    order by v.place)"
    );
}

/// Of several changes of one row the last counts, as if they were made one by one.
fn trusting<'a>(all: &mut Columns<'a>, jobs: &'a [Job], units: &[i32]) {
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
    let columns = [
        ("unit", "int"),
        ("key", "bytea"),
        ("log_id", "bigint"),
        ("role", "text"),
        ("seq", "bigint"),
    ];
    let values = |rows: &[Trusted]| {
        vec![
            column(rows, |row| row.unit),
            column(rows, |row| row.key.clone()),
            column(rows, |row| row.id),
            column(rows, |row| row.role.clone()),
            column(rows, |row| row.seq),
        ]
    };
    if !puts.is_empty() {
        let y = all.table("y", &columns, values(&puts));
        let _ = write!(
            all.sql,
            ",
y as (
    insert into trusting (key, log_id, role, seq)
    select y.key, y.log_id, y.role, y.seq from {y} join ok using (unit)
    on conflict (key, log_id, role) do update set seq = excluded.seq)"
        );
    }
    if !removals.is_empty() {
        let z = all.table("z", &columns, values(&removals));
        let _ = write!(
            all.sql,
            ",
z as (
    delete from trusting x using {z} join ok using (unit)
    where (x.key, x.log_id, x.role) = (z.key, z.log_id, z.role))"
        );
    }
}

struct Trusted {
    unit: i32,
    key: Vec<u8>,
    id: i64,
    role: String,
    seq: Option<i64>,
}

/// Personal data that events name, the one side row that most commits have. One that is there already is an error.
fn personal<'a>(all: &mut Columns<'a>, jobs: &'a [Job], units: &[i32]) {
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
    let p = all.table(
        "p",
        &[
            ("unit", "int"),
            ("log_id", "bigint"),
            ("subject", "text"),
            ("field", "int"),
            ("generation", "bigint"),
            ("salt", "bytea"),
            ("body", "bytea"),
        ],
        vec![
            column(&rows, |(unit, _, _)| *unit),
            column(&rows, |(_, id, _)| *id),
            column(&rows, |(_, _, row)| row.subject.clone()),
            column(&rows, |(_, _, row)| i32::from(row.field)),
            column(&rows, |(_, _, row)| i64::from(row.generation)),
            column(&rows, |(_, _, row)| row.salt.to_vec()),
            column(&rows, |(_, _, row)| row.body.0.clone()),
        ],
    );
    let _ = write!(
        all.sql,
        ",
p as (
    insert into personal (log_id, subject, field, generation, salt, body)
    select p.log_id, p.subject, p.field, p.generation, p.salt, p.body from {p} join ok using (unit))"
    );
}

/// The columns of a name that is claimed.
const NAME: [(&str, &str); 4] = [
    ("unit", "int"),
    ("scope", "bigint"),
    ("kind", "int"),
    ("value_mac", "bytea"),
];

/// The same with the log that claims it.
const CLAIM: [(&str, &str); 5] = [NAME[0], NAME[1], NAME[2], NAME[3], ("log_id", "bigint")];

/// Values of the columns [`NAME`].
fn name_columns<'a>(claims: &[(i32, &'a Job, &'a Claim)]) -> Vec<Value<'a>> {
    vec![
        column(claims, |(unit, _, _)| *unit),
        column(claims, |(_, job, one)| job.scope(&one.key.scope)),
        column(claims, |(_, _, one)| i32::from(one.key.kind)),
        column(claims, |(_, _, one)| &one.key.mac[..]),
    ]
}

/// Values of the columns [`CLAIM`].
fn claim_columns<'a>(claims: &[(i32, &'a Job, &'a Claim)]) -> Vec<Value<'a>> {
    let mut values = name_columns(claims);
    values.push(column(claims, |(_, job, one)| job.id(&one.log)));
    values
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
