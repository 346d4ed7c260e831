//! What readers ask.

use rusqlite::{CachedStatement, Connection, OptionalExtension, Params, Result, Row};
use trilby_eventlog::snapshot;
use trilby_eventlog::{
    ActivityFilter, ActivityRecord, ClaimKey, ClaimOwner, ClaimScope, CommitPoint, Counter,
    Credential, Error, Head, OneTime, OutboxRow, Personal, Recorded, RecordedCommit, Revocation,
    SealedKey, Snapshot, StoreMeta, StoredReceipt, Trusting, chain,
};
use trilby_model::{Hash, LogId, Seq, Timestamp};

use crate::append::log_id;
use crate::failure::failure;
use crate::rows::{self, int, limit};

type Answer<T> = std::result::Result<T, Error>;

/// All rows of a query.
fn all<T, P: Params>(
    mut select: CachedStatement<'_>,
    params: P,
    read: impl FnMut(&Row<'_>) -> Result<T>,
) -> Answer<Vec<T>> {
    let found = select.query_map(params, read).map_err(failure)?;
    found.collect::<Result<_>>().map_err(failure)
}

/// The row of a query, if there is one.
fn one<T, P: Params>(
    mut select: CachedStatement<'_>,
    params: P,
    read: impl FnOnce(&Row<'_>) -> Result<T>,
) -> Answer<Option<T>> {
    select.query_row(params, read).optional().map_err(failure)
}

macro_rules! sql {
    ($conn:expr, $name:literal) => {
        $conn
            .prepare_cached(include_str!(concat!("queries/", $name, ".sql")))
            .map_err(failure)?
    };
}

pub(crate) fn meta(conn: &Connection) -> Answer<StoreMeta> {
    sql!(conn, "meta_get")
        .query_row([], rows::meta)
        .map_err(failure)
}

pub(crate) fn head(conn: &Connection, log: &LogId) -> Answer<Option<Head>> {
    let head = one(sql!(conn, "head_by_id"), [log.to_string()], rows::head)?;
    Ok(head.filter(|head| head.seq > Seq::ZERO))
}

pub(crate) fn heads(conn: &Connection, logs: &[LogId]) -> Answer<Vec<Head>> {
    let mut heads = Vec::with_capacity(logs.len());
    for log in logs {
        heads.extend(head(conn, log)?);
    }
    Ok(heads)
}

pub(crate) fn logs(conn: &Connection, after: Option<&LogId>, n: usize) -> Answer<Vec<Head>> {
    let after = after.map(LogId::to_string).unwrap_or_default();
    all(sql!(conn, "head_list"), (after, limit(n)), rows::head)
}

/// Events as they lie there.
pub(crate) fn events(
    conn: &Connection,
    log: &LogId,
    after: Seq,
    n: usize,
) -> Answer<Vec<Recorded>> {
    let Some(log_id) = log_id(conn, log).map_err(failure)? else {
        return Ok(Vec::new());
    };
    all(
        sql!(conn, "event_range"),
        (log_id, int(after), limit(n)),
        |row| rows::event(row, log),
    )
}

/// Whole commits. Events that do not make up one are corruption.
pub(crate) fn commits(
    conn: &Connection,
    log: &LogId,
    after: Seq,
    n: usize,
) -> Answer<Vec<RecordedCommit>> {
    let Some(log_id) = log_id(conn, log).map_err(failure)? else {
        return Ok(Vec::new());
    };
    let Some((first, ..)) = point(conn, log_id, after.next())? else {
        return Ok(Vec::new());
    };
    let before = Seq::new(first.get().saturating_sub(1));
    let mut prev_hash = hash_at(conn, log, log_id, before)?;
    let mut select = sql!(conn, "event_range");
    let mut found = select
        .query((log_id, int(before), i64::MAX))
        .map_err(failure)?;
    let mut commits: Vec<RecordedCommit> = Vec::new();
    let mut n_events = 0;
    loop {
        let next = found.next().map_err(failure)?;
        let event = next
            .map(|row| rows::event(row, log))
            .transpose()
            .map_err(failure)?;
        let open = commits
            .last_mut()
            .filter(|open| Some(open.last) != open.events.last().map(|one| one.seq));
        match (open, event) {
            (Some(open), Some(event)) => join(open, event)?,
            (Some(open), None) => return Err(cut_short(log, open.last)),
            (None, None) => return Ok(commits),
            (None, Some(event)) => {
                let len = usize::try_from(event.commit_last.get().saturating_sub(event.seq.get()))
                    .unwrap_or(usize::MAX);
                if n_events > 0 && len.saturating_add(1) > n.saturating_sub(n_events) {
                    return Ok(commits);
                }
                n_events = n_events.saturating_add(len).saturating_add(1);
                let begun = begin(event, prev_hash, commits.last())?;
                commits.push(begun);
            }
        }
        if let Some(last) = commits.last() {
            prev_hash = last.hash;
        }
    }
}

fn begin(
    event: Recorded,
    prev_hash: Hash,
    before: Option<&RecordedCommit>,
) -> Answer<RecordedCommit> {
    let follows = before.is_none_or(|before| before.last.next() == event.seq);
    if !follows || event.commit_first != event.seq || event.commit_last < event.seq {
        return Err(cut_short(&event.log, event.seq));
    }
    Ok(RecordedCommit {
        log: event.log.clone(),
        first: event.commit_first,
        last: event.commit_last,
        prev_hash,
        hash: event.hash,
        incarnation: event.incarnation,
        at: event.at,
        events: vec![event],
    })
}

fn join(open: &mut RecordedCommit, event: Recorded) -> Answer<()> {
    let follows = open
        .events
        .last()
        .is_some_and(|last| last.seq.next() == event.seq);
    if !follows || event.commit_first != open.first || event.commit_last != open.last {
        return Err(cut_short(&event.log, event.seq));
    }
    open.hash = event.hash;
    open.events.push(event);
    Ok(())
}

fn cut_short(log: &LogId, seq: Seq) -> Error {
    Error::Corrupt(format!("`{log}` has a broken commit at seq {seq}"))
}

/// The hash at a seq, which must be there; that before the first event is the log's genesis.
fn hash_at(conn: &Connection, log: &LogId, log_id: i64, seq: Seq) -> Answer<Hash> {
    if seq == Seq::ZERO {
        return Ok(chain::genesis(&meta(conn)?.store_id, log));
    }
    let found = one(sql!(conn, "event_hash"), (log_id, int(seq)), |row| {
        rows::hash(row, 0)
    })?;
    found.ok_or_else(|| Error::Corrupt(format!("`{log}` has no event at seq {seq}")))
}

/// Bounds and time of the commit that holds a seq.
fn point(conn: &Connection, log_id: i64, seq: Seq) -> Answer<Option<(Seq, Seq, Timestamp)>> {
    one(sql!(conn, "event_point"), (log_id, int(seq)), |row| {
        Ok((rows::seq(row, 0)?, rows::seq(row, 1)?, rows::at(row, 2)?))
    })
}

pub(crate) fn commit_at(conn: &Connection, log: &LogId, seq: Seq) -> Answer<Option<CommitPoint>> {
    let Some(log_id) = log_id(conn, log).map_err(failure)? else {
        return Ok(None);
    };
    let Some((first, last, at)) = point(conn, log_id, seq)? else {
        return Ok(None);
    };
    let hash = hash_at(conn, log, log_id, last)?;
    Ok(Some(CommitPoint {
        log: log.clone(),
        first,
        last,
        hash,
        at,
    }))
}

/// The last commit not later than a time, by bisection: within a log time never decreases.
pub(crate) fn head_at(
    conn: &Connection,
    log: &LogId,
    at: Timestamp,
) -> Answer<Option<CommitPoint>> {
    let Some(head) = head(conn, log)? else {
        return Ok(None);
    };
    let Some(log_id) = log_id(conn, log).map_err(failure)? else {
        return Ok(None);
    };
    // Everything up to `low` is early enough, everything after `high` too late.
    let (mut low, mut high) = (0, head.seq.get());
    while low < high {
        let middle = low + (high - low).div_ceil(2);
        let found = point(conn, log_id, Seq::new(middle))?;
        let (_, _, then) = found.ok_or_else(|| cut_short(log, Seq::new(middle)))?;
        if then <= at {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    if low == 0 {
        return Ok(None);
    }
    commit_at(conn, log, Seq::new(low))
}

pub(crate) fn receipt(
    conn: &Connection,
    log: &LogId,
    key: &[u8; 32],
) -> Answer<Option<StoredReceipt>> {
    crate::append::receipt(conn, log, key).map_err(failure)
}

pub(crate) fn claim(conn: &Connection, key: &ClaimKey) -> Answer<Option<ClaimOwner>> {
    let scope = match &key.scope {
        ClaimScope::Store => Some(0),
        ClaimScope::Log(log) => log_id(conn, log).map_err(failure)?,
    };
    let Some(scope) = scope else { return Ok(None) };
    one(sql!(conn, "claim_get"), (scope, key.kind, key.mac), |row| {
        Ok(ClaimOwner {
            log: rows::log(row, 0)?,
            seq: rows::seq(row, 1)?,
        })
    })
}

pub(crate) fn revocations_since(conn: &Connection, since: Timestamp) -> Answer<Vec<Revocation>> {
    all(sql!(conn, "revocation_since"), [since.micros()], |row| {
        rows::revocation(row, 0)
    })
}

/// The revocations that the events of a commit made.
pub(crate) fn revocations_of(conn: &Connection, row: &OutboxRow) -> Answer<Vec<Revocation>> {
    let Some(log_id) = log_id(conn, &row.log).map_err(failure)? else {
        return Ok(Vec::new());
    };
    let bounds = (log_id, int(row.first), int(row.last));
    all(sql!(conn, "revocation_of_commit"), bounds, |row| {
        rows::revocation(row, 0)
    })
}

pub(crate) fn trusting(conn: &Connection, keys: &[[u8; 32]]) -> Answer<Vec<Trusting>> {
    let mut keys = keys.to_vec();
    keys.sort_unstable();
    keys.dedup();
    let mut found = Vec::new();
    for key in keys {
        found.extend(all(sql!(conn, "trusting_by_key"), [key], |row| {
            rows::trusting(row, 0)
        })?);
    }
    Ok(found)
}

pub(crate) fn outbox(conn: &Connection, n: usize) -> Answer<Vec<OutboxRow>> {
    all(sql!(conn, "outbox_list"), [limit(n)], |row| {
        rows::outbox(row, 0)
    })
}

pub(crate) fn snapshot(
    conn: &Connection,
    log: &LogId,
    state_schema: u32,
    at_most: Option<Seq>,
) -> Answer<Option<Snapshot>> {
    let Some(log_id) = log_id(conn, log).map_err(failure)? else {
        return Ok(None);
    };
    let at_most = at_most.map_or(i64::MAX, int);
    let of = (log_id, state_schema, at_most, log.to_string());
    one(sql!(conn, "snapshot_get"), of, |row| rows::snapshot(row, 0))
}

/// Which snapshots of a schema to remove.
pub(crate) fn superseded(conn: &Connection, log_id: i64, state_schema: u32) -> Answer<Vec<Seq>> {
    let seqs = all(sql!(conn, "snapshot_seqs"), (log_id, state_schema), |row| {
        rows::seq(row, 0)
    })?;
    Ok(snapshot::superseded(&seqs))
}

pub(crate) fn credential(
    conn: &Connection,
    log: &LogId,
    subject: &str,
    kind: u16,
) -> Answer<Option<Credential>> {
    let Some(log_id) = log_id(conn, log).map_err(failure)? else {
        return Ok(None);
    };
    let of = (log_id, subject, kind, log.to_string());
    one(sql!(conn, "credential_newest"), of, |row| {
        rows::credential(row, 0)
    })
}

pub(crate) fn credentials(
    conn: &Connection,
    log: &LogId,
    subject: &str,
    kind: u16,
) -> Answer<Vec<Credential>> {
    let Some(log_id) = log_id(conn, log).map_err(failure)? else {
        return Ok(Vec::new());
    };
    let of = (log_id, subject, kind, log.to_string());
    all(sql!(conn, "credential_list"), of, |row| {
        rows::credential(row, 0)
    })
}

pub(crate) fn sealed_key(
    conn: &Connection,
    log: &LogId,
    kind: u16,
    id: &str,
) -> Answer<Option<SealedKey>> {
    let Some(log_id) = log_id(conn, log).map_err(failure)? else {
        return Ok(None);
    };
    one(
        sql!(conn, "sealed_key_get"),
        (log_id, kind, id, log.to_string()),
        |row| rows::sealed_key(row, 0),
    )
}

pub(crate) fn sealed_keys(conn: &Connection, log: &LogId, kind: u16) -> Answer<Vec<SealedKey>> {
    let Some(log_id) = log_id(conn, log).map_err(failure)? else {
        return Ok(Vec::new());
    };
    all(
        sql!(conn, "sealed_key_list"),
        (log_id, kind, log.to_string()),
        |row| rows::sealed_key(row, 0),
    )
}

pub(crate) fn personal(
    conn: &Connection,
    log: &LogId,
    subject: &str,
    field: u16,
    generation: u32,
) -> Answer<Option<Personal>> {
    let Some(log_id) = log_id(conn, log).map_err(failure)? else {
        return Ok(None);
    };
    let of = (log_id, subject, field, generation, log.to_string());
    one(sql!(conn, "personal_get"), of, |row| rows::personal(row, 0))
}

pub(crate) fn one_time(
    conn: &Connection,
    log: &LogId,
    purpose: u16,
    key_hash: &[u8; 32],
) -> Answer<Option<OneTime>> {
    let Some(log_id) = log_id(conn, log).map_err(failure)? else {
        return Ok(None);
    };
    one(
        sql!(conn, "one_time_get"),
        (log_id, purpose, key_hash, log.to_string()),
        |row| rows::one_time(row, 0),
    )
}

pub(crate) fn counter(
    conn: &Connection,
    log: &LogId,
    subject: &str,
    kind: u16,
) -> Answer<Option<Counter>> {
    let Some(log_id) = log_id(conn, log).map_err(failure)? else {
        return Ok(None);
    };
    crate::side::counter(conn, log_id, subject, kind).map_err(failure)
}

pub(crate) fn activity(conn: &Connection, log: &LogId, id: &str) -> Answer<Option<ActivityRecord>> {
    let Some(log_id) = log_id(conn, log).map_err(failure)? else {
        return Ok(None);
    };
    one(
        sql!(conn, "activity_get"),
        (log_id, id, log.to_string()),
        |row| rows::activity(row, 0),
    )
}

pub(crate) fn activities(
    conn: &Connection,
    log: &LogId,
    filter: &ActivityFilter,
    n: usize,
) -> Answer<Vec<ActivityRecord>> {
    let Some(log_id) = log_id(conn, log).map_err(failure)? else {
        return Ok(Vec::new());
    };
    let log = log.to_string();
    let from = filter.from.map_or(i64::MIN, Timestamp::micros);
    let until = filter.until.map_or(i64::MAX, Timestamp::micros);
    let kinds = serde_json::Value::from(filter.kinds.clone()).to_string();
    let read = |row: &Row<'_>| rows::activity(row, 0);
    match &filter.after {
        Some((at, id)) => {
            let of = (log_id, from, until, at.micros(), id, kinds, limit(n), log);
            all(sql!(conn, "activity_list"), of, read)
        }
        None => all(
            sql!(conn, "activity_list_first"),
            (log_id, from, until, kinds, limit(n), log),
            read,
        ),
    }
}
