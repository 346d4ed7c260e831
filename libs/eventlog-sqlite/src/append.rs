//! A commit, inside the writer's transaction.

use rusqlite::{Connection, OptionalExtension, Result, Statement, params};
use trilby_eventlog::seal::{self, Prepared, Sealed};
use trilby_eventlog::{
    AppendError, Claim, ClaimScope, Commit, Committed, Dependency, Entry, Head, HeadState,
    Recorded, Revocation, SideError, StoreMeta, StoredReceipt, TrustingChange, chain,
};
use trilby_model::{LogId, Seq};

use crate::failure::failure;
use crate::rows::{self, int};
use crate::side;
use crate::writer::Session;

/// Checks and writes a commit. An error leaves nothing written, or what was written to be undone.
pub(crate) fn append(
    session: &mut Session<'_>,
    prepared: &Prepared,
) -> Result<Committed, AppendError> {
    let commit = prepared.commit();
    let mut places = Places::find(session, commit).map_err(failure)?;
    check_receipt(session, commit, &places)?;
    seal::check_heads(session.meta, commit, &places.heads)?;
    check_alive(session, &commit.alive)?;
    let sealed = prepared.seal(session.meta, &places.heads)?;
    if may_be_refused(commit) {
        session.guard().map_err(failure)?;
    }
    places.make(session).map_err(failure)?;
    write_claims(session, commit, &sealed, &places)?;
    let side = side::write_all(session.conn, session.meta, &commit.side).map_err(side_error)?;
    write(session, commit, &sealed, &places).map_err(failure)?;
    Ok(Committed {
        heads: sealed.heads,
        commits: sealed.commits,
        revocations: sealed.revocations,
        side,
    })
}

/// Whether it can be refused once it is found to fit its logs.
fn may_be_refused(commit: &Commit) -> bool {
    let names = commit.claims_taken.len() + commit.claims_released.len();
    names > 0 || !commit.side.is_empty()
}

fn side_error(error: SideError) -> AppendError {
    match error {
        SideError::Conflict { index } => AppendError::Side { index },
        SideError::Store(error) => error.into(),
    }
}

/// The logs of a commit, as they are when it comes to be written.
struct Places<'a> {
    entries: &'a [Entry],
    /// Their rows, as far as they have one.
    ids: Vec<Option<i64>>,
    /// Where they end; a log without events has no head, unless it is closed.
    heads: Vec<Option<Head>>,
}

impl<'a> Places<'a> {
    fn find(session: &mut Session<'_>, commit: &'a Commit) -> Result<Self> {
        let mut places = Self {
            entries: &commit.entries,
            ids: Vec::with_capacity(commit.entries.len()),
            heads: Vec::with_capacity(commit.entries.len()),
        };
        for entry in places.entries {
            let found = session
                .statements
                .head
                .query_row([entry.log.to_string()], |row| {
                    Ok((row.get(0)?, rows::head_of(row, 1, &entry.log)?))
                })
                .optional()?;
            let (id, head) = found.unzip();
            places.ids.push(id);
            let counts = |head: &Head| head.seq > Seq::ZERO || head.state != HeadState::Open;
            places.heads.push(head.filter(counts));
        }
        Ok(places)
    }

    /// Makes the rows of the logs that begin.
    fn make(&mut self, session: &Session<'_>) -> Result<()> {
        for (entry, id) in self.entries.iter().zip(&mut self.ids) {
            if id.is_none() && !entry.events.is_empty() {
                *id = Some(ensure_log(session.conn, session.meta, &entry.log)?);
            }
        }
        Ok(())
    }

