//! The activity log. Records of several callers are gathered for a few milliseconds and written as one segment, in one
//! transaction; a caller is answered when its records are durable.
//!
//! Each store that is open for writing has a chain of segments of its own. A record whose id says when it was made
//! (UUIDv7) is kept apart by the primary key and found by that time; other ids have a row in `activity_id`.

use std::collections::{BTreeSet, HashSet};
use std::time::Duration;

use deadpool_postgres::Pool;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;
use tokio_postgres::error::SqlState;
use trilby_eventlog::activity::{self, SEGMENT_RECORDS_MAX};
use trilby_eventlog::{Activity, ActivityFilter, ActivityRecord, Error, Segment};
use trilby_model::{Hash, LogId, Timestamp};

use crate::connect::{get, put_back};
use crate::failure::{Class, Fault, Told, class, failure};
use crate::options::Role;
use crate::pipeline::{self, Ask, Begin, Logs, Param, params};
use crate::rows::{self, limit};
use crate::source::Source;

/// How long records are gathered.
const LINGER: Duration = Duration::from_millis(5);

/// Calls that wait. Beyond it a caller waits [`QUEUE_WAIT`] for a place and is then refused.
const QUEUE_MAX: usize = 1024;

/// How long a caller waits for a place in the queue.
const QUEUE_WAIT: Duration = Duration::from_secs(2);

/// How often a segment is tried.
const ATTEMPTS_MAX: u32 = 4;

const HOUR_MICROS: i64 = 3_600_000_000;

/// Hours that are remembered to have a partition.
const HOURS_MAX: usize = 4_096;

/// Hours that are looked through at once, at first and at most.
const SPELL_HOURS_MIN: usize = 24;
const SPELL_HOURS_MAX: usize = 192;

/// Before an hour that is not needed yet is tried again.
const AHEAD_PAUSE: Duration = Duration::from_secs(30);

/// How far a record's time may be from the one in its id for the id to be trusted with it.
const DRIFT_MICROS: i64 = 600_000_000;

struct Call {
    records: Vec<Activity>,
    ids: Vec<i64>,
    reply: oneshot::Sender<Result<(), Error>>,
}

/// The way to the recording task.
#[derive(Debug)]
pub(crate) struct Recorder {
    queue: mpsc::Sender<Call>,
}

impl Recorder {
    /// Starts the task; it ends when the recorder is dropped and everything it took is answered.
    pub fn start(pool: Pool, writer: [u8; 16], role: Role) -> Self {
        let (queue, calls) = mpsc::channel(QUEUE_MAX);
        let task = Task {
            pool,
            makes_hours: role.makes_hours(),
            chain: Chain::begin(writer),
            hours: HashSet::new(),
            ahead: BTreeSet::new(),
            ahead_from: Instant::now(),
        };
        tokio::spawn(task.run(calls));
        Self { queue }
    }

    /// Writes records of logs with these numbers.
    pub async fn record(&self, records: Vec<Activity>, ids: Vec<i64>) -> Result<(), Error> {
        check(&records)?;
        if records.is_empty() {
            return Ok(());
        }
        let (reply, answer) = oneshot::channel();
        let call = Call {
            records,
            ids,
            reply,
        };
        let sent = tokio::time::timeout(QUEUE_WAIT, self.queue.send(call)).await;
        sent.map_err(|_| Error::Busy("the activity queue is full".to_owned()))?
            .map_err(|_| stopped())?;
        answer.await.map_err(|_| stopped())?
    }
}

fn stopped() -> Error {
    Error::Unavailable("the activity log's writer has stopped".to_owned())
}

fn check(records: &[Activity]) -> Result<(), Error> {
    let mut seen = HashSet::new();
    for record in records {
        activity::check(record)?;
        if !seen.insert((&record.log, &record.id)) {
            return Err(activity::doubled(record));
        }
    }
    Ok(())
}

/// A writer's chain: what the next segment follows.
#[derive(Debug, Clone)]
struct Chain {
    writer: [u8; 16],
    n: u64,
    prev_hash: Hash,
}

impl Chain {
    fn begin(writer: [u8; 16]) -> Self {
        Self {
            writer,
            n: 1,
            prev_hash: Hash([0; 32]),
        }
    }
}

struct Task {
    pool: Pool,
    /// Whether this role may make partitions. Else others have made them.
    makes_hours: bool,
    chain: Chain,
    /// Hours that have a partition.
    hours: HashSet<i64>,
    /// Hours that will need one.
    ahead: BTreeSet<i64>,
    /// Not tried before.
    ahead_from: Instant,
}

