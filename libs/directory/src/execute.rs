//! Writing: decide on the newest state, append, apply, answer.
//!
//! One writer at a time per log in this process (logs in sorted order, so writers of several logs cannot wait for
//! each other in a circle). Other processes are kept out by the log itself: an append names the head it was decided
//! on, and one that lost the race is decided anew on what the winner left.
//!
//! INVARIANT: what an append wrote is in this process's view before the caller is answered, so whoever reads here
//! afterwards sees it; and the revocations in it are with the sink.

mod commit;
mod error;
mod plan;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::MutexGuard;
use trilby_eventlog::{AppendError, Committed, Dependency, SideOutcome, StoredReceipt, receipt};
use trilby_model::{ConsistencyToken, Entropy, LogId, Position, Seq, Timestamp};

pub use error::ExecuteError;
pub use plan::{After, Answer, Events, Plan, States};

use crate::directory::{Directory, Inner};
use crate::error::Error;
use crate::measure::{self, Appended};
use crate::options::ATTEMPTS_MAX;
use crate::slot::Slot;
use crate::view::AnyView;
use crate::weigh;
use crate::work::Work;

/// A command on its way to the log.
#[derive(Debug)]
pub struct Write {
    /// The logs it is decided on: those it may write and those it only looks at. One that does not exist yet may be
    /// among them.
    pub logs: Vec<LogId>,
    /// The key that makes the command happen once.
    pub receipt: ReceiptKey,
    /// The circumstances, hashed with the events (`event-log` C6).
    pub meta: serde_json::Value,
    /// The caller's session and what it rests on: if any of it is revoked when the append happens, nothing is written.
    pub alive: Vec<Dependency>,
    /// The present.
    pub now: Timestamp,
    /// Fresh randomness, for salts and for the jitter of retries.
    pub entropy: Entropy,
}

/// Under which key a command's receipt is kept.
#[derive(Debug, Clone)]
pub struct ReceiptKey {
    /// The log it is kept in. A commit that does not write this log is refused.
    pub log: LogId,
    /// Digest of principal and `Idempotency-Key`, or of a random command key.
    pub key: [u8; 32],
    /// Digest of method, path and body.
    pub request_hash: [u8; 32],
    /// Whether the client chose the key: then earlier receipts are looked for before anything is decided.
    pub chosen: bool,
}

/// What came of a command.
#[derive(Debug, Clone)]
pub enum Executed<T> {
    /// It was decided now.
    Done(Done<T>),
    /// It was executed before under the same key.
    Replayed {
        /// The receipt with the stored answer.
        receipt: StoredReceipt,
        /// Where each log stood after it.
        token: ConsistencyToken,
    },
}

/// A command that was decided now.
#[derive(Debug, Clone)]
pub struct Done<T> {
    /// What the command's own code made of it.
    pub value: T,
    /// Whether anything was written. A command without events changes nothing and leaves no receipt.
    pub changed: bool,
    /// Where each log that was written, or else looked at, stands; the receipt's log first.
    pub token: Option<ConsistencyToken>,
    /// What the side writes gave, in their order.
    pub side: Vec<SideOutcome>,
}

impl Directory {
    /// What was executed before under a key that the client chose, if anything was.
    pub async fn earlier<T, E>(
        &self,
        key: &ReceiptKey,
    ) -> Result<Option<Executed<T>>, ExecuteError<E>> {
        match key.chosen {
            true => self.inner.replay(key).await,
            false => Ok(None),
        }
    }

    /// Executes a command: `decide` is called on the current states, and again after each lost race.
    ///
    /// `decide` must be a pure function of the states: it may be called several times.
    pub async fn execute<T, E, F>(
        &self,
        mut write: Write,
        mut decide: F,
    ) -> Result<Executed<T>, ExecuteError<E>>
    where
        F: FnMut(&States) -> Result<Plan<T, E>, E>,
    {
        let inner = &*self.inner;
        if let Some(replay) = self.earlier(&write.receipt).await? {
            return Ok(replay);
        }
        let logs: BTreeSet<LogId> = write.logs.iter().cloned().collect();
        let slots: Vec<Arc<Slot>> = logs.iter().map(|log| inner.slot_of_new(log)).collect();
        let mut gates: Vec<MutexGuard<'_, ()>> = Vec::with_capacity(slots.len());
        for slot in &slots {
            gates.push(slot.gate.lock().await);
        }
        inner.attempts(&slots, &mut write, &mut decide).await
    }
}

