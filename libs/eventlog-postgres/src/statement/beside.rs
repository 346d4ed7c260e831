//! Rows beside the log that the events of a commit lead to: revocations, who is trusted, personal data.

use trilby_eventlog::{SideWrite, TrustingChange};

use super::{Column, Writing, good, rows};
use crate::job::Job;
use crate::rows::int;

/// `v`: the revocations, numbered in their order.
pub(super) fn revocations<'a>(all: &mut Writing<'a>, jobs: &'a [Job], units: &[i32]) {
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
pub(super) fn trusting<'a>(all: &mut Writing<'a>, jobs: &'a [Job], units: &[i32]) {
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
pub(super) fn personal<'a>(all: &mut Writing<'a>, jobs: &'a [Job], units: &[i32]) {
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