impl Task {
    async fn run(mut self, mut calls: mpsc::Receiver<Call>) {
        while let Some(first) = calls.recv().await {
            let mut n_records = first.records.len();
            let mut gathered = vec![first];
            let until = Instant::now() + LINGER;
            while n_records < SEGMENT_RECORDS_MAX {
                match tokio::time::timeout_at(until, calls.recv()).await {
                    Ok(Some(call)) => {
                        n_records = n_records.saturating_add(call.records.len());
                        gathered.push(call);
                    }
                    Ok(None) | Err(_) => break,
                }
            }
            self.write(gathered).await;
            self.make_ahead().await;
        }
    }

    /// Writes the records of some calls together, or, if a record of one of them is there already, call by call.
    async fn write(&mut self, calls: Vec<Call>) {
        let mut seen = HashSet::new();
        let is_distinct = calls
            .iter()
            .flat_map(|call| &call.records)
            .all(|record| seen.insert((record.log.clone(), record.id.clone())));
        if is_distinct && calls.len() > 1 {
            let records: Vec<(&Activity, i64)> = calls.iter().flat_map(Call::numbered).collect();
            let outcome = self.segments(&records).await;
            if !matches!(outcome, Err(Error::Invalid(_))) {
                for call in calls {
                    drop(call.reply.send(outcome.clone()));
                }
                return;
            }
        }
        for call in calls {
            let records: Vec<(&Activity, i64)> = call.numbered().collect();
            let outcome = self.segments(&records).await;
            drop(call.reply.send(outcome));
        }
    }

    /// Writes records as one transaction of as many segments as they need.
    async fn segments(&mut self, records: &[(&Activity, i64)]) -> Result<(), Error> {
        self.make_hours(records).await?;
        let mut chain = self.chain.clone();
        let mut parts = Vec::new();
        for chunk in records.chunks(SEGMENT_RECORDS_MAX) {
            let owned: Vec<Activity> = chunk.iter().map(|(record, _)| (*record).clone()).collect();
            let Some(segment) = Segment::of(chain.writer, chain.n, chain.prev_hash, &owned) else {
                continue;
            };
            chain.n += 1;
            chain.prev_hash = segment.hash();
            parts.push(Part::of(&segment, chunk));
        }
        let mut logs: Vec<i64> = records.iter().map(|(_, id)| *id).collect();
        logs.sort_unstable();
        logs.dedup();
        let asks: Vec<Ask<'_>> = parts.iter().map(Part::ask).collect();
        let mut attempt = 0;
        let mut was_lost = false;
        loop {
            attempt += 1;
            let client = match get(&self.pool).await {
                Ok(client) => client,
                Err(error) => {
                    // What was lost may still come, and then has this place.
                    if was_lost {
                        self.begin_anew();
                    }
                    return Err(error);
                }
            };
            let done = pipeline::run(&client, Begin::Write, Logs::Numbered(&logs), &asks).await;
            put_back(client, done.as_ref().err().map(|failed| &failed.error));
            let Err(failed) = done else {
                self.chain = chain;
                return Ok(());
            };
            match class(&failed.error) {
                // What was lost came after all.
                Class::Conflict
                    if was_lost && matches!(self.is_written(&chain).await, Ok(true)) =>
                {
                    self.chain = chain;
                    return Ok(());
                }
                // A segment in our place, of a call that was given up and came after all or of somebody else; or none
                // before it, in a store that was taken back.
                Class::Conflict if is_of_segment(&failed.error) => {
                    self.begin_anew();
                    return Err(Error::Unavailable(
                        "the place of an activity segment is taken or hangs in the air; another chain begins"
                            .to_owned(),
                    ));
                }
                Class::Conflict => return Err(self.conflict(records, failed.index).await),
                Class::Final if self.chain.n > 1 && is_of_another(&failed.error) => {
                    self.begin_anew();
                    return Err(Error::Unavailable(
                        "the chain of activity segments goes on with another's; another chain begins"
                            .to_owned(),
                    ));
                }
                Class::Final if !self.makes_hours && has_no_hour(&failed.error) => {
                    return Err(Error::Unavailable(
                        "nobody has made the table of this hour of activity yet".to_owned(),
                    ));
                }
                Class::Lost => {
                    was_lost = true;
                    // Whether it was written is seen by its last segment; if that cannot be asked, the chain ends here
                    // and another begins.
                    match self.is_written(&chain).await {
                        Ok(true) => {
                            self.chain = chain;
                            return Ok(());
                        }
                        Ok(false) if attempt < ATTEMPTS_MAX => {}
                        Ok(false) | Err(_) => {
                            self.begin_anew();
                            return Err(failure(&failed.error));
                        }
                    }
                }
                Class::Again | Class::Elsewhere if attempt < ATTEMPTS_MAX => {
                    crate::lane::pause(attempt).await;
                }
                Class::Again | Class::Elsewhere | Class::Final => {
                    // An hour's partition may be gone: the store was taken back.
                    self.hours.clear();
                    // What was lost may still come, and then has this place.
                    if was_lost {
                        self.begin_anew();
                    }
                    return Err(failure(&failed.error));
                }
            }
        }
    }

