//! A commit, inside the writer's transaction.

use rusqlite::{Connection, OptionalExtension, Result, params};
use trilby_eventlog::seal::{self, Sealed};
use trilby_eventlog::{
    AppendError, Claim, ClaimScope, Commit, Committed, Dependency, Head, HeadState, Recorded,
    RecordedCommit, Revocation, SideError, StoreMeta, StoredReceipt, TrustingChange, chain,
};
use trilby_model::{LogId, Seq};

use crate::failure::failure;
use crate::rows::{self, int};
use crate::side;
use crate::writer::Session;

/// Checks and writes a commit. An error leaves the savepoint to be undone.
pub(crate) fn append(session: &mut Session<'_>, commit: &Commit) -> Result<Committed, AppendError> {
    let conn = session.conn;
    seal::check(commit)?;
    check_receipt(conn, commit)?;
    let heads = heads(conn, commit).map_err(failure)?;
    seal::check_heads(session.meta, commit, &heads)?;
    check_alive(conn, &commit.alive)?;
    let sealed = seal::seal(session.meta, commit, &heads)?;
    write_claims(session, commit, &sealed)?;
    let side = side::write_all(conn, session.meta, &commit.side).map_err(|error| match error {
        SideError::Conflict { index } => AppendError::Side { index },
        SideError::Store(error) => error.into(),
    })?;
    write(session, commit, &sealed).map_err(failure)?;
    Ok(Committed {
        heads: sealed.heads,
        commits: sealed.commits,
        revocations: sealed.revocations,
        side,
    })
}

/// The row of a log, if there is one.
pub(crate) fn log_id(conn: &Connection, log: &LogId) -> Result<Option<i64>> {
    let mut select = conn.prepare_cached(include_str!("queries/head_by_id.sql"))?;
    select
        .query_row([log.to_string()], |row| row.get(0))
        .optional()
}

/// The row of a log, made without events if there is none.
pub(crate) fn ensure_log(conn: &Connection, meta: &StoreMeta, log: &LogId) -> Result<i64> {
    if let Some(id) = log_id(conn, log)? {
        return Ok(id);
    }
    let genesis = chain::genesis(&meta.store_id, log);
    conn.prepare_cached(include_str!("queries/head_insert.sql"))?
        .execute((log.to_string(), log.kind().number(), genesis.as_bytes()))?;
    Ok(conn.last_insert_rowid())
}

pub(crate) fn receipt(
    conn: &Connection,
    log: &LogId,
    key: &[u8; 32],
) -> Result<Option<StoredReceipt>> {
    let Some(log_id) = log_id(conn, log)? else {
        return Ok(None);
    };
    let mut select = conn.prepare_cached(include_str!("queries/receipt_get.sql"))?;
    select
        .query_row((log_id, key, log.to_string()), |row| rows::receipt(row, 0))
        .optional()
}

fn check_receipt(conn: &Connection, commit: &Commit) -> Result<(), AppendError> {
    let Some(new) = &commit.receipt else {
        return Ok(());
    };
    match receipt(conn, &new.log, &new.key).map_err(failure)? {
        Some(stored) => Err(AppendError::Receipt(Box::new(stored))),
        None => Ok(()),
    }
}

/// Where the logs of a commit stand; a log without events has no head, unless it is closed.
fn heads(conn: &Connection, commit: &Commit) -> Result<Vec<Option<Head>>> {
    let mut select = conn.prepare_cached(include_str!("queries/head_by_id.sql"))?;
    commit
        .entries
        .iter()
        .map(|entry| {
            let head = select
                .query_row([entry.log.to_string()], rows::head)
                .optional()?;
            Ok(head.filter(|head| head.seq > Seq::ZERO || head.state != HeadState::Open))
        })
        .collect()
}

fn check_alive(conn: &Connection, alive: &[Dependency]) -> Result<(), AppendError> {
    let is_dead = |one: &Dependency| -> Result<bool> {
        let mut select = conn.prepare_cached(include_str!("queries/revocation_ends.sql"))?;
        let of = (
            one.kind.code(),
            one.id_hash,
            one.log.to_string(),
            int(one.seq),
        );
        select.query_row(of, |row| row.get(0))
    };
    let mut dead = Vec::new();
    for one in alive {
        if is_dead(one).map_err(failure)? {
            dead.push(one.clone());
        }
    }
    if dead.is_empty() {
        return Ok(());
    }
    Err(AppendError::Dead { dependencies: dead })
}

/// Releases first, so that a name can change hands in one commit.
fn write_claims(
    session: &Session<'_>,
    commit: &Commit,
    sealed: &Sealed,
) -> Result<(), AppendError> {
    let conn = session.conn;
    for claim in &commit.claims_released {
        let release = || -> Result<usize> {
            let log_id = ensure_log(conn, session.meta, &claim.log)?;
            let mut delete = conn.prepare_cached(include_str!("queries/claim_delete.sql"))?;
            delete.execute((scope(claim, log_id), claim.key.kind, claim.key.mac, log_id))
        };
        release().map_err(failure)?;
    }
    for claim in &commit.claims_taken {
        let take = || -> Result<usize> {
            let log_id = ensure_log(conn, session.meta, &claim.log)?;
            let seq = sealed.seq_of(&claim.log, claim.event).unwrap_or(Seq::ZERO);
            let mut insert = conn.prepare_cached(include_str!("queries/claim_insert.sql"))?;
            insert.execute((
                scope(claim, log_id),
                claim.key.kind,
                claim.key.mac,
                log_id,
                int(seq),
            ))
        };
        if take().map_err(failure)? == 0 {
            return Err(AppendError::ClaimTaken {
                key: claim.key.clone(),
            });
        }
    }
    Ok(())
}