impl Inner {
    async fn attempts<T, E, F>(
        &self,
        slots: &[Arc<Slot>],
        write: &mut Write,
        decide: &mut F,
    ) -> Result<Executed<T>, ExecuteError<E>>
    where
        F: FnMut(&States) -> Result<Plan<T, E>, E>,
    {
        for attempt in 0..ATTEMPTS_MAX {
            let states = self.states(slots, write.now).await?;
            let plan = decide(&states).map_err(ExecuteError::Refused)?;
            if plan.is_empty() {
                return unchanged(plan, &states, &write.receipt.log);
            }
            let drafted = commit::draft(self, plan, &states, write)?;
            let begun = Instant::now();
            let appended = self.log.append(drafted.commit).await;
            measure::append(outcome(&appended), begun);
            match appended {
                Ok(committed) => {
                    let token = self.adopt(slots, drafted.works, &committed, &write.receipt.log);
                    let done = Done {
                        value: drafted.value,
                        changed: true,
                        token,
                        side: committed.side,
                    };
                    return Ok(Executed::Done(done));
                }
                Err(error) => {
                    if let Some(replay) = self.after_failure(slots, write, error).await? {
                        return Ok(replay);
                    }
                }
            }
            pause(attempt, &mut write.entropy).await;
        }
        Err(ExecuteError::Conflict)
    }

