//! One transaction: a group of commits, or one commit with its side writes.

use std::time::Duration;

use deadpool_postgres::{Object, Pool};
use tokio_postgres::Row;
use trilby_eventlog::{Error, SideOutcome};

use crate::connect::{get, put_back};
use crate::failure::{Class, Fault, class, failure};
use crate::group::Group;
use crate::job::{self, Job, Outcome};
use crate::pipeline::{self, Ask, Begin, Failed, Logs, Param, params};
use crate::side::{self, Prepared};
use crate::statement;
use crate::writer::{Shared, answer};

/// How often a transaction is tried that was undone for no fault of its own.
const ATTEMPTS_MAX: u32 = 4;

/// Does a group and answers all of it; gives the ids of outbox rows that were announced.
pub(crate) async fn run(shared: &Shared, group: Group) -> Vec<i64> {
    let Group {
        jobs,
        units,
        is_alone,
    } = group;
    let mut announced = Vec::new();
    match attempt(shared, &jobs, &units, is_alone).await {
        Tried::Done(written) => {
            announced.extend(written.outbox);
            let mut side = written.side;
            for (job, unit) in jobs.into_iter().zip(units) {
                let outcome = if written.held.contains(&unit) {
                    tell(shared, &job);
                    Outcome::Done(side.take().unwrap_or_else(|| done(&job)))
                } else {
                    Outcome::Refused
                };
                answer(shared, job, outcome);
            }
        }
        Tried::Apart(_) if jobs.len() > 1 => {
            for job in jobs {
                announced.extend(Box::pin(run(shared, alone(job))).await);
            }
        }
        Tried::Apart(outcome) | Tried::All(outcome) => {
            for job in jobs {
                answer(shared, job, outcome.clone());
            }
        }
    }
    announced
}

fn alone(job: Job) -> Group {
    Group {
        jobs: vec![job],
        units: vec![0],
        is_alone: true,
    }
}

fn done(job: &Job) -> Vec<SideOutcome> {
    vec![SideOutcome::Done; job.commit.side.len()]
}

fn tell(shared: &Shared, job: &Job) {
    if !shared.feed.is_heard() {
        return;
    }
    shared.feed.announce(
        job.sealed.commits.iter().cloned(),
        job.sealed.revocations.iter().cloned(),
    );
}

/// What came of a transaction.
enum Tried {
    /// It is durable.
    Done(Written),
    /// It was undone because of one of its commits: to be told of it if it is the only one.
    Apart(Outcome),
    /// The same holds for all.
    All(Outcome),
}

struct Written {
    /// The units that are in it.
    held: Vec<i32>,
    outbox: Vec<i64>,
    /// What the side writes gave, if they were statements.
    side: Option<Vec<SideOutcome>>,
}

async fn attempt(shared: &Shared, jobs: &[Job], units: &[i32], is_alone: bool) -> Tried {
    let mut last = Error::Unavailable("the write was not tried".to_owned());
    for n in 0..ATTEMPTS_MAX {
        if n > 0 {
            pause(n).await;
        }
        let client = match get(&shared.pool).await {
            Ok(client) => client,
            // Nothing was sent.
            Err(error) => return Tried::All(Outcome::Failed(error)),
        };
        // Others may have met another incarnation meanwhile: what was sealed before that is sealed once more.
        let incarnation = shared.meta.read().map_or(0, |meta| meta.incarnation);
        if jobs.iter().any(|job| job.incarnation() != incarnation) {
            return Tried::Apart(Outcome::Refused);
        }
        let failed = match transact(shared, &client, jobs, units, incarnation, is_alone).await {
            Ok(written) => return Tried::Done(written),
            Err(failed) => failed,
        };
        put_back(client, Some(&failed.error));
        last = failure(&failed.error);
        match class(&failed.error) {
            Class::Again | Class::Elsewhere => {}
            Class::Conflict => return Tried::Apart(refusal(failed.index, is_alone)),
            Class::Lost => return Tried::All(Outcome::Lost(last.to_string())),
            Class::Final => return Tried::Apart(Outcome::Failed(last)),
        }
    }
    Tried::Apart(Outcome::Failed(last))
}