    /// Which record is there already, as far as this role may see.
    async fn conflict(&self, records: &[(&Activity, i64)], index: Option<usize>) -> Error {
        let source = Source::Pool(self.pool.clone());
        for (record, _) in records {
            if let Ok(Some(_)) = find(&source, &record.log, &record.id).await {
                return activity::doubled(record);
            }
        }
        let place = index.unwrap_or_default();
        Error::Invalid(format!("an activity record of segment {place} exists"))
    }

    async fn is_written(&self, chain: &Chain) -> Result<bool, Error> {
        let source = Source::Pool(self.pool.clone());
        let n = i64::try_from(chain.n).unwrap_or(i64::MAX) - 1;
        let of: &[Param<'_>] = &[&&chain.writer[..], &n];
        let sql = include_str!("queries/segment_get.sql");
        Ok(source.row(None, sql, of).await?.is_some())
    }

    fn begin_anew(&mut self) {
        match crate::open::random() {
            Ok(writer) => self.chain = Chain::begin(writer),
            // The old chain is kept: the unique key refuses a segment that is there.
            Err(error) => tracing::error!(%error, "no new chain of activity segments"),
        }
    }

    /// Sees to it that the hours of records have their partitions.
    async fn make_hours(&mut self, records: &[(&Activity, i64)]) -> Result<(), Error> {
        let hours = records
            .iter()
            .map(|(record, _)| record.at.micros().div_euclid(HOUR_MICROS));
        let hours: BTreeSet<i64> = hours.collect();
        let missing = |hour: &i64| !self.hours.contains(hour);
        let needed: Vec<i64> = hours.iter().copied().filter(missing).collect();
        let after = hours.iter().map(|hour| hour.saturating_add(1));
        let ahead: Vec<i64> = after.filter(missing).collect();
        if self.ahead.len() < HOURS_MAX {
            self.ahead.extend(ahead);
        }
        self.make(&needed, ATTEMPTS_MAX).await
    }

    /// Sees to it that the hours after those of records have theirs, so that nobody waits for it when they come. Called when
    /// nobody waits; if it cannot be done now, it can be later.
    async fn make_ahead(&mut self) {
        self.ahead.retain(|hour| !self.hours.contains(hour));
        if self.ahead.is_empty() || Instant::now() < self.ahead_from {
            return;
        }
        let hours: Vec<i64> = self.ahead.iter().copied().collect();
        match self.make(&hours, 1).await {
            Ok(()) => self.ahead.clear(),
            Err(error) => {
                tracing::warn!(%error, "the next hour of activity has no table yet; trying again");
                self.ahead_from = Instant::now() + AHEAD_PAUSE;
            }
        }
    }

    async fn make(&mut self, hours: &[i64], attempts_max: u32) -> Result<(), Error> {
        if hours.is_empty() || !self.makes_hours {
            return Ok(());
        }
        let moments: Vec<i64> = hours
            .iter()
            .map(|hour| hour.saturating_mul(HOUR_MICROS))
            .collect();
        let asks: Vec<Ask<'_>> = moments
            .iter()
            .map(|moment| Ask::new("select make_activity_hour($1)", params![moment]))
            .collect();
        let mut attempt = 0;
        loop {
            attempt += 1;
            let client = get(&self.pool).await?;
            let done = pipeline::run(&client, Begin::Write, Logs::Numbered(&[]), &asks).await;
            put_back(client, done.as_ref().err().map(|failed| &failed.error));
            match done {
                Ok(_) => break,
                Err(failed) if class(&failed.error) == Class::Again && attempt < attempts_max => {
                    crate::lane::pause(attempt).await;
                }
                Err(failed) => return Err(failure(&failed.error)),
            }
        }
        if self.hours.len() > HOURS_MAX {
            self.hours.clear();
        }
        self.hours.extend(hours);
        Ok(())
    }
}

/// Whether the segment was refused, and not a record.
fn is_of_segment(error: &Fault) -> bool {
    let db = error.said();
    db.is_some_and(|db| {
        db.table() == Some("activity_segment") || *db.code() == SqlState::DIVISION_BY_ZERO
    })
}

/// Whether a segment may not follow the one before it, which is another role's. The server says of which table in its message
/// alone.
fn is_of_another(error: &Fault) -> bool {
    let db = error.said();
    db.is_some_and(|db| {
        *db.code() == SqlState::INSUFFICIENT_PRIVILEGE && db.message().contains("activity_segment")
    })
}

/// Whether a record found no partition.
fn has_no_hour(error: &Fault) -> bool {
    let db = error.said();
    db.is_some_and(|db| *db.code() == SqlState::CHECK_VIOLATION && db.constraint().is_none())
}

impl Call {
    fn numbered(&self) -> impl Iterator<Item = (&Activity, i64)> {
        self.records.iter().zip(self.ids.iter().copied())
    }
}

/// A segment with its records, as columns.
struct Part {
    writer: Vec<u8>,
    n: i64,
    bounds: [i64; 2],
    count: i64,
    prev_hash: Vec<u8>,
    root: Vec<u8>,
    logs: Vec<i64>,
    ats: Vec<i64>,
    kinds: Vec<String>,
    ids: Vec<String>,
    bodies: Vec<Vec<u8>>,
    positions: Vec<i32>,
    /// Whether the id needs a row of its own.
    listed: Vec<bool>,
}

impl Part {
    fn of(segment: &Segment, records: &[(&Activity, i64)]) -> Self {
        Self {
            writer: segment.writer.to_vec(),
            n: i64::try_from(segment.n).unwrap_or(i64::MAX),
            bounds: [segment.first_at.micros(), segment.last_at.micros()],
            count: i64::from(segment.count),
            prev_hash: segment.prev_hash.as_bytes().to_vec(),
            root: segment.root.as_bytes().to_vec(),
            logs: records.iter().map(|(_, id)| *id).collect(),
            ats: records.iter().map(|(one, _)| one.at.micros()).collect(),
            kinds: records.iter().map(|(one, _)| one.kind.clone()).collect(),
            ids: records.iter().map(|(one, _)| one.id.clone()).collect(),
            bodies: records.iter().map(|(one, _)| one.body.clone()).collect(),
            positions: (0_i32..).take(records.len()).collect(),
            listed: records.iter().map(|(one, _)| is_listed(one)).collect(),
        }
    }

