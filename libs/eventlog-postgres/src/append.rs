//! A commit, from the caller's wish to what came of it.
//!
//! If this process knows where the commit's logs stand, the commit is sealed and sent: one round trip. If it does not
//! know, or the database refused, everything that decides is read at one moment and compared in the order that the log
//! promises: receipt, heads, revocations, claims. If nothing stands against the commit it is sent (again).
//!
//! When a connection breaks nothing is known of its commits. A commit's hash holds fresh randomness, so if the event that
//! it would have ended with is in the log with that hash, it was written; and as sealing it again on the same heads gives
//! the same bytes, sending it again cannot write it twice.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;
use tokio_postgres::Row;
use trilby_eventlog::seal::{self, Sealed};
use trilby_eventlog::{
    AppendError, ClaimKey, ClaimScope, Commit, Committed, Dependency, Error, Head, HeadState,
    SideOutcome, StoredReceipt, chain,
};
use trilby_model::{LogId, Seq};

use crate::job::{Job, Outcome};
use crate::pipeline::{self, Ask, Logs, params};
use crate::rows::{self, int};
use crate::side;
use crate::store::Postgres;

/// How often a commit is sent before its caller is told to look for it.
const ATTEMPTS_MAX: u32 = 6;

/// When a commit that may have been written is looked for no more: a database that was silent twice is silent.
const LOOKED_FOR: Duration = Duration::from_secs(2 * pipeline::ANSWER.as_secs());

impl Postgres {
    pub(crate) async fn append_commit(&self, commit: Commit) -> Result<Committed, AppendError> {
        seal::check(&commit)?;
        let commit = Arc::new(commit);
        let mut lost: Option<Arc<Sealed>> = None;
        let mut last = "the store is too busy".to_owned();
        let begun = Instant::now();
        for attempt in 0..ATTEMPTS_MAX {
            if lost.is_some() && begun.elapsed() >= LOOKED_FOR {
                break;
            }
            if attempt > 1 {
                tokio::time::sleep(Duration::from_millis(5_u64 << attempt)).await;
            }
            let direct = match attempt {
                0 => self.direct(&commit),
                _ => None,
            };
            let found = match direct {
                Some(found) => found,
                None => match self.look(&commit, lost.as_deref()).await {
                    Ok(Looked::Clear(found)) => found,
                    Ok(Looked::Written(sealed)) => return self.told_later(&commit, *sealed).await,
                    Ok(Looked::Refused(error)) => return Err(error),
                    // Nothing was sent in this attempt; whether an earlier one was done is still to be found out.
                    Err(Error::Unavailable(why)) if lost.is_some() => {
                        last = why;
                        continue;
                    }
                    Err(error) => return Err(error.into()),
                },
            };
            let meta = self.meta_now();
            let sealed = Arc::new(seal::seal(&meta, &commit, &found.heads)?);
            let parts = Job::parts(&meta.store_id, &commit, &sealed, &found.heads, &found.ids);
            let parts =
                parts.ok_or_else(|| AppendError::Corrupt("a log has no number".to_owned()))?;
            let (reply, answer) = oneshot::channel();
            let job = Job {
                commit: Arc::clone(&commit),
                sealed: Arc::clone(&sealed),
                parts,
                ids: found.ids,
                is_apart: attempt > 0,
                reply,
            };
            self.writer()?.send(job).await?;
            let cut_off = |_| Outcome::Lost("the write was cut off".to_owned());
            match answer.await.unwrap_or_else(cut_off) {
                Outcome::Done(side) => return Ok(committed(Arc::unwrap_or_clone(sealed), side)),
                Outcome::Side(index) => return Err(AppendError::Side { index }),
                Outcome::Failed(Error::Unavailable(why)) if lost.is_some() => last = why,
                Outcome::Failed(error) => return Err(error.into()),
                Outcome::Refused => {}
                Outcome::Lost(why) => {
                    tracing::warn!(error = %why, "a connection broke while a commit was under way");
                    last = why;
                    lost = Some(sealed);
                }
            }
        }
        Err(AppendError::Unavailable(last))
    }

    /// What a commit needs to be sent at once, if all of it is known.
    fn direct(&self, commit: &Commit) -> Option<Found> {
        let heads = self.known().heads(commit)?;
        let ids: Option<HashMap<LogId, i64>> = named(commit)
            .into_iter()
            .map(|log| self.known().number(log).map(|id| (log.clone(), id)))
            .collect();
        Some(Found { heads, ids: ids? })
    }