    /// The row of a log that gets events.
    fn id(&self, log: &LogId) -> Result<i64> {
        let mut found = self.entries.iter().zip(&self.ids);
        found
            .find_map(|(entry, id)| id.filter(|_| entry.log == *log))
            .ok_or(rusqlite::Error::QueryReturnedNoRows)
    }
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

fn check_receipt(
    session: &mut Session<'_>,
    commit: &Commit,
    places: &Places<'_>,
) -> Result<(), AppendError> {
    let Some(new) = &commit.receipt else {
        return Ok(());
    };
    // A log without a row has no receipts.
    let Ok(log_id) = places.id(&new.log) else {
        return Ok(());
    };
    let stored = session
        .statements
        .receipt
        .query_row((log_id, new.key, new.log.to_string()), |row| {
            rows::receipt(row, 0)
        })
        .optional()
        .map_err(failure)?;
    match stored {
        Some(stored) => Err(AppendError::Receipt(Box::new(stored))),
        None => Ok(()),
    }
}

fn check_alive(session: &mut Session<'_>, alive: &[Dependency]) -> Result<(), AppendError> {
    let ends = &mut session.statements.ends;
    let mut is_dead = |one: &Dependency| -> Result<bool> {
        let of = (
            one.kind.code(),
            one.id_hash,
            one.log.to_string(),
            int(one.seq),
        );
        ends.query_row(of, |row| row.get(0))
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
    places: &Places<'_>,
) -> Result<(), AppendError> {
    let conn = session.conn;
    for claim in &commit.claims_released {
        let release = || -> Result<usize> {
            let log_id = places.id(&claim.log)?;
            let mut delete = conn.prepare_cached(include_str!("queries/claim_delete.sql"))?;
            delete.execute((scope(claim, log_id), claim.key.kind, claim.key.mac, log_id))
        };
        release().map_err(failure)?;
    }
    for claim in &commit.claims_taken {
        let take = || -> Result<usize> {
            let log_id = places.id(&claim.log)?;
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

fn write(
    session: &mut Session<'_>,
    commit: &Commit,
    sealed: &Sealed,
    places: &Places<'_>,
) -> Result<()> {
    for (head, recorded) in sealed.heads.iter().zip(&sealed.commits) {
        let log_id = places.id(&head.log)?;
        for event in &recorded.events {
            insert_event(&mut session.statements.event_insert, log_id, event)?;
        }
        session.statements.head_update.execute((
            log_id,
            int(head.seq),
            head.hash.as_bytes(),
            head.at.micros(),
        ))?;
        session.news.add(log_id, recorded.clone());
    }
    for revocation in &sealed.revocations {
        insert_revocation(session.conn, places.id(&revocation.log)?, revocation)?;
    }
    session
        .news
        .add_revocations(sealed.revocations.iter().cloned());
    session.news.close_part();
    write_receipt(session, commit, sealed, places)?;
    commit
        .trusting
        .iter()
        .try_for_each(|change| write_trusting(session.conn, change, sealed, places))
}

pub(crate) fn insert_event(
    insert: &mut Statement<'_>,
    log_id: i64,
    event: &Recorded,
) -> Result<()> {
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

fn write_receipt(
    session: &mut Session<'_>,
    commit: &Commit,
    sealed: &Sealed,
    places: &Places<'_>,
) -> Result<()> {
    let Some(new) = &commit.receipt else {
        return Ok(());
    };
    let Some(recorded) = sealed.commits.iter().find(|one| one.log == new.log) else {
        return Ok(());
    };
    session.statements.receipt_insert.execute((
        places.id(&new.log)?,
        new.key,
        new.request_hash,
        int(recorded.first),
        int(recorded.last),
        new.status,
        &new.response,
        recorded.at.micros(),
    ))?;
    Ok(())
}

pub(crate) fn insert_receipt(
    insert: &mut Statement<'_>,
    log_id: i64,
    row: &StoredReceipt,
) -> Result<()> {
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

fn write_trusting(
    conn: &Connection,
    change: &TrustingChange,
    sealed: &Sealed,
    places: &Places<'_>,
) -> Result<()> {
    match change {
        TrustingChange::Put {
            key,
            log,
            role,
            event,
        } => {
            let seq = sealed.seq_of(log, *event).unwrap_or(Seq::ZERO);
            let mut put = conn.prepare_cached(include_str!("queries/trusting_put.sql"))?;
            put.execute((key, places.id(log)?, role, int(seq)))?;
        }
        TrustingChange::Remove { key, log, role } => {
            let mut remove = conn.prepare_cached(include_str!("queries/trusting_remove.sql"))?;
            remove.execute((key, places.id(log)?, role))?;
        }
    }
    Ok(())
}
