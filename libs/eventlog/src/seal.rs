//! From a wished commit to stored bytes: bounds, canonical bodies, salts, hashes. Pure, and the
//! same for every backend.

use serde_json::Value;
use sha2::{Digest, Sha256};
use trilby_model::{Hash, LogId, Seq, Timestamp, json};

use crate::chain;
use crate::claim::ClaimScope;
use crate::commit::{BYTES_MAX, Commit, EVENTS_MAX, Entry, Expected, LOGS_MAX};
use crate::envelope::{Head, HeadState, NewEvent, Recorded, RecordedCommit};
use crate::error::AppendError;
use crate::meta::StoreMeta;
use crate::revocation::Revocation;
use crate::trusting::TrustingChange;

/// Longest name of an event type.
pub const ETYPE_LEN_MAX: usize = 100;

/// Integers beyond this lose digits in readers that know only doubles; such are written as strings.
const INTEGER_MAX: u64 = (1 << 53) - 1;

const SALT_DOMAIN: &[u8] = b"trilby.salt.v1\0";

/// Refuses a commit that no store could take, whatever its state.
///
/// Errors: `Invalid` or `TooLarge`. (The bound in bytes is checked by [`seal`].)
pub fn check(commit: &Commit) -> Result<(), AppendError> {
    bound("logs", LOGS_MAX, commit.entries.len())?;
    let n_events = commit.entries.iter().map(|entry| entry.events.len()).sum();
    bound("events", EVENTS_MAX, n_events)?;
    if n_events == 0 {
        return Err(invalid("it has no event"));
    }
    for (i, entry) in commit.entries.iter().enumerate() {
        if commit
            .entries
            .iter()
            .skip(i + 1)
            .any(|other| other.log == entry.log)
        {
            return Err(invalid(format!("`{}` is named twice", entry.log)));
        }
        entry.events.iter().try_for_each(check_event)?;
    }
    let meta = commit
        .meta
        .as_object()
        .ok_or_else(|| invalid("its meta is no object"))?;
    if meta.contains_key("with") {
        return Err(invalid("its meta has a member `with`"));
    }
    check_json(&commit.meta)?;
    check_references(commit)
}

fn bound(what: &'static str, limit: usize, actual: usize) -> Result<(), AppendError> {
    if actual > limit {
        return Err(AppendError::TooLarge {
            what,
            limit,
            actual,
        });
    }
    Ok(())
}

fn invalid(what: impl Into<String>) -> AppendError {
    AppendError::Invalid(what.into())
}

fn check_event(event: &NewEvent) -> Result<(), AppendError> {
    let is_name = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_lowercase())
            && part
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
    };
    let named = event.etype.len() <= ETYPE_LEN_MAX
        && event
            .etype
            .split_once('.')
            .is_some_and(|(subject, rest)| is_name(subject) && is_name(rest));
    if !named {
        return Err(invalid(format!("`{}` is no event type", event.etype)));
    }
    if event.ever == 0 {
        return Err(invalid(format!("`{}` has version 0", event.etype)));
    }
    if !event.data.is_object() {
        return Err(invalid(format!(
            "the data of `{}` is no object",
            event.etype
        )));
    }
    check_json(&event.data)
}

/// Only what every JSON reader gives back unchanged: no floats, no integers beyond 2^53 - 1.
fn check_json(value: &Value) -> Result<(), AppendError> {
    match value {
        Value::Null | Value::Bool(_) | Value::String(_) => Ok(()),
        Value::Number(number) => {
            let fits = number.as_u64().is_some_and(|n| n <= INTEGER_MAX)
                || number
                    .as_i64()
                    .is_some_and(|n| n.unsigned_abs() <= INTEGER_MAX);
            if fits {
                Ok(())
            } else {
                Err(invalid(format!("`{number}` is not an integer below 2^53")))
            }
        }
        Value::Array(items) => items.iter().try_for_each(check_json),
        Value::Object(members) => members.values().try_for_each(check_json),
    }
}

