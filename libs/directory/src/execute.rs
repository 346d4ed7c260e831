//! Writing: decide on the newest state, append, apply, answer.
//!
//! One command at a time per log in this process is decided (its logs' gates are taken in sorted order, so commands of several
//! logs cannot wait for each other in a circle) and its commit sent; then the next is decided on the state that this
//! commit leads to, without waiting for the disk. So commands of a busy log share transactions. Other processes are kept
//! out by the log itself: an append names the head it was decided on, and one that lost the race is decided anew on what
//! the winner left.
//!
//! INVARIANT: no answer, and no refusal, leaves before all that its decision rests on is durable. A command that was
//! decided on a commit that failed is decided anew.
//!
//! INVARIANT: what an append wrote is in this process's view before the caller is answered, so whoever reads here
//! afterwards sees it; and the revocations in it are with the sink.

mod commit;
mod error;
mod plan;
mod send;
mod standing;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{MutexGuard, oneshot};
use trilby_eventlog::{
    AppendError, Committed, Dependency, Head, SideOutcome, StoredReceipt, receipt,
};
use trilby_model::{ConsistencyToken, Entropy, LogId, Position, Timestamp, TraceParent};

pub use error::ExecuteError;
pub use plan::{After, Answer, Events, Plan, States};

use crate::directory::{Directory, Inner};
use crate::options::{ATTEMPTS_MAX, CARRIED_MAX};
use crate::slot::Slot;
use crate::slot::pending::Ticket;
use standing::Standing;

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
    /// The incarnation of the store in which the caller's session is good: in another nothing is written.
    pub incarnation: Option<u32>,
    /// The trace it is part of.
    pub trace: Option<TraceParent>,
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

impl ReceiptKey {
    /// Of a command that nobody repeats under a key of theirs.
    #[must_use]
    pub fn random(log: LogId, entropy: &mut Entropy) -> Self {
        Self {
            log,
            key: entropy.take(),
            request_hash: entropy.take(),
            chosen: false,
        }
    }
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
        if let Some(replay) = self.earlier(&write.receipt).await? {
            return Ok(replay);
        }
        let inner = &self.inner;
        let logs: BTreeSet<LogId> = write.logs.iter().cloned().collect();
        let slots: Vec<Arc<Slot>> = logs.iter().map(|log| inner.slot_of_new(log)).collect();
        let mut places = Vec::with_capacity(slots.len());
        for slot in &slots {
            let place = slot.place().ok_or_else(|| ExecuteError::Busy {
                log: slot.log().clone(),
            })?;
            places.push(place);
        }
        inner.attempts(&slots, &mut write, &mut decide).await
    }
}

/// How little a decision may take for granted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Caution {
    /// The newest state that is known; a refusal is made sure of before it is told.
    None,
    /// The newest state that the store has.
    Asked,
    /// The same, and all of it durable.
    Durable,
}

/// What one attempt came to.
enum Attempt<T, E> {
    /// The command is answered, once what it rests on is durable.
    Answer(Result<Executed<T>, ExecuteError<E>>, Standing),
    /// Its commit was sent.
    Sent {
        value: T,
        answer: oneshot::Receiver<Result<Committed, AppendError>>,
        rests_on: Option<Ticket>,
    },
}

impl Inner {
    async fn attempts<T, E, F>(
        self: &Arc<Self>,
        slots: &[Arc<Slot>],
        write: &mut Write,
        decide: &mut F,
    ) -> Result<Executed<T>, ExecuteError<E>>
    where
        F: FnMut(&States) -> Result<Plan<T, E>, E>,
    {
        // Races lost to others, and decisions whose ground fell away in this process.
        let (mut lost, mut carried) = (0, 0);
        let mut caution = Caution::None;
        while lost < ATTEMPTS_MAX {
            match self.attempt(slots, write, decide, caution).await? {
                Attempt::Answer(answer, standing) => {
                    if self.is_sure(slots, standing).await? {
                        return self.told(write, answer).await;
                    }
                    carried += 1;
                }
                Attempt::Sent {
                    value,
                    answer,
                    rests_on,
                } => {
                    let unknown = |_| AppendError::Unavailable("the write was cut off".to_owned());
                    match answer.await.unwrap_or_else(|cut| Err(unknown(cut))) {
                        Ok(committed) => {
                            return Ok(Executed::Done(done(value, committed, &write.receipt.log)));
                        }
                        Err(error) => {
                            if let Some(replay) = self.after_failure(write, error).await? {
                                return Ok(replay);
                            }
                        }
                    }
                    let was_carried = match rests_on {
                        Some(ticket) => !ticket.durable().await,
                        None => false,
                    };
                    if was_carried {
                        carried += 1;
                    } else {
                        pause(lost, &mut write.entropy).await;
                        lost += 1;
                    }
                }
            }
            caution = match carried < CARRIED_MAX {
                true => Caution::Asked,
                false => Caution::Durable,
            };
        }
        Err(ExecuteError::Conflict)
    }

