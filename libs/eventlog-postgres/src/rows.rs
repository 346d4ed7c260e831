//! Rows to values. Each reader takes the column at which its values begin.

use tokio_postgres::Row;
use tokio_postgres::types::FromSql;
use trilby_eventlog::{
    Activity, ActivityRecord, Counter, Credential, Error, Head, HeadState, OneTime, OutboxRow,
    Personal, Recorded, Revocation, RevocationKind, SealedKey, Segment, SideBody, Snapshot,
    StoreMeta, StoredReceipt, Trusting,
};
use trilby_model::{Hash, LogId, Seq, Timestamp};

type Result<T> = std::result::Result<T, Error>;

/// A seq as Postgres holds it. None can be that high; a question for one finds nothing.
pub(crate) fn int(seq: Seq) -> i64 {
    i64::try_from(seq.get()).unwrap_or(i64::MAX)
}

/// A number of rows as a limit.
pub(crate) fn limit(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// A column that says something no writer says.
pub(crate) fn odd(what: impl Into<String>) -> Error {
    Error::Corrupt(what.into())
}

/// A column as it is.
pub(crate) fn get<'a, T: FromSql<'a>>(row: &'a Row, column: usize) -> Result<T> {
    row.try_get(column)
        .map_err(|error| odd(format!("column {column} cannot be read: {error}")))
}

/// A whole number in the width that it has outside.
pub(crate) fn number<T: TryFrom<i64>>(row: &Row, column: usize) -> Result<T> {
    let found: i64 = match row.columns().get(column).map(|one| one.type_().name()) {
        Some("int2") => i64::from(get::<i16>(row, column)?),
        Some("int4") => i64::from(get::<i32>(row, column)?),
        Some(_) | None => get(row, column)?,
    };
    T::try_from(found).map_err(|_| odd(format!("{found} in column {column} is out of range")))
}

/// Bytes of a fixed length.
pub(crate) fn bytes<const N: usize>(row: &Row, column: usize) -> Result<[u8; N]> {
    let found: &[u8] = get(row, column)?;
    found
        .try_into()
        .map_err(|_| odd(format!("column {column} has not {N} bytes")))
}

pub(crate) fn log(row: &Row, column: usize) -> Result<LogId> {
    let text: &str = get(row, column)?;
    text.parse().map_err(|_| odd("a log id is not one"))
}

pub(crate) fn seq(row: &Row, column: usize) -> Result<Seq> {
    number(row, column).map(Seq::new)
}

pub(crate) fn hash(row: &Row, column: usize) -> Result<Hash> {
    bytes(row, column).map(Hash)
}

pub(crate) fn at(row: &Row, column: usize) -> Result<Timestamp> {
    get(row, column).map(Timestamp::from_micros)
}

fn maybe_at(row: &Row, column: usize) -> Result<Option<Timestamp>> {
    Ok(get::<Option<i64>>(row, column)?.map(Timestamp::from_micros))
}

fn body(row: &Row, column: usize) -> Result<SideBody> {
    get(row, column).map(SideBody)
}

/// From (store_id, incarnation, store_key_fp, min_reader_level).
pub(crate) fn meta(row: &Row) -> Result<StoreMeta> {
    Ok(StoreMeta {
        store_id: bytes(row, 0)?,
        incarnation: number(row, 1)?,
        store_key_fingerprint: bytes(row, 2)?,
        min_reader_level: number(row, 3)?,
    })
}

/// From (public_id, seq, hash, last_at, state).
pub(crate) fn head(row: &Row, c: usize) -> Result<Head> {
    Ok(Head {
        log: log(row, c)?,
        seq: seq(row, c + 1)?,
        hash: hash(row, c + 2)?,
        at: at(row, c + 3)?,
        state: HeadState::from_code(number(row, c + 4)?)
            .ok_or_else(|| odd("a head's state is unknown"))?,
    })
}

/// From (seq, commit_first, commit_last, at, etype, ever, inc, body, body_hash, hash).
pub(crate) fn event(row: &Row, log: &LogId) -> Result<Recorded> {
    event_at(row, 0, log)
}

/// The same from a later column on.
pub(crate) fn event_at(row: &Row, c: usize, log: &LogId) -> Result<Recorded> {
    Ok(Recorded {
        log: log.clone(),
        seq: seq(row, c)?,
        commit_first: seq(row, c + 1)?,
        commit_last: seq(row, c + 2)?,
        at: at(row, c + 3)?,
        etype: get(row, c + 4)?,
        ever: number(row, c + 5)?,
        incarnation: number(row, c + 6)?,
        body: get(row, c + 7)?,
        body_hash: hash(row, c + 8)?,
        hash: hash(row, c + 9)?,
    })
}

pub(crate) fn receipt(row: &Row, c: usize) -> Result<StoredReceipt> {
    Ok(StoredReceipt {
        log: log(row, c)?,
        key: bytes(row, c + 1)?,
        request_hash: bytes(row, c + 2)?,
        first: seq(row, c + 3)?,
        last: seq(row, c + 4)?,
        status: number(row, c + 5)?,
        response: get(row, c + 6)?,
        created_at: at(row, c + 7)?,
    })
}

pub(crate) fn revocation_kind(row: &Row, column: usize) -> Result<RevocationKind> {
    RevocationKind::from_code(number(row, column)?)
        .ok_or_else(|| odd("a revocation's kind is unknown"))
}

pub(crate) fn revocation(row: &Row, c: usize) -> Result<Revocation> {
    Ok(Revocation {
        log: log(row, c)?,
        kind: revocation_kind(row, c + 1)?,
        id_hash: bytes(row, c + 2)?,
        seq: seq(row, c + 3)?,
        before: seq(row, c + 4)?,
        at: at(row, c + 5)?,
    })
}

pub(crate) fn trusting(row: &Row, c: usize) -> Result<Trusting> {
    Ok(Trusting {
        key: bytes(row, c)?,
        log: log(row, c + 1)?,
        role: get(row, c + 2)?,
        seq: seq(row, c + 3)?,
    })
}

pub(crate) fn outbox(row: &Row, c: usize) -> Result<OutboxRow> {
    Ok(OutboxRow {
        id: get(row, c)?,
        log: log(row, c + 1)?,
        first: seq(row, c + 2)?,
        last: seq(row, c + 3)?,
    })
}

pub(crate) fn snapshot(row: &Row, c: usize) -> Result<Snapshot> {
    Ok(Snapshot {
        log: log(row, c)?,
        state_schema: number(row, c + 1)?,
        seq: seq(row, c + 2)?,
        fold_fingerprint: bytes(row, c + 3)?,
        head_hash: hash(row, c + 4)?,
        body: get(row, c + 5)?,
    })
}

pub(crate) fn credential(row: &Row, c: usize) -> Result<Credential> {
    Ok(Credential {
        log: log(row, c)?,
        subject: get(row, c + 1)?,
        kind: number(row, c + 2)?,
        generation: number(row, c + 3)?,
        body: body(row, c + 4)?,
        expires_at: maybe_at(row, c + 5)?,
    })
}

pub(crate) fn sealed_key(row: &Row, c: usize) -> Result<SealedKey> {
    Ok(SealedKey {
        log: log(row, c)?,
        kind: number(row, c + 1)?,
        id: get(row, c + 2)?,
        kek_id: get(row, c + 3)?,
        body: body(row, c + 4)?,
    })
}

pub(crate) fn personal(row: &Row, c: usize) -> Result<Personal> {
    Ok(Personal {
        log: log(row, c)?,
        subject: get(row, c + 1)?,
        field: number(row, c + 2)?,
        generation: number(row, c + 3)?,
        salt: bytes(row, c + 4)?,
        body: body(row, c + 5)?,
    })
}

pub(crate) fn one_time(row: &Row, c: usize) -> Result<OneTime> {
    Ok(OneTime {
        log: log(row, c)?,
        purpose: number(row, c + 1)?,
        key_hash: bytes(row, c + 2)?,
        expires_at: at(row, c + 3)?,
    })
}

pub(crate) fn counter(row: &Row, c: usize) -> Result<Counter> {
    Ok(Counter {
        value: get(row, c)?,
        until: maybe_at(row, c + 1)?,
    })
}

pub(crate) fn activity(row: &Row, c: usize) -> Result<ActivityRecord> {
    Ok(ActivityRecord {
        activity: Activity {
            log: log(row, c)?,
            at: at(row, c + 1)?,
            kind: get(row, c + 2)?,
            id: get(row, c + 3)?,
            body: get(row, c + 4)?,
        },
        writer: bytes(row, c + 5)?,
        segment: number(row, c + 6)?,
        position: number(row, c + 7)?,
    })
}

pub(crate) fn segment(row: &Row, c: usize) -> Result<Segment> {
    Ok(Segment {
        writer: bytes(row, c)?,
        n: number(row, c + 1)?,
        first_at: at(row, c + 2)?,
        last_at: at(row, c + 3)?,
        count: number(row, c + 4)?,
        prev_hash: hash(row, c + 5)?,
        root: hash(row, c + 6)?,
        expired: get(row, c + 7)?,
    })
}