    /// Reads, at one moment, everything that can stand against a commit.
    async fn look(&self, commit: &Commit, lost: Option<&Sealed>) -> Result<Looked, Error> {
        self.number_logs(&written(commit)).await?;
        let names: Vec<String> = named(commit).into_iter().map(LogId::to_string).collect();
        let question = Question::of(commit, lost);
        let answers = self
            .source()
            .ask(Logs::Named(&names), &question.asks(&names))
            .await?;
        let mut answers = answers.into_iter();
        let mut next = || answers.next().unwrap_or_default();
        let meta = next();
        let meta = meta
            .first()
            .ok_or_else(|| rows::odd("the store has no identity"))?;
        self.learn_meta(rows::meta(meta)?);
        let (ids, stands) = self.learn(&next())?;
        if let Some(log) = written(commit)
            .into_iter()
            .find(|log| !ids.contains_key(*log))
        {
            return Err(Error::Invalid(format!(
                "there is no log `{log}`, and this database role makes none"
            )));
        }
        let (receipt, own) = (next(), next());
        if let (Some(sealed), Some(row)) = (lost, own.first())
            && sealed
                .commits
                .first()
                .is_some_and(|first| rows::hash(row, 0).is_ok_and(|hash| hash == first.hash))
        {
            return Ok(Looked::Written(Box::new(sealed.clone())));
        }
        if let Some(row) = receipt.first() {
            let stored: StoredReceipt = rows::receipt(row, 0)?;
            return Ok(Looked::Refused(AppendError::Receipt(Box::new(stored))));
        }
        let heads: Vec<Option<Head>> = commit
            .entries
            .iter()
            .map(|entry| stands.iter().find(|head| head.log == entry.log).cloned())
            .collect();
        if let Err(error) = seal::check_heads(&self.meta_now(), commit, &heads) {
            return Ok(Looked::Refused(error));
        }
        if let Some(error) = dead(commit, &next())? {
            return Ok(Looked::Refused(error));
        }
        if let Some(error) = taken(commit, &ids, &next())? {
            return Ok(Looked::Refused(error));
        }
        Ok(Looked::Clear(Found { heads, ids }))
    }

    /// From (public_id, log_id, seq, hash, last_at, state): the numbers, and the heads of logs that have events or are
    /// closed.
    fn learn(&self, found: &[Row]) -> Result<(HashMap<LogId, i64>, Vec<Head>), Error> {
        let mut ids = HashMap::new();
        let mut heads = Vec::new();
        for row in found {
            let log = rows::log(row, 0)?;
            let id: i64 = rows::get(row, 1)?;
            let head = Head {
                log: log.clone(),
                seq: rows::seq(row, 2)?,
                hash: rows::hash(row, 3)?,
                at: rows::at(row, 4)?,
                state: HeadState::from_code(rows::number(row, 5)?)
                    .ok_or_else(|| rows::odd("a head's state is unknown"))?,
            };
            self.known().learn_number(&log, id);
            ids.insert(log, id);
            if head.seq > Seq::ZERO || head.state != HeadState::Open {
                heads.push(head);
            }
        }
        Ok((ids, heads))
    }

    /// Sees to it that logs have a row, and with it a number. One that begins gets a row without events.
    pub(crate) async fn number_logs(&self, logs: &[&LogId]) -> Result<(), Error> {
        let new: Vec<&LogId> = logs
            .iter()
            .copied()
            .filter(|log| self.known().number(log).is_none())
            .collect();
        if new.is_empty() {
            return Ok(());
        }
        let names: Vec<String> = new.iter().map(|log| log.to_string()).collect();
        let sql = include_str!("queries/log_numbers.sql");
        let mut found = self.source().rows(None, sql, &[&names]).await?;
        if found.len() < new.len() && self.role().makes_logs() {
            let store_id = self.meta_now().store_id;
            let kinds: Vec<i16> = new
                .iter()
                .map(|log| i16::from(log.kind().number()))
                .collect();
            let genesis: Vec<Vec<u8>> = new
                .iter()
                .map(|log| chain::genesis(&store_id, log).as_bytes().to_vec())
                .collect();
            let insert = Ask::new(
                include_str!("queries/head_insert.sql"),
                params![&names, &kinds, &genesis],
            );
            self.write_alone(&[], &[insert]).await?;
            found = self.source().rows(None, sql, &[&names]).await?;
        }
        for row in &found {
            self.known()
                .learn_number(&rows::log(row, 0)?, rows::get(row, 1)?);
        }
        Ok(())
    }

    /// A commit that was found in the log after its connection broke.
    async fn told_later(&self, commit: &Commit, sealed: Sealed) -> Result<Committed, AppendError> {
        for head in &sealed.heads {
            self.known().learn_head(head);
        }
        self.feed().announce(
            sealed.commits.iter().cloned(),
            sealed.revocations.iter().cloned(),
        );
        let mut outcomes = Vec::with_capacity(commit.side.len());
        for write in &commit.side {
            outcomes.push(match side::counter_of(write) {
                None => SideOutcome::Done,
                Some((subject, kind)) => {
                    let counter =
                        crate::read::counter(self.source(), write.log(), subject, kind).await?;
                    SideOutcome::Counter(counter.unwrap_or(side::NOTHING))
                }
            });
        }
        Ok(committed(sealed, outcomes))
    }
}

fn committed(sealed: Sealed, side: Vec<SideOutcome>) -> Committed {
    Committed {
        heads: sealed.heads,
        commits: sealed.commits,
        revocations: sealed.revocations,
        side,
    }
}

/// What a commit is sent with.
struct Found {
    /// In the order of its entries.
    heads: Vec<Option<Head>>,
    ids: HashMap<LogId, i64>,
}

