//! Where the logs must stand and where they stand afterwards, and what keeps a unit out.

use super::claims::{claim_columns, name_columns};
use super::{Writing, good, rows};
use crate::job::Job;
use crate::rows::int;

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
pub(super) fn heads<'a>(
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
