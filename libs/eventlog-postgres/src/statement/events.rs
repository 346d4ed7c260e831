//! What each part of a commit adds to its log: the events, their row in the outbox, the receipt.

use trilby_eventlog::{NewReceipt, Recorded, RecordedCommit};
use trilby_model::TraceParent;

use super::{Column, Writing, good, rows, shard};
use crate::job::Job;
use crate::rows::int;

/// One log's part of a commit.
pub(super) struct Placed<'a> {
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
pub(super) fn placed<'a>(jobs: &'a [Job], units: &[i32]) -> Vec<Placed<'a>> {
    let mut placed: Vec<Placed<'a>> = rows(jobs, units, |job| &job.sealed.commits)
        .into_iter()
        .map(|(unit, job, commit)| Placed { unit, job, commit })
        .collect();
    placed.sort_by_key(|one| (one.log_id(), one.commit.first));
    placed
}

/// Numbers of the arrays that say which commit a row is of.
#[derive(Clone, Copy)]
pub(super) struct Of {
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
pub(super) fn events<'a>(all: &mut Writing<'a>, placed: &[Placed<'a>]) -> Option<Of> {
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
pub(super) fn outbox<'a>(
    all: &mut Writing<'a>,
    placed: &[Placed<'a>],
    known: Option<Of>,
    told: bool,
) {
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
pub(super) fn receipts<'a>(all: &mut Writing<'a>, placed: &[Placed<'a>]) {
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