    fn ask(&self) -> Ask<'_> {
        let [first_at, last_at] = &self.bounds;
        Ask::new(
            include_str!("queries/activity_insert.sql"),
            params![
                &self.writer,
                &self.n,
                first_at,
                last_at,
                &self.count,
                &self.prev_hash,
                &self.root,
                &self.logs,
                &self.ats,
                &self.kinds,
                &self.ids,
                &self.bodies,
                &self.positions,
                &self.listed,
            ],
        )
    }
}

/// When an id was made, if it says so.
fn time_of(id: &str) -> Option<i64> {
    let id = uuid::Uuid::try_parse(id).ok()?;
    if id.get_version_num() != 7 {
        return None;
    }
    let (seconds, nanos) = id.get_timestamp()?.to_unix();
    let micros = i64::try_from(seconds).ok()?.checked_mul(1_000_000)?;
    micros.checked_add(i64::from(nanos / 1_000))
}

/// Whether a record's id needs a row in `activity_id`.
pub(crate) fn is_listed(record: &Activity) -> bool {
    let near = |made: i64| made.abs_diff(record.at.micros()) <= DRIFT_MICROS.unsigned_abs();
    !time_of(&record.id).is_some_and(near)
}

/// Times between which a record with this id is found without a row in `activity_id`: where it says when it was made.
pub(crate) fn near(record: &Activity) -> (i64, i64) {
    let made = time_of(&record.id).unwrap_or(record.at.micros());
    around(made)
}

fn around(made: i64) -> (i64, i64) {
    let first = made.saturating_sub(DRIFT_MICROS);
    (first, made.saturating_add(DRIFT_MICROS))
}