    /// Decides, and sends what was decided, as one step among the commands of these logs.
    async fn attempt<T, E, F>(
        self: &Arc<Self>,
        slots: &[Arc<Slot>],
        write: &mut Write,
        decide: &mut F,
        caution: Caution,
    ) -> Result<Attempt<T, E>, ExecuteError<E>>
    where
        F: FnMut(&States) -> Result<Plan<T, E>, E>,
    {
        let mut gates: Vec<MutexGuard<'_, ()>> = Vec::with_capacity(slots.len());
        for slot in slots {
            gates.push(slot.gate.lock().await);
        }
        let standing = self.standing(slots, write, caution).await?;
        let mut meta = self.meta().await?;
        if write.incarnation.is_some_and(|of| of > meta.incarnation) {
            meta = self.read_meta().await?;
        }
        let plan = match decide(&standing.states) {
            Ok(plan) => plan,
            Err(refusal) => {
                return Ok(Attempt::Answer(
                    Err(ExecuteError::Refused(refusal)),
                    standing,
                ));
            }
        };
        if plan.is_empty() {
            let answer = unchanged(plan, &standing.states, &write.receipt.log);
            return Ok(Attempt::Answer(answer, standing));
        }
        let drafted = commit::draft(self, plan, &standing.states, write)
            .and_then(|drafted| drafted.sealed(self, &meta, &standing.states, slots));
        match drafted {
            Ok(sealed) => Ok(Attempt::Sent {
                answer: self.send(slots, sealed.commit, sealed.written),
                value: sealed.value,
                rests_on: standing.rests_on,
            }),
            Err(refusal) => Ok(Attempt::Answer(Err(refusal), standing)),
        }
    }

    /// Whether all that a decision rests on is durable, and was the newest there was.
    async fn is_sure(&self, slots: &[Arc<Slot>], standing: Standing) -> Result<bool, crate::Error> {
        let Standing {
            states,
            rests_on,
            asked,
        } = standing;
        if let Some(ticket) = rests_on {
            return Ok(ticket.durable().await);
        }
        if asked || !self.options.ask_heads {
            return Ok(true);
        }
        let logs: Vec<LogId> = slots.iter().map(|slot| slot.log().clone()).collect();
        let heads = self.log.heads(&logs).await?;
        let is_newest = |head: &Head| head.seq <= states.seq(&head.log);
        Ok(heads.iter().all(is_newest))
    }

    /// Tells a refusal or an answer without a change. One key is one answer: what stands in a command's way may be the
    /// same command, sent twice.
    async fn told<T, E>(
        &self,
        write: &Write,
        answer: Result<Executed<T>, ExecuteError<E>>,
    ) -> Result<Executed<T>, ExecuteError<E>> {
        if write.receipt.chosen
            && let Some(replay) = self.replay(&write.receipt).await?
        {
            return Ok(replay);
        }
        answer
    }

    /// What an append that failed means: a refusal, a replay, or (nothing) another attempt.
    async fn after_failure<T, E>(
        &self,
        write: &Write,
        error: AppendError,
    ) -> Result<Option<Executed<T>>, ExecuteError<E>> {
        match error {
            // Whoever won may have been this very request, sent twice.
            AppendError::Stale { .. } if write.receipt.chosen => {
                Ok(self.replay(&write.receipt).await?)
            }
            AppendError::Stale { .. } => Ok(None),
            AppendError::Receipt(receipt) => {
                self.replayed(&write.receipt, *receipt).await.map(Some)
            }
            AppendError::Unavailable(what) => match self.replay::<T, E>(&write.receipt).await {
                // Nothing is known of it: the receipt tells whether it happened.
                Ok(Some(replay)) => Ok(Some(replay)),
                Ok(None) | Err(_) => Err(ExecuteError::Unavailable(what)),
            },
            error => Err(commit::refused(error)),
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
}

fn done<T>(value: T, committed: Committed, first: &LogId) -> Done<T> {
    let heads = committed.heads.iter();
    Done {
        value,
        changed: true,
        token: token_of(heads.map(Head::position).collect(), first),
        side: committed.side,
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

/// A short wait of random length, longer with each attempt, so that losers of one race do not meet again.
async fn pause(attempt: u32, entropy: &mut Entropy) {
    let [random] = entropy.take::<1>();
    let ceiling_ms = 2_u64 << attempt.min(5);
    tokio::time::sleep(Duration::from_millis(u64::from(random) % ceiling_ms)).await;
}