enum Looked {
    /// Nothing stands against it.
    Clear(Found),
    /// It is in the log already.
    Written(Box<Sealed>),
    Refused(AppendError),
}

/// The logs whose rows a commit writes.
fn written(commit: &Commit) -> Vec<&LogId> {
    let entries = commit.entries.iter().map(|entry| &entry.log);
    let side = commit.side.iter().map(trilby_eventlog::SideWrite::log);
    let logs: BTreeSet<&LogId> = entries.chain(side).collect();
    logs.into_iter().collect()
}

/// The logs that a commit names.
fn named(commit: &Commit) -> BTreeSet<&LogId> {
    let alive = commit.alive.iter().map(|one| &one.log);
    written(commit).into_iter().chain(alive).collect()
}

/// What is read before a commit is sent, as columns.
struct Question {
    receipt: Option<(String, Vec<u8>)>,
    own: Option<(String, i64)>,
    alive: Alive,
    claims: Claims,
}

#[derive(Default)]
struct Alive {
    kinds: Vec<i16>,
    hashes: Vec<Vec<u8>>,
    logs: Vec<String>,
    seqs: Vec<i64>,
}

#[derive(Default)]
struct Claims {
    scopes: Vec<Option<String>>,
    kinds: Vec<i32>,
    macs: Vec<Vec<u8>>,
}

impl Question {
    fn of(commit: &Commit, lost: Option<&Sealed>) -> Self {
        let mut alive = Alive::default();
        for one in &commit.alive {
            alive.kinds.push(i16::from(one.kind.code()));
            alive.hashes.push(one.id_hash.to_vec());
            alive.logs.push(one.log.to_string());
            alive.seqs.push(int(one.seq));
        }
        let mut claims = Claims::default();
        for claim in &commit.claims_taken {
            claims.scopes.push(match &claim.key.scope {
                ClaimScope::Store => None,
                ClaimScope::Log(log) => Some(log.to_string()),
            });
            claims.kinds.push(i32::from(claim.key.kind));
            claims.macs.push(claim.key.mac.to_vec());
        }
        Self {
            receipt: commit
                .receipt
                .as_ref()
                .map(|one| (one.log.to_string(), one.key.to_vec())),
            own: lost
                .and_then(|sealed| sealed.commits.first())
                .map(|first| (first.log.to_string(), int(first.last))),
            alive,
            claims,
        }
    }

    /// In this order: identity, heads, receipt, the commit itself, the dead, the claims held.
    fn asks<'a>(&'a self, names: &'a Vec<String>) -> Vec<Ask<'a>> {
        let mut asks = vec![
            Ask::new(include_str!("queries/meta_get.sql"), Vec::new()),
            Ask::new(include_str!("queries/log_ids.sql"), params![names]),
        ];
        asks.push(match &self.receipt {
            Some((log, key)) => {
                Ask::new(include_str!("queries/receipt_get.sql"), params![log, key])
            }
            None => nothing(),
        });
        asks.push(match &self.own {
            Some((log, seq)) => Ask::new(include_str!("queries/event_hash.sql"), params![log, seq]),
            None => nothing(),
        });
        asks.push(if self.alive.kinds.is_empty() {
            nothing()
        } else {
            let Alive {
                kinds,
                hashes,
                logs,
                seqs,
            } = &self.alive;
            Ask::new(
                include_str!("queries/revocation_ends.sql"),
                params![kinds, hashes, logs, seqs],
            )
        });
        asks.push(if self.claims.kinds.is_empty() {
            nothing()
        } else {
            let Claims {
                scopes,
                kinds,
                macs,
            } = &self.claims;
            Ask::new(
                include_str!("queries/claims_held.sql"),
                params![scopes, kinds, macs],
            )
        });
        asks
    }
}

/// A question without rows, in the place of one that need not be asked.
fn nothing<'a>() -> Ask<'a> {
    Ask::new("select 1 where false", Vec::new())
}

/// The dependencies that a revocation ends, by their places.
fn dead(commit: &Commit, found: &[Row]) -> Result<Option<AppendError>, Error> {
    let mut dependencies: Vec<Dependency> = Vec::new();
    for row in found {
        let place: usize = rows::number(row, 0)?;
        dependencies.extend(commit.alive.get(place.saturating_sub(1)).cloned());
    }
    let is_dead = !dependencies.is_empty();
    Ok(is_dead.then_some(AppendError::Dead { dependencies }))
}

/// The first claim, in the commit's order, that is held and that the commit does not itself give up.
fn taken(
    commit: &Commit,
    ids: &HashMap<LogId, i64>,
    found: &[Row],
) -> Result<Option<AppendError>, Error> {
    for row in found {
        let place: usize = rows::number(row, 0)?;
        let holder: i64 = rows::get(row, 1)?;
        let Some(claim) = commit.claims_taken.get(place.saturating_sub(1)) else {
            continue;
        };
        let is_released = commit
            .claims_released
            .iter()
            .any(|one| one.key == claim.key && ids.get(&one.log) == Some(&holder));
        if !is_released {
            let key: ClaimKey = claim.key.clone();
            return Ok(Some(AppendError::ClaimTaken { key }));
        }
    }
    Ok(None)
}
