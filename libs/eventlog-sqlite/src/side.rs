//! Writes to side tables, inside the writer's transaction.

use rusqlite::{Connection, OptionalExtension, Result};
use trilby_eventlog::{
    Counter, Credential, SealedKey, SideError, SideOutcome, SideWrite, StoreMeta,
};

use crate::append::ensure_log;
use crate::failure::failure;
use crate::rows;

/// Does all of them; an error leaves the savepoint to be undone.
pub(crate) fn write_all(
    conn: &Connection,
    meta: &StoreMeta,
    writes: &[SideWrite],
) -> Result<Vec<SideOutcome>, SideError> {
    let mut outcomes = Vec::with_capacity(writes.len());
    for (index, write) in writes.iter().enumerate() {
        let log_id = ensure_log(conn, meta, write.log()).map_err(failure)?;
        match apply(conn, log_id, write).map_err(failure)? {
            Some(outcome) => outcomes.push(outcome),
            None => return Err(SideError::Conflict { index }),
        }
    }
    Ok(outcomes)
}

/// `None`: its condition does not hold.
fn apply(conn: &Connection, log_id: i64, write: &SideWrite) -> Result<Option<SideOutcome>> {
    let done = |n_rows: usize| (n_rows > 0).then_some(SideOutcome::Done);
    match write {
        SideWrite::CredentialInsert(row) => put_credential(
            conn,
            log_id,
            row,
            include_str!("queries/credential_insert.sql"),
        )
        .map(done),
        SideWrite::CredentialReplace(row) => put_credential(
            conn,
            log_id,
            row,
            include_str!("queries/credential_replace.sql"),
        )
        .map(always),
        SideWrite::CredentialTake {
            subject,
            kind,
            generation,
            ..
        } => {
            let mut take = conn.prepare_cached(include_str!("queries/credential_take.sql"))?;
            take.execute((log_id, subject, kind, generation)).map(done)
        }
        SideWrite::CredentialDelete { subject, kind, .. } => {
            let mut delete = conn.prepare_cached(include_str!("queries/credential_delete.sql"))?;
            delete.execute((log_id, subject, kind)).map(always)
        }
        SideWrite::SealedKeyInsert(row) => put_sealed_key(
            conn,
            log_id,
            row,
            include_str!("queries/sealed_key_insert.sql"),
        )
        .map(done),
        SideWrite::SealedKeyReplace(row) => put_sealed_key(
            conn,
            log_id,
            row,
            include_str!("queries/sealed_key_replace.sql"),
        )
        .map(done),
        SideWrite::SealedKeyDelete { kind, id, .. } => {
            let mut delete = conn.prepare_cached(include_str!("queries/sealed_key_delete.sql"))?;
            delete.execute((log_id, kind, id)).map(always)
        }
        SideWrite::PersonalInsert(row) => {
            let mut insert = conn.prepare_cached(include_str!("queries/personal_insert.sql"))?;
            insert
                .execute((
                    log_id,
                    &row.subject,
                    row.field,
                    row.generation,
                    row.salt,
                    &row.body.0,
                ))
                .map(done)
        }
        SideWrite::PersonalDelete { subject, field, .. } => {
            let mut delete = conn.prepare_cached(include_str!("queries/personal_delete.sql"))?;
            delete.execute((log_id, subject, field)).map(always)
        }
        SideWrite::OneTimeInsert(row) => {
            let mut insert = conn.prepare_cached(include_str!("queries/one_time_insert.sql"))?;
            insert
                .execute((log_id, row.purpose, row.key_hash, row.expires_at.micros()))
                .map(done)
        }
        SideWrite::CounterAdd {
            subject,
            kind,
            delta,
            now,
            until,
            ..
        } => {
            let stored = counter(conn, log_id, subject, *kind)?;
            let counter = Counter::added(stored, *delta, *now, *until);
            put_counter(conn, log_id, subject, *kind, counter).map(Some)
        }
        SideWrite::CounterRaise {
            subject,
            kind,
            value,
            until,
            ..
        } => {
            let stored = counter(conn, log_id, subject, *kind)?;
            if stored.is_some_and(|stored| stored.value >= *value) {
                return Ok(None);
            }
            let counter = Counter {
                value: *value,
                until: *until,
            };
            put_counter(conn, log_id, subject, *kind, counter).map(Some)
        }
        SideWrite::CounterClear { subject, kind, .. } => {
            let mut delete = conn.prepare_cached(include_str!("queries/counter_delete.sql"))?;
            delete.execute((log_id, subject, kind)).map(always)
        }
    }
}

fn always(_n_rows: usize) -> Option<SideOutcome> {
    Some(SideOutcome::Done)
}

pub(crate) fn put_credential(
    conn: &Connection,
    log_id: i64,
    row: &Credential,
    sql: &str,
) -> Result<usize> {
    conn.prepare_cached(sql)?.execute((
        log_id,
        &row.subject,
        row.kind,
        row.generation,
        &row.body.0,
        row.expires_at.map(trilby_model::Timestamp::micros),
    ))
}

pub(crate) fn put_sealed_key(
    conn: &Connection,
    log_id: i64,
    row: &SealedKey,
    sql: &str,
) -> Result<usize> {
    conn.prepare_cached(sql)?
        .execute((log_id, row.kind, &row.id, &row.kek_id, &row.body.0))
}

pub(crate) fn counter(
    conn: &Connection,
    log_id: i64,
    subject: &str,
    kind: u16,
) -> Result<Option<Counter>> {
    let mut select = conn.prepare_cached(include_str!("queries/counter_get.sql"))?;
    select
        .query_row((log_id, subject, kind), |row| rows::counter(row, 0))
        .optional()
}

pub(crate) fn put_counter(
    conn: &Connection,
    log_id: i64,
    subject: &str,
    kind: u16,
    counter: Counter,
) -> Result<SideOutcome> {
    let mut put = conn.prepare_cached(include_str!("queries/counter_put.sql"))?;
    let until = counter.until.map(trilby_model::Timestamp::micros);
    put.execute((log_id, subject, kind, counter.value, until))?;
    Ok(SideOutcome::Counter(counter))
}