/// What rests on an event must name one that is there.
fn check_references(commit: &Commit) -> Result<(), AppendError> {
    let has = |log: &LogId, event: usize| {
        commit
            .entries
            .iter()
            .any(|entry| entry.log == *log && event < entry.events.len())
    };
    let claims = commit.claims_taken.iter().chain(&commit.claims_released);
    for claim in claims {
        if !has(&claim.log, claim.event) {
            return Err(invalid("a claim names an event that is not in the commit"));
        }
        if matches!(&claim.key.scope, ClaimScope::Log(log) if *log != claim.log) {
            return Err(invalid("a claim is scoped to another log than its own"));
        }
    }
    for (i, claim) in commit.claims_taken.iter().enumerate() {
        if commit
            .claims_taken
            .iter()
            .skip(i + 1)
            .any(|other| other.key == claim.key)
        {
            return Err(invalid("a claim is taken twice"));
        }
    }
    if commit
        .revocations
        .iter()
        .any(|revocation| !has(&revocation.log, revocation.event))
    {
        return Err(invalid(
            "a revocation names an event that is not in the commit",
        ));
    }
    let trusting_is_there = |change: &TrustingChange| match change {
        TrustingChange::Put { log, event, .. } => has(log, *event),
        TrustingChange::Remove { log, .. } => has(log, 0),
    };
    if !commit.trusting.iter().all(trusting_is_there) {
        return Err(invalid(
            "a trusting row names an event that is not in the commit",
        ));
    }
    if commit
        .receipt
        .as_ref()
        .is_some_and(|receipt| !has(&receipt.log, 0))
    {
        return Err(invalid("the receipt's log gets no event"));
    }
    Ok(())
}

/// Compares the heads as they are (in the order of the entries, `None` = no event) with what the
/// writer expected.
///
/// Errors: `NotOpen`, `Stale`.
pub fn check_heads(
    store: &StoreMeta,
    commit: &Commit,
    heads: &[Option<Head>],
) -> Result<(), AppendError> {
    let closed = heads
        .iter()
        .flatten()
        .find(|head| head.state != HeadState::Open);
    if let Some(head) = closed {
        return Err(AppendError::NotOpen {
            log: head.log.clone(),
        });
    }
    let moved: Vec<_> = commit
        .entries
        .iter()
        .zip(heads)
        .filter(|(entry, head)| !is_at(store, entry, head.as_ref()))
        .collect();
    if moved.is_empty() {
        return Ok(());
    }
    let heads = moved
        .into_iter()
        .filter_map(|(_, head)| head.clone())
        .collect();
    Err(AppendError::Stale { heads })
}

fn is_at(store: &StoreMeta, entry: &Entry, head: Option<&Head>) -> bool {
    match (&entry.expected, head) {
        (Expected::New, None) => true,
        (Expected::At { seq, hash }, Some(head)) => head.seq == *seq && head.hash == *hash,
        (Expected::At { seq, hash }, None) => {
            *seq == Seq::ZERO && *hash == chain::genesis(&store.store_id, &entry.log)
        }
        (Expected::New, Some(_)) => false,
    }
}

/// A commit as it will be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    /// New heads of the logs that get events.
    pub heads: Vec<Head>,
    /// What they get.
    pub commits: Vec<RecordedCommit>,
    /// Revocation rows.
    pub revocations: Vec<Revocation>,
}

impl Sealed {
    /// Seq of the n-th event that the commit adds to a log.
    pub fn seq_of(&self, log: &LogId, event: usize) -> Option<Seq> {
        let commit = self.commits.iter().find(|commit| commit.log == *log)?;
        commit.events.get(event).map(|event| event.seq)
    }
}

/// A commit that was checked and whose JSON was spelled: what whoever asks can do before it is any log's turn.
#[derive(Debug, Clone)]
pub struct Prepared {
    commit: Commit,
    spelled: Spelled,
}

impl Prepared {
    /// Checks a commit and spells what it says.
    ///
    /// Errors: as [`check`].
    pub fn new(commit: Commit) -> Result<Self, AppendError> {
        check(&commit)?;
        Ok(Self {
            spelled: Spelled::of(&commit),
            commit,
        })
    }

    /// The commit.
    pub fn commit(&self) -> &Commit {
        &self.commit
    }

