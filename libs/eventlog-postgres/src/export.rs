//! Every row of a table, a page at a time, in the order of their places in it. A place is the row's number where it has
//! one, else where it lies: block and line. Within one moment (a store opened for reading) that does not move.

use tokio_postgres::Row as PgRow;
use trilby_eventlog::archive::{Row, Rows, Section};
use trilby_eventlog::{ClaimKey, ClaimOwner, ClaimScope, Error};
use trilby_model::LogId;

use crate::pipeline::Param;
use crate::rows::{self, limit, odd};
use crate::source::Source;

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

fn read(section: Section, row: &PgRow) -> Result<Row, Error> {
    Ok(match section {
        Section::Heads => Row::Head(rows::head(row, 1)?),
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
            rows::get(row, 2)?,
            rows::number(row, 3)?,
            rows::counter(row, 4)?,
        ),
        Section::Segments => Row::Segment(rows::segment(row, 1)?),
        Section::Activity => Row::Activity(rows::activity(row, 1)?),
    })
}

/// From (place, scope's public_id, scope, kind, value_mac, public_id, seq).
fn claim(row: &PgRow) -> Result<Row, Error> {
    let scope: i64 = rows::get(row, 2)?;
    let scope = if scope == 0 {
        ClaimScope::Store
    } else {
        let log: Option<&str> = rows::get(row, 1)?;
        let log = log.and_then(|text| text.parse().ok());
        ClaimScope::Log(log.ok_or_else(|| odd("a claim's scope is no log"))?)
    };
    let key = ClaimKey {
        scope,
        kind: rows::number(row, 3)?,
        mac: rows::bytes(row, 4)?,
    };
    let owner = ClaimOwner {
        log: rows::log(row, 5)?,
        seq: rows::seq(row, 6)?,
    };
    Ok(Row::Claim(key, owner))
}

/// A page of a section.
pub(crate) async fn page(
    source: &Source,
    section: Section,
    log: Option<&LogId>,
    after: Option<u64>,
    n: usize,
) -> Result<Rows, Error> {
    let after = after.map_or(-1, |after| i64::try_from(after).unwrap_or(i64::MAX));
    let name = log.map(LogId::to_string);
    let sql = query(section);
    let limit = limit(n.saturating_add(1));
    let found = match section {
        // Segments belong to no log.
        Section::Segments => source.rows(None, sql, &[&after, &limit]).await?,
        _ => {
            let of: &[Param<'_>] = &[&after, &name, &limit];
            source.rows(name.as_deref(), sql, of).await?
        }
    };
    let has_more = found.len() > n;
    let mut last = None;
    let mut page = Vec::with_capacity(n.min(found.len()));
    for row in found.iter().take(n) {
        last = Some(rows::number(row, 0)?);
        page.push(read(section, row)?);
    }
    Ok(Rows {
        rows: page,
        next: last.filter(|_| has_more),
    })
}
