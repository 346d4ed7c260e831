//! Rows to values. Each reader takes the column at which its values begin.

use rusqlite::types::{FromSql, Type};
use rusqlite::{Error, Result, Row};
use trilby_eventlog::{
    Activity, ActivityRecord, Counter, Credential, Head, HeadState, OneTime, OutboxRow, Personal,
    Recorded, Revocation, RevocationKind, SealedKey, Segment, SideBody, Snapshot, StoreMeta,
    StoredReceipt, Trusting,
};
use trilby_model::{Hash, LogId, Seq, Timestamp};

/// A seq as SQLite holds it. None can be that high; a question for one finds nothing.
pub(crate) fn int(seq: Seq) -> i64 {
    i64::try_from(seq.get()).unwrap_or(i64::MAX)
}

/// A number of rows as a limit.
pub(crate) fn limit(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// A column that says something no writer says.
pub(crate) fn odd(column: usize, what: &str) -> Error {
    Error::FromSqlConversionFailure(column, Type::Null, what.into())
}

fn get<T: FromSql>(row: &Row<'_>, column: usize) -> Result<T> {
    row.get(column)
}

pub(crate) fn log(row: &Row<'_>, column: usize) -> Result<LogId> {
    let text: String = get(row, column)?;
    text.parse().map_err(|_| odd(column, "a log id is not one"))
}

pub(crate) fn seq(row: &Row<'_>, column: usize) -> Result<Seq> {
    let number: i64 = get(row, column)?;
    u64::try_from(number)
        .map(Seq::new)
        .map_err(|_| Error::IntegralValueOutOfRange(column, number))
}

pub(crate) fn hash(row: &Row<'_>, column: usize) -> Result<Hash> {
    get(row, column).map(Hash)
}

pub(crate) fn at(row: &Row<'_>, column: usize) -> Result<Timestamp> {
    get(row, column).map(Timestamp::from_micros)
}

fn maybe_at(row: &Row<'_>, column: usize) -> Result<Option<Timestamp>> {
    Ok(get::<Option<i64>>(row, column)?.map(Timestamp::from_micros))
}

fn body(row: &Row<'_>, column: usize) -> Result<SideBody> {
    get(row, column).map(SideBody)
}

pub(crate) fn meta(row: &Row<'_>) -> Result<StoreMeta> {
    Ok(StoreMeta {
        store_id: get(row, 0)?,
        incarnation: get(row, 1)?,
        store_key_fingerprint: get(row, 2)?,
        min_reader_level: get(row, 3)?,
    })
}

/// From (log_id, public_id, seq, hash, last_at, state).
pub(crate) fn head(row: &Row<'_>) -> Result<Head> {
    head_of(row, 2, &log(row, 1)?)
}

/// From (seq, hash, last_at, state), of a known log.
pub(crate) fn head_of(row: &Row<'_>, c: usize, log: &LogId) -> Result<Head> {
    Ok(Head {
        log: log.clone(),
        seq: seq(row, c)?,
        hash: hash(row, c + 1)?,
        at: at(row, c + 2)?,
        state: HeadState::from_code(get(row, c + 3)?)
            .ok_or_else(|| odd(c + 3, "a head's state is unknown"))?,
    })
}

/// From (seq, commit_first, commit_last, at, etype, ever, inc, body, body_hash, hash).
pub(crate) fn event(row: &Row<'_>, log: &LogId) -> Result<Recorded> {
    Ok(Recorded {
        log: log.clone(),
        seq: seq(row, 0)?,
        commit_first: seq(row, 1)?,
        commit_last: seq(row, 2)?,
        at: at(row, 3)?,
        etype: get(row, 4)?,
        ever: get(row, 5)?,
        incarnation: get(row, 6)?,
        body: get(row, 7)?,
        body_hash: hash(row, 8)?,
        hash: hash(row, 9)?,
    })
}

pub(crate) fn receipt(row: &Row<'_>, c: usize) -> Result<StoredReceipt> {
    Ok(StoredReceipt {
        log: log(row, c)?,
        key: get(row, c + 1)?,
        request_hash: get(row, c + 2)?,
        first: seq(row, c + 3)?,
        last: seq(row, c + 4)?,
        status: get(row, c + 5)?,
        response: get(row, c + 6)?,
        created_at: at(row, c + 7)?,
    })
}

pub(crate) fn revocation(row: &Row<'_>, c: usize) -> Result<Revocation> {
    Ok(Revocation {
        log: log(row, c)?,
        kind: RevocationKind::from_code(get(row, c + 1)?)
            .ok_or_else(|| odd(c + 1, "a revocation's kind is unknown"))?,
        id_hash: get(row, c + 2)?,
        seq: seq(row, c + 3)?,
        before: seq(row, c + 4)?,
        at: at(row, c + 5)?,
    })
}

pub(crate) fn trusting(row: &Row<'_>, c: usize) -> Result<Trusting> {
    Ok(Trusting {
        key: get(row, c)?,
        log: log(row, c + 1)?,
        role: get(row, c + 2)?,
        seq: seq(row, c + 3)?,
    })
}

pub(crate) fn outbox(row: &Row<'_>, c: usize) -> Result<OutboxRow> {
    Ok(OutboxRow {
        id: get(row, c)?,
        log: log(row, c + 1)?,
        first: seq(row, c + 2)?,
        last: seq(row, c + 3)?,
    })
}

pub(crate) fn snapshot(row: &Row<'_>, c: usize) -> Result<Snapshot> {
    Ok(Snapshot {
        log: log(row, c)?,
        state_schema: get(row, c + 1)?,
        seq: seq(row, c + 2)?,
        fold_fingerprint: get(row, c + 3)?,
        head_hash: hash(row, c + 4)?,
        body: get(row, c + 5)?,
    })
}

pub(crate) fn credential(row: &Row<'_>, c: usize) -> Result<Credential> {
    Ok(Credential {
        log: log(row, c)?,
        subject: get(row, c + 1)?,
        kind: get(row, c + 2)?,
        generation: get(row, c + 3)?,
        body: body(row, c + 4)?,
        expires_at: maybe_at(row, c + 5)?,
    })
}

pub(crate) fn sealed_key(row: &Row<'_>, c: usize) -> Result<SealedKey> {
    Ok(SealedKey {
        log: log(row, c)?,
        kind: get(row, c + 1)?,
        id: get(row, c + 2)?,
        kek_id: get(row, c + 3)?,
        body: body(row, c + 4)?,
    })
}

pub(crate) fn personal(row: &Row<'_>, c: usize) -> Result<Personal> {
    Ok(Personal {
        log: log(row, c)?,
        subject: get(row, c + 1)?,
        field: get(row, c + 2)?,
        generation: get(row, c + 3)?,
        salt: get(row, c + 4)?,
        body: body(row, c + 5)?,
    })
}

pub(crate) fn one_time(row: &Row<'_>, c: usize) -> Result<OneTime> {
    Ok(OneTime {
        log: log(row, c)?,
        purpose: get(row, c + 1)?,
        key_hash: get(row, c + 2)?,
        expires_at: at(row, c + 3)?,
    })
}

pub(crate) fn counter(row: &Row<'_>, c: usize) -> Result<Counter> {
    Ok(Counter {
        value: get(row, c)?,
        until: maybe_at(row, c + 1)?,
    })
}

pub(crate) fn activity(row: &Row<'_>, c: usize) -> Result<ActivityRecord> {
    let segment: i64 = get(row, c + 6)?;
    Ok(ActivityRecord {
        activity: Activity {
            log: log(row, c)?,
            at: at(row, c + 1)?,
            kind: get(row, c + 2)?,
            id: get(row, c + 3)?,
            body: get(row, c + 4)?,
        },
        writer: get(row, c + 5)?,
        segment: u64::try_from(segment).map_err(|_| odd(c + 6, "a segment has no number"))?,
        position: get(row, c + 7)?,
    })
}

pub(crate) fn segment(row: &Row<'_>, c: usize) -> Result<Segment> {
    let n: i64 = get(row, c + 1)?;
    Ok(Segment {
        writer: get(row, c)?,
        n: u64::try_from(n).map_err(|_| odd(c + 1, "a segment has no number"))?,
        first_at: at(row, c + 2)?,
        last_at: at(row, c + 3)?,
        count: get(row, c + 4)?,
        prev_hash: hash(row, c + 5)?,
        root: hash(row, c + 6)?,
        expired: get(row, c + 7)?,
    })
}