/// A claim's scope as a number; that of a log is always the claiming log itself.
fn scope(claim: &Claim, log_id: i64) -> i64 {
    match claim.key.scope {
        ClaimScope::Store => 0,
        ClaimScope::Log(_) => log_id,
    }
}

fn write(session: &mut Session<'_>, commit: &Commit, sealed: &Sealed) -> Result<()> {
    let conn = session.conn;
    for (head, recorded) in sealed.heads.iter().zip(&sealed.commits) {
        let log_id = ensure_log(conn, session.meta, &head.log)?;
        for event in &recorded.events {
            insert_event(conn, log_id, event)?;
        }
        let mut update = conn.prepare_cached(include_str!("queries/head_update.sql"))?;
        update.execute((
            log_id,
            int(head.seq),
            head.hash.as_bytes(),
            head.at.micros(),
        ))?;
        let outbox_id = insert_outbox(conn, log_id, recorded)?;
        session.news.commits.push((outbox_id, recorded.clone()));
    }
    for revocation in &sealed.revocations {
        insert_revocation(
            conn,
            ensure_log(conn, session.meta, &revocation.log)?,
            revocation,
        )?;
        session.news.revocations.push(revocation.clone());
    }
    session.news.close_part();
    write_receipt(session, commit, sealed)?;
    commit
        .trusting
        .iter()
        .try_for_each(|change| write_trusting(session, change, sealed))
}

pub(crate) fn insert_event(conn: &Connection, log_id: i64, event: &Recorded) -> Result<()> {
    let mut insert = conn.prepare_cached(include_str!("queries/event_insert.sql"))?;
    insert.execute(params![
        log_id,
        int(event.seq),
        int(event.commit_first),
        int(event.commit_last),
        event.at.micros(),
        event.etype,
        event.ever,
        event.incarnation,
        event.body,
        event.body_hash.as_bytes(),
        event.hash.as_bytes(),
    ])?;
    Ok(())
}

fn insert_outbox(conn: &Connection, log_id: i64, recorded: &RecordedCommit) -> Result<i64> {
    // The transaction's id only has to differ between commits; the end of a hash does.
    let tx_id = recorded
        .hash
        .as_bytes()
        .last_chunk::<16>()
        .copied()
        .unwrap_or_default();
    let mut insert = conn.prepare_cached(include_str!("queries/outbox_insert.sql"))?;
    insert.execute((log_id, int(recorded.first), int(recorded.last), tx_id))?;
    Ok(conn.last_insert_rowid())
}

pub(crate) fn insert_revocation(conn: &Connection, log_id: i64, row: &Revocation) -> Result<()> {
    let mut insert = conn.prepare_cached(include_str!("queries/revocation_insert.sql"))?;
    insert.execute((
        log_id,
        row.kind.code(),
        row.id_hash,
        int(row.seq),
        int(row.before),
        row.at.micros(),
    ))?;
    Ok(())
}

fn write_receipt(session: &Session<'_>, commit: &Commit, sealed: &Sealed) -> Result<()> {
    let Some(new) = &commit.receipt else {
        return Ok(());
    };
    let Some(recorded) = sealed.commits.iter().find(|one| one.log == new.log) else {
        return Ok(());
    };
    let stored = StoredReceipt {
        log: new.log.clone(),
        key: new.key,
        request_hash: new.request_hash,
        first: recorded.first,
        last: recorded.last,
        status: new.status,
        response: new.response.clone(),
        created_at: recorded.at,
    };
    insert_receipt(
        session.conn,
        ensure_log(session.conn, session.meta, &new.log)?,
        &stored,
    )
}

pub(crate) fn insert_receipt(conn: &Connection, log_id: i64, row: &StoredReceipt) -> Result<()> {
    let mut insert = conn.prepare_cached(include_str!("queries/receipt_insert.sql"))?;
    insert.execute((
        log_id,
        row.key,
        row.request_hash,
        int(row.first),
        int(row.last),
        row.status,
        &row.response,
        row.created_at.micros(),
    ))?;
    Ok(())
}

fn write_trusting(session: &Session<'_>, change: &TrustingChange, sealed: &Sealed) -> Result<()> {
    let conn = session.conn;
    match change {
        TrustingChange::Put {
            key,
            log,
            role,
            event,
        } => {
            let log_id = ensure_log(conn, session.meta, log)?;
            let seq = sealed.seq_of(log, *event).unwrap_or(Seq::ZERO);
            let mut put = conn.prepare_cached(include_str!("queries/trusting_put.sql"))?;
            put.execute((key, log_id, role, int(seq)))?;
        }
        TrustingChange::Remove { key, log, role } => {
            let log_id = ensure_log(conn, session.meta, log)?;
            let mut remove = conn.prepare_cached(include_str!("queries/trusting_remove.sql"))?;
            remove.execute((key, log_id, role))?;
        }
    }
    Ok(())
}
