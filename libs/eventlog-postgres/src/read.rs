//! What readers ask.

use std::collections::HashMap;

use tokio_postgres::Row;
use trilby_eventlog::{
    ClaimKey, ClaimOwner, ClaimScope, CommitPoint, Counter, Credential, Error, Head, HeadState,
    OneTime, OutboxRow, Personal, Recorded, RecordedCommit, Revocation, RevocationMark,
    RevocationNews, SealedKey, Snapshot, StoreMeta, StoredReceipt, Trusting, chain, commit,
};
use trilby_model::{Hash, LogId, Seq, Timestamp};

use crate::known::Known;
use crate::pipeline::{Ask, Logs, Param, params};
use crate::rows::{self, int, limit};
use crate::source::Source;

type Answer<T> = Result<T, Error>;

macro_rules! sql {
    ($name:literal) => {
        include_str!(concat!("queries/", $name, ".sql"))
    };
}

pub(crate) async fn meta(source: &Source) -> Answer<StoreMeta> {
    let row = source.row(None, sql!("meta_get"), &[]).await?;
    rows::meta(&row.ok_or_else(|| rows::odd("the store has no identity"))?)
}

/// Where these logs end, with their numbers.
pub(crate) async fn heads(source: &Source, logs: &[LogId]) -> Answer<Vec<(Head, i64)>> {
    let names: Vec<String> = logs.iter().map(LogId::to_string).collect();
    let found = match names.as_slice() {
        // Asked more than anything else. Of one row, or two, the planner knows that a plan which was kept is as good as a
        // new one; of a list of any length it does not, and plans anew each time.
        [name] => source.rows(None, sql!("head_of_one"), &[name]).await?,
        [one, other] => {
            let of: &[Param<'_>] = &[one, other];
            source.rows(None, sql!("head_of_two"), of).await?
        }
        names => source.rows(None, sql!("head_by_name"), &[&names]).await?,
    };
    let found: Vec<(Head, i64)> = found
        .iter()
        .map(|row| Ok((rows::head(row, 0)?, rows::get(row, 5)?)))
        .collect::<Answer<_>>()?;
    let by_log: HashMap<&LogId, &(Head, i64)> = found.iter().map(|one| (&one.0.log, one)).collect();
    let of = |log: &LogId| by_log.get(log).map(|found| (*found).clone());
    Ok(logs.iter().filter_map(of).collect())
}

pub(crate) async fn logs(source: &Source, after: Option<&LogId>, n: usize) -> Answer<Vec<Head>> {
    let after = after.map(LogId::to_string).unwrap_or_default();
    let found = source
        .rows(None, sql!("head_list"), &[&after, &limit(n)])
        .await?;
    found.iter().map(|row| rows::head(row, 0)).collect()
}

/// Events as they lie there.
pub(crate) async fn events(
    source: &Source,
    log: &LogId,
    after: Seq,
    n: usize,
) -> Answer<Vec<Recorded>> {
    let name = log.to_string();
    let of: &[Param<'_>] = &[&name, &int(after), &limit(n)];
    let found = source.rows(Some(&name), sql!("event_range"), of).await?;
    found.iter().map(|row| rows::event(row, log)).collect()
}

/// Whole commits. Events that do not make up one are corruption.
pub(crate) async fn commits(
    source: &Source,
    known: &Known,
    store_id: &[u8; 16],
    log: &LogId,
    after: Seq,
    n: usize,
) -> Answer<Vec<RecordedCommit>> {
    let name = log.to_string();
    // One commit more than wanted, so that the last one wanted is whole whatever its size, and the event before the first,
    // which has its hash.
    let n_events = n.saturating_add(commit::EVENTS_MAX).saturating_add(1);
    let of: &[Param<'_>] = &[&name, &int(after.next()), &limit(n_events)];
    let found = source.rows(Some(&name), sql!("commits_from"), of).await?;
    let is_cut = found.len() >= n_events;
    whole(known, store_id, log, after, n, &found, is_cut)
}

/// The same of several logs, by one question.
pub(crate) async fn commits_of_many(
    source: &Source,
    known: &Known,
    store_id: &[u8; 16],
    of: &[(LogId, Seq)],
    n: usize,
) -> Answer<Vec<Vec<RecordedCommit>>> {
    let names: Vec<String> = of.iter().map(|(log, _)| log.to_string()).collect();
    let wanted: Vec<i64> = of.iter().map(|(_, after)| int(after.next())).collect();
    let at_most = limit(n.max(1));
    let ask = Ask::new(sql!("commits_of_many"), params![&names, &wanted, &at_most]);
    let answers = source.ask(Logs::Named(&names), &[ask]).await?;
    let mut rest = answers.first().map(Vec::as_slice).unwrap_or_default();
    let mut all = Vec::with_capacity(of.len());
    for ((log, after), place) in of.iter().zip(1_i64..) {
        let is_ours = |row: &&Row| rows::get::<i64>(row, 11).is_ok_and(|found| found == place);
        let n_rows = rest.iter().take_while(is_ours).count();
        let (ours, others) = rest.split_at(n_rows);
        rest = others;
        all.push(whole(known, store_id, log, *after, n, ours, false)?);
    }
    match rest {
        [] => Ok(all),
        _ => Err(rows::odd("events of a log that was not asked for")),
    }
}

/// The commits after `after`, from rows that begin with the event before them. The last may lack its end if they were cut off.
fn whole(
    known: &Known,
    store_id: &[u8; 16],
    log: &LogId,
    after: Seq,
    n: usize,
    found: &[Row],
    is_cut: bool,
) -> Answer<Vec<RecordedCommit>> {
    if let Some(row) = found.first() {
        known.learn_number(log, rows::get(row, 10)?);
    }
    let mut found = found.iter().map(|row| rows::event(row, log)).peekable();
    let Some(first) = found.peek() else {
        return Ok(Vec::new());
    };
    let first = first.clone()?;
    // What is asked for begins a commit, and before it is the event whose hash it follows, unless it is the log's first.
    let wanted = after.next();
    let is_wanted = first.commit_first <= wanted && wanted <= first.commit_last;
    let (begins, prev_hash) = if !is_wanted {
        found.next();
        (first.seq.next(), first.hash)
    } else if first.seq == Seq::new(1) {
        (first.seq, chain::genesis(store_id, log))
    } else {
        let before = first.seq.get().saturating_sub(1);
        return Err(Error::Corrupt(format!(
            "`{log}` has no event at seq {before}"
        )));
    };
    let commits = gather(log, found, begins, prev_hash, n, is_cut)?;
    // Perhaps the log ends here; whoever appends next finds out.
    if let Some(last) = commits.last() {
        known.learn_head(&Head {
            log: log.clone(),
            seq: last.last,
            hash: last.hash,
            at: last.at,
            state: HeadState::Open,
        });
    }
    Ok(commits)
}

fn gather(
    log: &LogId,
    events: impl Iterator<Item = Answer<Recorded>>,
    begins: Seq,
    mut prev_hash: Hash,
    n: usize,
    is_cut: bool,
) -> Answer<Vec<RecordedCommit>> {
    let mut commits: Vec<RecordedCommit> = Vec::new();
    let mut open: Option<RecordedCommit> = None;
    let mut n_events = 0_usize;
    let mut next = begins;
    for event in events {
        let event = event?;
        if event.seq != next {
            return Err(cut_short(log, next));
        }
        next = next.next();
        match &mut open {
            Some(commit) => join(commit, event)?,
            None => {
                let len = event.commit_last.get().saturating_sub(event.seq.get());
                let len = usize::try_from(len).unwrap_or(usize::MAX).saturating_add(1);
                if n_events > 0 && len > n.saturating_sub(n_events) {
                    return Ok(commits);
                }
                n_events = n_events.saturating_add(len);
                open = Some(begin(event, prev_hash)?);
            }
        }
        if let Some(whole) = open.take_if(|commit| ends(commit)) {
            prev_hash = whole.hash;
            commits.push(whole);
        }
    }
    match open {
        None => Ok(commits),
        // Not broken, only longer than any commit may be.
        Some(commit) if is_cut && !commits.is_empty() => {
            drop(commit);
            Ok(commits)
        }
        Some(commit) => Err(cut_short(log, commit.last)),
    }
}

fn ends(commit: &RecordedCommit) -> bool {
    commit
        .events
        .last()
        .is_some_and(|last| last.seq == commit.last)
}

fn begin(event: Recorded, prev_hash: Hash) -> Answer<RecordedCommit> {
    if event.commit_first != event.seq || event.commit_last < event.seq {
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
    if event.commit_first != open.first || event.commit_last != open.last {
        return Err(cut_short(&event.log, event.seq));
    }
    open.hash = event.hash;
    open.events.push(event);
    Ok(())
}

fn cut_short(log: &LogId, seq: Seq) -> Error {
    Error::Corrupt(format!("`{log}` has a broken commit at seq {seq}"))
}

fn point(row: &Row, log: &LogId) -> Answer<CommitPoint> {
    let first = rows::seq(row, 0)?;
    let last = rows::seq(row, 1)?;
    let hash: Option<&[u8]> = rows::get(row, 3)?;
    if hash.is_none() {
        return Err(Error::Corrupt(format!(
            "`{log}` has no event at seq {last}"
        )));
    }
    Ok(CommitPoint {
        log: log.clone(),
        first,
        last,
        hash: rows::hash(row, 3)?,
        at: rows::at(row, 2)?,
    })
}

pub(crate) async fn commit_at(
    source: &Source,
    log: &LogId,
    seq: Seq,
) -> Answer<Option<CommitPoint>> {
    let name = log.to_string();
    let of: &[Param<'_>] = &[&name, &int(seq)];
    let found = source.row(Some(&name), sql!("commit_at"), of).await?;
    found.map(|row| point(&row, log)).transpose()
}

/// The last commit not later than a time.
pub(crate) async fn head_at(
    source: &Source,
    log: &LogId,
    at: Timestamp,
) -> Answer<Option<CommitPoint>> {
    let name = log.to_string();
    let of: &[Param<'_>] = &[&name, &at.micros()];
    let found = source.row(Some(&name), sql!("head_at"), of).await?;
    found.map(|row| point(&row, log)).transpose()
}

pub(crate) async fn receipt(
    source: &Source,
    log: &LogId,
    key: &[u8; 32],
) -> Answer<Option<StoredReceipt>> {
    let name = log.to_string();
    let of: &[Param<'_>] = &[&name, &&key[..]];
    let found = source.row(Some(&name), sql!("receipt_get"), of).await?;
    found.map(|row| rows::receipt(&row, 0)).transpose()
}

pub(crate) async fn claim(source: &Source, key: &ClaimKey) -> Answer<Option<ClaimOwner>> {
    let scope = match &key.scope {
        ClaimScope::Store => None,
        ClaimScope::Log(log) => Some(log.to_string()),
    };
    let of: &[Param<'_>] = &[&scope, &i32::from(key.kind), &&key.mac[..]];
    let found = source.row(None, sql!("claim_get"), of).await?;
    found
        .map(|row| {
            Ok(ClaimOwner {
                log: rows::log(&row, 0)?,
                seq: rows::seq(&row, 1)?,
            })
        })
        .transpose()
}

/// Revocations that one statement gives: far fewer than it has time for, however many there are.
const REVOCATIONS_PAGE: usize = 10_000;

pub(crate) async fn revocations_since(
    source: &Source,
    since: Timestamp,
) -> Answer<Vec<Revocation>> {
    let mut all = Vec::new();
    let mut after = (since.micros().saturating_sub(1), i64::MAX);
    loop {
        let of: &[Param<'_>] = &[&after.0, &after.1];
        let found = source.rows(None, sql!("revocation_since"), of).await?;
        for row in &found {
            all.push(rows::revocation(row, 0)?);
        }
        match found.last() {
            Some(last) if found.len() >= REVOCATIONS_PAGE => {
                after = (rows::get(last, 5)?, rows::get(last, 6)?);
            }
            Some(_) | None => return Ok(all),
        }
    }
}

/// The oldest transaction that is under way. All before it have ended: what they wrote can be seen, or never will.
pub(crate) async fn revocation_mark(source: &Source) -> Answer<RevocationMark> {
    let row = source.row(None, sql!("revocation_mark"), &[]).await?;
    mark(&row.ok_or_else(|| rows::odd("the store counts no transactions"))?)
}

/// Transactions whose numbers a server may give again after it crashed: those that ended and left no trace on its disk, undone
/// ones and those that did not wait for it.
const GIVEN_AGAIN: u64 = 4_096;

/// Revocations of transactions that were under way at the mark, or begun since; and newer ones than that under numbers of some
/// before it. (The count of revocations is on the disk before any of them, and never goes back.)
pub(crate) async fn revocations_after(
    source: &Source,
    after: RevocationMark,
) -> Answer<RevocationNews> {
    let news = revocations_from(source, after).await?;
    // The count goes on. If it is behind, the mark is of another store: this one is a copy of it.
    if news.mark.begun < after.begun {
        return revocations_from(source, RevocationMark::default()).await;
    }
    Ok(news)
}

async fn revocations_from(source: &Source, after: RevocationMark) -> Answer<RevocationNews> {
    let begun = after.begun.to_string();
    let given_again = after.begun.saturating_sub(GIVEN_AGAIN).to_string();
    let newest = i64::try_from(after.newest).unwrap_or(i64::MAX);
    let of: &[Param<'_>] = &[&begun, &given_again, &newest];
    let found = source.rows(None, sql!("revocation_after"), of).await?;
    let first = found
        .first()
        .ok_or_else(|| rows::odd("the store counts no transactions"))?;
    let now = mark(first)?;
    // Without any there is one row, which has only the mark.
    let has_one = |row: &&Row| rows::get::<Option<&str>>(row, 2).is_ok_and(|log| log.is_some());
    let revocations = found.iter().filter(has_one);
    Ok(RevocationNews {
        mark: RevocationMark {
            // The newest may have been purged.
            newest: now.newest.max(after.newest),
            ..now
        },
        revocations: revocations
            .map(|row| rows::revocation(row, 2))
            .collect::<Answer<_>>()?,
    })
}

fn mark(row: &Row) -> Answer<RevocationMark> {
    let begun: &str = rows::get(row, 0)?;
    let newest: i64 = rows::get(row, 1)?;
    Ok(RevocationMark {
        begun: begun
            .parse()
            .map_err(|_| rows::odd("a transaction has no number"))?,
        newest: u64::try_from(newest).unwrap_or(0),
    })
}

/// The revocations that the events of a commit made.
pub(crate) async fn revocations_of(source: &Source, row: &OutboxRow) -> Answer<Vec<Revocation>> {
    let name = row.log.to_string();
    let of: &[Param<'_>] = &[&name, &int(row.first), &int(row.last)];
    let found = source.rows(None, sql!("revocation_of_commit"), of).await?;
    found.iter().map(|row| rows::revocation(row, 0)).collect()
}

pub(crate) async fn trusting(source: &Source, keys: &[[u8; 32]]) -> Answer<Vec<Trusting>> {
    let keys: Vec<&[u8]> = keys.iter().map(|key| &key[..]).collect();
    let found = source.rows(None, sql!("trusting_by_key"), &[&keys]).await?;
    found.iter().map(|row| rows::trusting(row, 0)).collect()
}

pub(crate) async fn outbox(source: &Source, n: usize) -> Answer<Vec<OutboxRow>> {
    let found = source.rows(None, sql!("outbox_list"), &[&limit(n)]).await?;
    found.iter().map(|row| rows::outbox(row, 0)).collect()
}

pub(crate) async fn snapshot(
    source: &Source,
    log: &LogId,
    state_schema: u32,
    at_most: Option<Seq>,
) -> Answer<Option<Snapshot>> {
    let name = log.to_string();
    let at_most = at_most.map_or(i64::MAX, int);
    let of: &[Param<'_>] = &[&name, &i64::from(state_schema), &at_most];
    let found = source.row(Some(&name), sql!("snapshot_get"), of).await?;
    found.map(|row| rows::snapshot(&row, 0)).transpose()
}

/// The seqs of a log's snapshots of one schema.
pub(crate) async fn snapshot_seqs(
    source: &Source,
    log: &LogId,
    state_schema: u32,
) -> Answer<Vec<Seq>> {
    let name = log.to_string();
    let of: &[Param<'_>] = &[&name, &i64::from(state_schema)];
    let found = source.rows(Some(&name), sql!("snapshot_seqs"), of).await?;
    found.iter().map(|row| rows::seq(row, 0)).collect()
}

pub(crate) async fn credential(
    source: &Source,
    log: &LogId,
    subject: &str,
    kind: u16,
) -> Answer<Option<Credential>> {
    let name = log.to_string();
    let of: &[Param<'_>] = &[&name, &subject, &i32::from(kind)];
    let found = source
        .row(Some(&name), sql!("credential_newest"), of)
        .await?;
    found.map(|row| rows::credential(&row, 0)).transpose()
}

pub(crate) async fn credentials(
    source: &Source,
    log: &LogId,
    subject: &str,
    kind: u16,
) -> Answer<Vec<Credential>> {
    let name = log.to_string();
    let of: &[Param<'_>] = &[&name, &subject, &i32::from(kind)];
    let found = source
        .rows(Some(&name), sql!("credential_list"), of)
        .await?;
    found.iter().map(|row| rows::credential(row, 0)).collect()
}

pub(crate) async fn sealed_key(
    source: &Source,
    log: &LogId,
    kind: u16,
    id: &str,
) -> Answer<Option<SealedKey>> {
    let name = log.to_string();
    let of: &[Param<'_>] = &[&name, &i32::from(kind), &id];
    let found = source.row(Some(&name), sql!("sealed_key_get"), of).await?;
    found.map(|row| rows::sealed_key(&row, 0)).transpose()
}

pub(crate) async fn sealed_keys(source: &Source, log: &LogId, kind: u16) -> Answer<Vec<SealedKey>> {
    let name = log.to_string();
    let of: &[Param<'_>] = &[&name, &i32::from(kind)];
    let found = source
        .rows(Some(&name), sql!("sealed_key_list"), of)
        .await?;
    found.iter().map(|row| rows::sealed_key(row, 0)).collect()
}

pub(crate) async fn personal(
    source: &Source,
    log: &LogId,
    subject: &str,
    field: u16,
    generation: u32,
) -> Answer<Option<Personal>> {
    let name = log.to_string();
    let of: &[Param<'_>] = &[&name, &subject, &i32::from(field), &i64::from(generation)];
    let found = source.row(Some(&name), sql!("personal_get"), of).await?;
    found.map(|row| rows::personal(&row, 0)).transpose()
}

pub(crate) async fn one_time(
    source: &Source,
    log: &LogId,
    purpose: u16,
    key_hash: &[u8; 32],
) -> Answer<Option<OneTime>> {
    let name = log.to_string();
    let of: &[Param<'_>] = &[&name, &i32::from(purpose), &&key_hash[..]];
    let found = source.row(Some(&name), sql!("one_time_get"), of).await?;
    found.map(|row| rows::one_time(&row, 0)).transpose()
}

pub(crate) async fn counter(
    source: &Source,
    log: &LogId,
    subject: &str,
    kind: u16,
) -> Answer<Option<Counter>> {
    let name = log.to_string();
    let of: &[Param<'_>] = &[&name, &subject, &i32::from(kind)];
    let found = source.row(Some(&name), sql!("counter_get"), of).await?;
    found.map(|row| rows::counter(&row, 0)).transpose()
}