    /// As [`seal`].
    ///
    /// Errors: as [`seal`].
    pub fn seal(&self, store: &StoreMeta, heads: &[Option<Head>]) -> Result<Sealed, AppendError> {
        seal_spelled(store, &self.commit, &self.spelled, heads)
    }
}

/// Canonical JSON of a commit's parts.
#[derive(Debug, Clone)]
struct Spelled {
    meta: String,
    /// The data of each entry's events.
    data: Vec<Vec<String>>,
}

impl Spelled {
    fn of(commit: &Commit) -> Self {
        let data_of = |entry: &Entry| {
            let data = entry.events.iter();
            data.map(|event| json::canonical(&event.data)).collect()
        };
        Self {
            meta: json::canonical(&commit.meta),
            data: commit.entries.iter().map(data_of).collect(),
        }
    }
}

/// Gives the events of a commit their places, bytes and hashes after the given heads.
///
/// All logs of a commit get one time: the writer's, or the latest of their last ones if that is
/// later, so that within a log time never runs backwards.
///
/// Errors: `TooLarge` for the bodies' bytes, `Invalid` for what [`check`] refuses; `Unavailable` if the store is of another
/// incarnation than the commit was decided in.
pub fn seal(
    store: &StoreMeta,
    commit: &Commit,
    heads: &[Option<Head>],
) -> Result<Sealed, AppendError> {
    seal_spelled(store, commit, &Spelled::of(commit), heads)
}

fn seal_spelled(
    store: &StoreMeta,
    commit: &Commit,
    spelled: &Spelled,
    heads: &[Option<Head>],
) -> Result<Sealed, AppendError> {
    if commit
        .incarnation
        .is_some_and(|decided_in| decided_in != store.incarnation)
    {
        let why = "the store was fenced while this was decided".to_owned();
        return Err(AppendError::Unavailable(why));
    }
    let writes: Vec<Write<'_>> = commit
        .entries
        .iter()
        .zip(heads)
        .zip(&spelled.data)
        .filter(|((entry, _), _)| !entry.events.is_empty())
        .map(|((entry, head), data)| Write::after(store, entry, data, head.as_ref()))
        .collect();
    let at = writes
        .iter()
        .map(|write| write.last_at)
        .max()
        .map_or(commit.at, |last| last.max(commit.at));
    let mut sealed = Sealed {
        heads: Vec::with_capacity(writes.len()),
        commits: Vec::with_capacity(writes.len()),
        revocations: Vec::new(),
    };
    let mut n_bytes = 0;
    for write in &writes {
        let meta = with_others(&commit.meta, write.log, &writes);
        let meta = meta.as_ref().unwrap_or(&spelled.meta);
        let recorded = write.record(store, &commit.salt, meta, at);
        n_bytes += recorded
            .events
            .iter()
            .filter_map(|event| event.body.as_ref())
            .map(Vec::len)
            .sum::<usize>();
        bound("bytes", BYTES_MAX, n_bytes)?;
        sealed.heads.push(Head {
            log: recorded.log.clone(),
            seq: recorded.last,
            hash: recorded.hash,
            at,
            state: HeadState::Open,
        });
        sealed.commits.push(recorded);
    }
    for revocation in &commit.revocations {
        let seq = sealed
            .seq_of(&revocation.log, revocation.event)
            .ok_or_else(|| invalid("a revocation names an event that is not in the commit"))?;
        if revocation.before.is_some_and(|before| before > seq) {
            return Err(invalid("a revocation reaches beyond its event"));
        }
        add_revocation(
            &mut sealed.revocations,
            Revocation {
                log: revocation.log.clone(),
                kind: revocation.kind,
                id_hash: revocation.id_hash,
                seq,
                before: revocation.before.unwrap_or(seq),
                at,
            },
        );
    }
    Ok(sealed)
}

/// An event that revokes a thing twice has one row for it, of the further reach.
fn add_revocation(rows: &mut Vec<Revocation>, new: Revocation) {
    let same = rows.iter_mut().find(|row| {
        row.log == new.log
            && row.kind == new.kind
            && row.id_hash == new.id_hash
            && row.seq == new.seq
    });
    match same {
        Some(row) => row.before = row.before.max(new.before),
        None => rows.push(new),
    }
}

