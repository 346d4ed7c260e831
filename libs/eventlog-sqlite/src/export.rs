//! Every row of a table, a page at a time.

use rusqlite::{Connection, Result, Row as SqlRow};
use trilby_eventlog::archive::{Row, Rows, Section};
use trilby_eventlog::{ClaimKey, ClaimOwner, ClaimScope, Error};
use trilby_model::LogId;

use crate::failure::failure;
use crate::rows::{self, limit, odd};

/// The query of a section. Its first column is the row's place, by which it is ordered.
fn query(section: Section) -> &'static str {
    match section {
        Section::Heads => include_str!("queries/export_heads.sql"),
        Section::Receipts => include_str!("queries/export_receipts.sql"),
        Section::Claims => include_str!("queries/export_claims.sql"),
        Section::Revocations => include_str!("queries/export_revocations.sql"),
        Section::Trusting => include_str!("queries/export_trusting.sql"),
        Section::Outbox => include_str!("queries/export_outbox.sql"),
        Section::Snapshots => include_str!("queries/export_snapshots.sql"),
        Section::Credentials => include_str!("queries/export_credentials.sql"),
        Section::SealedKeys => include_str!("queries/export_sealed_keys.sql"),
        Section::Personal => include_str!("queries/export_personal.sql"),
        Section::OneTime => include_str!("queries/export_one_time.sql"),
        Section::Counters => include_str!("queries/export_counters.sql"),
        Section::Segments => include_str!("queries/export_segments.sql"),
        Section::Activity => include_str!("queries/export_activity.sql"),
    }
}

fn read(section: Section, row: &SqlRow<'_>) -> Result<Row> {
    Ok(match section {
        Section::Heads => Row::Head(rows::head(row)?),
        Section::Receipts => Row::Receipt(rows::receipt(row, 1)?),
        Section::Claims => claim(row)?,
        Section::Revocations => Row::Revocation(rows::revocation(row, 1)?),
        Section::Trusting => Row::Trusting(rows::trusting(row, 1)?),
        Section::Outbox => Row::Outbox(rows::outbox(row, 1)?),
        Section::Snapshots => Row::Snapshot(rows::snapshot(row, 1)?),
        Section::Credentials => Row::Credential(rows::credential(row, 1)?),
        Section::SealedKeys => Row::SealedKey(rows::sealed_key(row, 1)?),
        Section::Personal => Row::Personal(rows::personal(row, 1)?),
        Section::OneTime => Row::OneTime(rows::one_time(row, 1)?),
        Section::Counters => Row::Counter(
            rows::log(row, 1)?,
            row.get(2)?,
            row.get(3)?,
            rows::counter(row, 4)?,
        ),
        Section::Segments => Row::Segment(rows::segment(row, 1)?),
        Section::Activity => Row::Activity(rows::activity(row, 1)?),
    })
}

/// From (place, scope's public_id, scope, kind, value_mac, public_id, seq).
fn claim(row: &SqlRow<'_>) -> Result<Row> {
    let scope: i64 = row.get(2)?;
    let scope = if scope == 0 {
        ClaimScope::Store
    } else {
        let log: Option<String> = row.get(1)?;
        let log = log.and_then(|text| text.parse().ok());
        ClaimScope::Log(log.ok_or_else(|| odd(1, "a claim's scope is no log"))?)
    };
    let key = ClaimKey {
        scope,
        kind: row.get(3)?,
        mac: row.get(4)?,
    };
    Ok(Row::Claim(
        key,
        ClaimOwner {
            log: rows::log(row, 5)?,
            seq: rows::seq(row, 6)?,
        },
    ))
}

/// A page of a section.
pub(crate) fn page(
    conn: &Connection,
    section: Section,
    log: Option<&LogId>,
    after: Option<u64>,
    n: usize,
) -> std::result::Result<Rows, Error> {
    let after = after.map_or(0, |after| i64::try_from(after).unwrap_or(i64::MAX));
    let mut select = conn.prepare_cached(query(section)).map_err(failure)?;
    let of = (after, log.map(LogId::to_string), limit(n.saturating_add(1)));
    let found = select
        .query_map(of, |row| Ok((row.get::<_, i64>(0)?, read(section, row)?)))
        .and_then(Iterator::collect::<Result<Vec<_>>>)
        .map_err(failure)?;
    let has_more = found.len() > n;
    let (places, rows): (Vec<i64>, Vec<Row>) = found.into_iter().take(n).unzip();
    let last = places.last().and_then(|place| u64::try_from(*place).ok());
    Ok(Rows {
        rows,
        next: last.filter(|_| has_more),
    })
}
