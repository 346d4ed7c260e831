//! Rows of another store, taken over as they are.

use rusqlite::{Connection, Result, params};
use trilby_eventlog::archive::Row;
use trilby_eventlog::{ClaimScope, Error, Head, RecordedCommit, StoreMeta};
use trilby_model::Seq;

use crate::activity::insert_segment;
use crate::append::{ensure_log, insert_event, insert_receipt, insert_revocation};
use crate::failure::failure;
use crate::rows::int;
use crate::side::{put_counter, put_credential, put_sealed_key};
use crate::store::put_snapshot;
use crate::writer::Session;

/// Takes over another store's identity; this one must be empty.
pub(crate) fn meta(session: &mut Session<'_>, meta: &StoreMeta) -> std::result::Result<(), Error> {
    let conn = session.conn;
    let used: bool = conn
        .query_row(include_str!("queries/store_is_used.sql"), [], |row| {
            row.get(0)
        })
        .map_err(failure)?;
    if used {
        return Err(Error::Invalid(
            "the store to copy to is not empty".to_owned(),
        ));
    }
    let values = (
        meta.store_id,
        meta.incarnation,
        meta.store_key_fingerprint,
        meta.min_reader_level,
    );
    conn.execute(include_str!("queries/meta_replace.sql"), values)
        .map_err(failure)?;
    *session.meta = meta.clone();
    Ok(())
}

/// Takes over commits, each of which must follow the last of its log.
pub(crate) fn commits(
    session: &mut Session<'_>,
    commits: &[RecordedCommit],
) -> std::result::Result<(), Error> {
    let conn = session.conn;
    for commit in commits {
        let log_id = ensure_log(conn, session.meta, &commit.log).map_err(failure)?;
        let last: i64 = conn
            .prepare_cached(include_str!("queries/event_last_seq.sql"))
            .and_then(|mut select| select.query_row([log_id], |row| row.get(0)))
            .map_err(failure)?;
        if int(commit.first) != last.saturating_add(1) {
            return Err(Error::Invalid(format!(
                "a commit of `{}` does not follow",
                commit.log
            )));
        }
        for event in &commit.events {
            insert_event(&mut session.statements.event_insert, log_id, event).map_err(failure)?;
        }
    }
    Ok(())
}

/// Takes over rows.
pub(crate) fn rows(session: &mut Session<'_>, rows: &[Row]) -> std::result::Result<(), Error> {
    for one in rows {
        row(session, one).map_err(failure)?;
    }
    // Segments of other writers may have been among them.
    session.chain.renumber(session.conn).map_err(failure)
}

fn row(session: &mut Session<'_>, row: &Row) -> Result<()> {
    let conn = session.conn;
    let log_id = match row.log() {
        Some(log) => ensure_log(conn, session.meta, log)?,
        None => 0,
    };
    match row {
        Row::Head(head) => replace_head(conn, log_id, head),
        Row::Receipt(row) => insert_receipt(&mut session.statements.receipt_insert, log_id, row),
        Row::Claim(key, owner) => {
            let scope = match &key.scope {
                ClaimScope::Store => 0,
                ClaimScope::Log(log) => ensure_log(conn, session.meta, log)?,
            };
            let mut insert = conn.prepare_cached(include_str!("queries/claim_insert.sql"))?;
            insert.execute((scope, key.kind, key.mac, log_id, int(owner.seq)))?;
            Ok(())
        }
        Row::Revocation(row) => insert_revocation(conn, log_id, row),
        Row::Trusting(row) => {
            let mut put = conn.prepare_cached(include_str!("queries/trusting_put.sql"))?;
            put.execute((row.key, log_id, &row.role, int(row.seq)))?;
            Ok(())
        }
        Row::Outbox(row) => {
            let mut insert = conn.prepare_cached(include_str!("queries/outbox_import.sql"))?;
            insert.execute((row.id, log_id, int(row.first), int(row.last), [0_u8; 16]))?;
            Ok(())
        }
        Row::Snapshot(row) => put_snapshot(conn, log_id, row),
        Row::Credential(row) => put_credential(
            conn,
            log_id,
            row,
            include_str!("queries/credential_insert.sql"),
        )
        .map(drop),
        Row::SealedKey(row) => put_sealed_key(
            conn,
            log_id,
            row,
            include_str!("queries/sealed_key_insert.sql"),
        )
        .map(drop),
        Row::Personal(row) => {
            let mut insert = conn.prepare_cached(include_str!("queries/personal_insert.sql"))?;
            insert.execute((
                log_id,
                &row.subject,
                row.field,
                row.generation,
                row.salt,
                &row.body.0,
            ))?;
            Ok(())
        }
        Row::OneTime(row) => {
            let mut insert = conn.prepare_cached(include_str!("queries/one_time_insert.sql"))?;
            insert.execute((log_id, row.purpose, row.key_hash, row.expires_at.micros()))?;
            Ok(())
        }
        Row::Counter(_, subject, kind, counter) => {
            put_counter(conn, log_id, subject, *kind, *counter).map(drop)
        }
        Row::Segment(row) => insert_segment(conn, None, row),
        Row::Activity(row) => {
            let mut insert = conn.prepare_cached(include_str!("queries/activity_import.sql"))?;
            let one = &row.activity;
            insert.execute(params![
                log_id,
                one.at.micros(),
                one.kind,
                one.id,
                one.body,
                row.writer,
                int(Seq::new(row.segment)),
                row.position,
            ])?;
            Ok(())
        }
    }
}

fn replace_head(conn: &Connection, log_id: i64, head: &Head) -> Result<()> {
    let mut replace = conn.prepare_cached(include_str!("queries/head_replace.sql"))?;
    let (hash, at) = (head.hash.as_bytes(), head.at.micros());
    replace.execute((log_id, int(head.seq), hash, at, head.state.code()))?;
    Ok(())
}
