//! Names that are taken and given up.

use trilby_eventlog::Claim;
use trilby_model::Seq;

use super::{Column, Writing, good, rows};
use crate::job::Job;
use crate::rows::int;

/// Releases first, so that a name can change hands in one commit.
pub(super) fn claims<'a>(all: &mut Writing<'a>, jobs: &'a [Job], units: &[i32]) {
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

/// The columns of names that are claimed.
pub(super) fn name_columns<'a>(
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
pub(super) fn claim_columns<'a>(
    all: &mut Writing<'a>,
    claims: &[(i32, &'a Job, &'a Claim)],
) -> Vec<Column<'static>> {
    let mut columns = name_columns(all, claims);
    let log = all.array(claims, |(_, job, one)| job.id(&one.log));
    columns.push(("log_id", "bigint", log));
    columns
}