/// One log's part, with where it begins.
struct Write<'a> {
    log: &'a LogId,
    events: &'a [NewEvent],
    /// Their data, spelled.
    data: &'a [String],
    prev_hash: Hash,
    first: Seq,
    last: Seq,
    last_at: Timestamp,
}

impl<'a> Write<'a> {
    fn after(store: &StoreMeta, entry: &'a Entry, data: &'a [String], head: Option<&Head>) -> Self {
        let (seq, prev_hash, last_at) = match head {
            Some(head) => (head.seq, head.hash, head.at),
            None => {
                let genesis = chain::genesis(&store.store_id, &entry.log);
                (Seq::ZERO, genesis, Timestamp::from_micros(i64::MIN))
            }
        };
        let n_events = u64::try_from(entry.events.len()).unwrap_or(u64::MAX);
        Self {
            log: &entry.log,
            events: &entry.events,
            data,
            prev_hash,
            first: seq.next(),
            last: seq.plus(n_events),
            last_at,
        }
    }

    fn record(
        &self,
        store: &StoreMeta,
        commit_salt: &[u8; 32],
        meta: &str,
        at: Timestamp,
    ) -> RecordedCommit {
        let mut events = Vec::with_capacity(self.events.len());
        let log = self.log.to_string();
        let mut prev = self.prev_hash;
        let mut seq = self.first;
        for (event, data) in self.events.iter().zip(self.data) {
            let body = body(&salt(commit_salt, &log, seq), meta, data);
            let mut recorded = Recorded {
                log: self.log.clone(),
                seq,
                commit_first: self.first,
                commit_last: self.last,
                at,
                etype: event.etype.clone(),
                ever: event.ever,
                incarnation: store.incarnation,
                body_hash: chain::body_hash(&body),
                body: Some(body),
                hash: prev,
            };
            recorded.hash = chain::event_hash(&prev, &chain::link(&recorded));
            prev = recorded.hash;
            seq = seq.next();
            events.push(recorded);
        }
        RecordedCommit {
            log: self.log.clone(),
            first: self.first,
            last: self.last,
            prev_hash: self.prev_hash,
            hash: prev,
            incarnation: store.incarnation,
            at,
            events,
        }
    }
}

/// The meta of one log's events, spelled, if the commit writes other logs as well: it then names those. Their hashes
/// cannot be in it, as they depend on this one's.
fn with_others(meta: &Value, log: &LogId, writes: &[Write<'_>]) -> Option<String> {
    let with: Vec<Value> = writes
        .iter()
        .filter(|write| write.log != log)
        .map(|write| Value::String(format!("{}@{}", write.log, write.last.get())))
        .collect();
    if with.is_empty() {
        return None;
    }
    let mut meta = meta.clone();
    if let Some(members) = meta.as_object_mut() {
        members.insert("with".to_owned(), Value::Array(with));
    }
    Some(json::canonical(&meta))
}

/// Keeps what an event says from being guessed from its hash. Derived, so that a commit carries
/// one piece of randomness whatever the number of its events.
fn salt(commit_salt: &[u8; 32], log: &str, seq: Seq) -> [u8; 16] {
    let digest: [u8; 32] = Sha256::new()
        .chain_update(SALT_DOMAIN)
        .chain_update(commit_salt)
        .chain_update(u32::try_from(log.len()).unwrap_or(u32::MAX).to_be_bytes())
        .chain_update(log.as_bytes())
        .chain_update(seq.get().to_be_bytes())
        .finalize()
        .into();
    let mut salt = [0; 16];
    for (to, from) in salt.iter_mut().zip(digest) {
        *to = from;
    }
    salt
}

/// Canonical JSON of canonical parts: the members in the order of their names.
fn body(salt: &[u8; 16], meta: &str, data: &str) -> Vec<u8> {
    let salt = hex::encode(salt);
    let parts = [
        crate::envelope::BEFORE_DATA,
        data,
        r#","meta":"#,
        meta,
        r#","salt":""#,
        &salt,
        r#""}"#,
    ];
    parts.concat().into_bytes()
}

#[cfg(test)]
mod tests;