/// The record with this id.
pub(crate) async fn find(
    source: &Source,
    log: &LogId,
    id: &str,
) -> Result<Option<ActivityRecord>, Error> {
    let name = log.to_string();
    if let Some(made) = time_of(id)
        && let Some(found) = find_between(source, &name, id, around(made)).await?
    {
        return Ok(Some(found));
    }
    let of: &[Param<'_>] = &[&name, &id];
    let sql = include_str!("queries/activity_at.sql");
    match source.row(Some(&name), sql, of).await? {
        Some(row) => {
            let at: i64 = rows::get(&row, 0)?;
            find_between(source, &name, id, (at, at)).await
        }
        None => Ok(None),
    }
}

async fn find_between(
    source: &Source,
    log: &str,
    id: &str,
    (from, until): (i64, i64),
) -> Result<Option<ActivityRecord>, Error> {
    let of: &[Param<'_>] = &[&log, &id, &from, &until];
    let sql = include_str!("queries/activity_near.sql");
    let found = source.rows_planned(log, sql, of).await?;
    found.first().map(|row| rows::activity(row, 0)).transpose()
}

/// Records of a log, newest first. Some hours are looked through at a time: of all there may be it takes long to say how.
pub(crate) async fn list(
    source: &Source,
    log: &LogId,
    filter: &ActivityFilter,
    n: usize,
) -> Result<Vec<ActivityRecord>, Error> {
    let name = log.to_string();
    let from = filter.from.map_or(i64::MIN, Timestamp::micros);
    let mut until = filter.until.map_or(i64::MAX, Timestamp::micros);
    let after = filter
        .after
        .as_ref()
        .map(|(at, id)| (at.micros(), id.as_str()));
    // What comes after a record is not later: hours beyond need not be opened.
    if let Some((at, _)) = after {
        until = until.min(at.saturating_add(1));
    }
    let (after_at, after_id) = (after.map(|one| one.0), after.map(|one| one.1));
    let hours = hours(source, from, until).await?;
    let mut found = Vec::new();
    for Spell { first, end } in spells(&hours) {
        let (from, until) = (from.max(first), until.min(end));
        let of: &[Param<'_>] = &[
            &name,
            &from,
            &until,
            &filter.kinds,
            &after_at,
            &after_id,
            &limit(n.saturating_sub(found.len())),
        ];
        let sql = include_str!("queries/activity_list.sql");
        for row in source.rows_planned(&name, sql, of).await? {
            found.push(rows::activity(&row, 0)?);
        }
        if found.len() >= n {
            break;
        }
    }
    Ok(found)
}

/// Hours that have a partition and a part between these times, the newest first.
async fn hours(source: &Source, from: i64, until: i64) -> Result<Vec<i64>, Error> {
    let (first, last) = (
        from.div_euclid(HOUR_MICROS),
        until.saturating_sub(1).div_euclid(HOUR_MICROS),
    );
    let of: &[Param<'_>] = &[&first, &last];
    let sql = include_str!("queries/activity_hours.sql");
    let found = source.rows(None, sql, of).await?;
    found.iter().map(|row| rows::get(row, 0)).collect()
}

/// A time that is looked through at once.
#[derive(Debug, PartialEq, Eq)]
struct Spell {
    first: i64,
    /// It is not in it.
    end: i64,
}

/// Few hours at first: most questions are about what was just now.
fn spells(hours: &[i64]) -> impl Iterator<Item = Spell> {
    let (mut rest, mut most) = (hours, SPELL_HOURS_MIN);
    std::iter::from_fn(move || {
        let (some, others) = rest.split_at_checked(most).unwrap_or((rest, &[]));
        let (last, first) = (some.first()?, some.last()?);
        rest = others;
        most = most.saturating_mul(2).min(SPELL_HOURS_MAX);
        Some(Spell {
            first: first.saturating_mul(HOUR_MICROS),
            end: last.saturating_add(1).saturating_mul(HOUR_MICROS),
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_hours_are_looked_through_once_the_newest_first() {
        let hours: Vec<i64> = (0..1_000).rev().filter(|hour| hour % 7 != 3).collect();
        let spells: Vec<Spell> = spells(&hours).collect();
        for hour in &hours {
            let at = hour * HOUR_MICROS;
            let holds = |spell: &&Spell| (spell.first..spell.end).contains(&at);
            assert_eq!(spells.iter().filter(holds).count(), 1, "{hour}");
        }
        let newest_first = spells.windows(2).all(|two| two[0].first >= two[1].end);
        assert!(newest_first, "{spells:?}");
        assert!(spells.len() < 10);
        assert_eq!(super::spells(&[]).count(), 0);
    }
}