    /// The newest state of every log; one that does not exist yet is absent.
    async fn states(&self, slots: &[Arc<Slot>], now: Timestamp) -> Result<States, Error> {
        if self.options.ask_heads {
            // What is refused on a state that others have changed meanwhile is refused wrongly.
            let logs: Vec<LogId> = slots.iter().map(|slot| slot.log().clone()).collect();
            for head in self.log.heads(&logs).await? {
                slots
                    .iter()
                    .filter(|slot| *slot.log() == head.log)
                    .for_each(|slot| slot.hear_of(head.seq));
            }
        }
        let mut views = BTreeMap::new();
        for slot in slots {
            let view = match slot.newest() {
                Some(view) => Ok(view),
                None => self.catch_up_gated(slot, Seq::ZERO).await,
            };
            match view {
                Ok(view) => {
                    views.insert(slot.log().clone(), AnyView::clone(&view));
                }
                Err(Error::UnknownLog { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(States::new(views, now))
    }

    /// What an append that failed means: a refusal, a replay, or (nothing) another attempt.
    async fn after_failure<T, E>(
        &self,
        slots: &[Arc<Slot>],
        write: &Write,
        error: AppendError,
    ) -> Result<Option<Executed<T>>, ExecuteError<E>> {
        match error {
            AppendError::Stale { heads } => {
                for head in heads {
                    slots
                        .iter()
                        .filter(|slot| *slot.log() == head.log)
                        .for_each(|slot| slot.hear_of(head.seq));
                }
                // A log that is shorter than we folded is another timeline; reading its tail finds that out.
                for slot in slots {
                    match self.read_tail(slot, None).await {
                        Ok(_) | Err(Error::UnknownLog { .. }) => {}
                        Err(error) => return Err(error.into()),
                    }
                }
                // Whoever won may have been this very request, sent twice.
                Ok(self.replay(&write.receipt).await?)
            }
            AppendError::Receipt(receipt) => {
                self.replayed(&write.receipt, *receipt).await.map(Some)
            }
            AppendError::NotOpen { log } => Err(ExecuteError::NotOpen { log }),
            AppendError::Dead { .. } => Err(ExecuteError::SessionDead),
            AppendError::ClaimTaken { key } => Err(ExecuteError::ClaimTaken { kind: key.kind }),
            AppendError::Side { index } => Err(ExecuteError::SideConflict { index }),
            AppendError::TooLarge {
                what,
                limit,
                actual,
            } => Err(ExecuteError::TooLarge {
                what,
                limit,
                actual,
            }),
            AppendError::Invalid(what) => Err(ExecuteError::Invalid(what)),
            AppendError::Corrupt(what) => Err(ExecuteError::Directory(
                trilby_eventlog::Error::Corrupt(what).into(),
            )),
            // Nothing is known of it: the receipt tells whether it happened.
            AppendError::Unavailable(what) => match self.replay::<T, E>(&write.receipt).await {
                Ok(Some(replay)) => Ok(Some(replay)),
                Ok(None) | Err(_) => Err(ExecuteError::Unavailable(what)),
            },
        }
    }

    async fn replay<T, E>(&self, key: &ReceiptKey) -> Result<Option<Executed<T>>, ExecuteError<E>> {
        match self.log.receipt(&key.log, &key.key).await? {
            Some(receipt) => self.replayed(key, receipt).await.map(Some),
            None => Ok(None),
        }
    }

    async fn replayed<T, E>(
        &self,
        key: &ReceiptKey,
        receipt: StoredReceipt,
    ) -> Result<Executed<T>, ExecuteError<E>> {
        if receipt.request_hash != key.request_hash {
            return Err(ExecuteError::KeyReused);
        }
        let token = receipt::token(&*self.log, &receipt).await?;
        // The caller may read here next with this token.
        for position in token.positions() {
            if let Some(slot) = self.slots.get(&position.log) {
                slot.hear_of(position.seq);
            }
        }
        Ok(Executed::Replayed { receipt, token })
    }

    /// Takes what was written into memory: the states that proved the events become the views.
    fn adopt(
        &self,
        slots: &[Arc<Slot>],
        works: BTreeMap<LogId, Work>,
        committed: &Committed,
        first: &LogId,
    ) -> Option<ConsistencyToken> {
        for revocation in &committed.revocations {
            self.sink.revoked(revocation);
        }
        let mut works = works;
        for commit in &committed.commits {
            let Some(slot) = slots.iter().find(|slot| *slot.log() == commit.log) else {
                continue;
            };
            slot.hear_of(commit.last);
            let proved = works
                .remove(&commit.log)
                .filter(|work| work.seq() == commit.last && work.at() == commit.at);
            let Some(mut work) = proved else {
                // Stored with another time than was proved: the next reader folds it from the log.
                continue;
            };
            work.moved_to(commit.last, commit.hash, commit.at);
            let previous = slot.last();
            match work.finish(&self.policies, previous.as_deref()) {
                Ok(view) => {
                    let view = slot.publish(view);
                    self.weigh_next(slot, &view, previous.is_none(), weigh::of_commit(commit));
                    self.snapshots
                        .offer(slot, &view, self.options.snapshot_tail);
                }
                // It is written and will be read; only this copy cannot be used. The hint keeps the old view back.
                Err(error) => {
                    tracing::error!(log.id = %commit.log, %error, "a written commit does not compile")
                }
            }
        }
        let heads = committed.heads.iter();
        token_of(heads.map(trilby_eventlog::Head::position).collect(), first)
    }
}

/// Where the logs of a write stand, the path's own first. None if the installation's log is the only one: no answer
/// stands on it, so no token names it.
fn token_of(mut positions: Vec<Position>, first: &LogId) -> Option<ConsistencyToken> {
    positions.retain(|position| position.log != LogId::Platform);
    positions.sort_by_key(|position| position.log != *first);
    ConsistencyToken::new(positions).ok()
}

fn unchanged<T, E>(
    plan: Plan<T, E>,
    states: &States,
    first: &LogId,
) -> Result<Executed<T>, ExecuteError<E>> {
    let after = After::unchanged(states);
    let answer = plan.answer(&after).map_err(ExecuteError::Refused)?;
    let token = token_of(states.positions(), first);
    Ok(Executed::Done(Done {
        value: answer.value,
        changed: false,
        token,
        side: Vec::new(),
    }))
}

fn outcome(appended: &Result<Committed, AppendError>) -> Appended {
    match appended {
        Ok(_) => Appended::Written,
        Err(AppendError::Stale { .. }) => Appended::Conflict,
        Err(
            AppendError::Receipt(_)
            | AppendError::NotOpen { .. }
            | AppendError::Dead { .. }
            | AppendError::ClaimTaken { .. }
            | AppendError::Side { .. }
            | AppendError::TooLarge { .. }
            | AppendError::Invalid(_),
        ) => Appended::Refused,
        Err(AppendError::Unavailable(_) | AppendError::Corrupt(_)) => Appended::Failed,
    }
}

/// A short wait of random length, longer with each attempt, so that losers of one race do not meet again.
async fn pause(attempt: u32, entropy: &mut Entropy) {
    let [random] = entropy.take::<1>();
    let ceiling_ms = 2_u64 << attempt.min(5);
    tokio::time::sleep(Duration::from_millis(u64::from(random) % ceiling_ms)).await;
}