/// The first statement is the append's; the others are the side writes, in their order.
fn refusal(index: Option<usize>, is_alone: bool) -> Outcome {
    match index.and_then(|index| index.checked_sub(1)) {
        Some(side) if is_alone => Outcome::Side(side),
        Some(_) | None => Outcome::Refused,
    }
}

async fn transact(
    shared: &Shared,
    client: &Object,
    jobs: &[Job],
    units: &[i32],
    incarnation: u32,
    is_alone: bool,
) -> Result<Written, Failed> {
    let append = statement::of(jobs, units, incarnation, is_alone, shared.relays);
    let sides: Vec<Prepared> = jobs
        .iter()
        .filter(|_| is_alone)
        .flat_map(|job| {
            let prepare =
                |write| side::prepare(job.id(trilby_eventlog::SideWrite::log(write)), write);
            job.commit.side.iter().map(prepare)
        })
        .collect();
    let params: Vec<Param<'_>> = append.values.iter().map(statement::param).collect();
    let append_ask = Ask::new(&append.sql, params);
    // A row of `trusting` that is not there is removed without complaint: its log has to be named before.
    if !is_alone && jobs.iter().all(|job| job.commit.trusting.is_empty()) {
        let rows = pipeline::run_one(client, &append_ask).await?;
        return written(&rows, units);
    }
    let mut asks = vec![append_ask];
    asks.extend(sides.iter().map(Prepared::ask));
    let ids = job::logs(jobs);
    let answers = pipeline::run(client, Begin::Write, Logs::Numbered(&ids), &asks).await?;
    let mut answers = answers.into_iter();
    let mut written = written(&answers.next().unwrap_or_default(), units)?;
    if !is_alone {
        return Ok(written);
    }
    // It is durable by now: a counter that cannot be read is no reason to say otherwise.
    let outcome = |(side, rows): (&Prepared, Vec<Row>)| {
        side.outcome(&rows)
            .unwrap_or(SideOutcome::Counter(side::NOTHING))
    };
    written.side = Some(sides.iter().zip(answers).map(outcome).collect());
    Ok(written)
}

/// What the append statement says that it has written.
fn written(found: &[Row], units: &[i32]) -> Result<Written, Failed> {
    let row = found.first().ok_or(Failed {
        index: None,
        error: Fault::Senseless,
    })?;
    let bad = row.try_get::<_, Vec<i32>>(0)?;
    let outbox = row.try_get::<_, Option<Vec<i64>>>(1)?;
    let held = units.iter().filter(|unit| !bad.contains(unit));
    Ok(Written {
        held: held.copied().collect(),
        outbox: outbox.unwrap_or_default(),
        side: None,
    })
}

/// A short wait of random length, longer with each attempt, so that losers of one race do not meet again.
pub(crate) async fn pause(attempt: u32) {
    let mut random = [0_u8; 1];
    // Without randomness the wait is the longest.
    let random = getrandom::fill(&mut random).map_or(u8::MAX, |()| random[0]);
    let ceiling_ms = 8_u64 << attempt.min(5);
    tokio::time::sleep(Duration::from_millis(u64::from(random) % ceiling_ms)).await;
}

/// Removes rows from the outbox.
pub(crate) async fn forget(pool: &Pool, ids: &[i64]) -> Result<(), Error> {
    let client = get(pool).await?;
    let ask = Ask::new(include_str!("queries/outbox_delete.sql"), params![&ids]);
    let done = pipeline::run(&client, Begin::Write, Logs::Numbered(&[]), &[ask]).await;
    put_back(client, done.as_ref().err().map(|failed| &failed.error));
    done.map(drop).map_err(|failed| failure(&failed.error))
}
