//! From a plan to a commit: proves the events against the fold and derives what goes with them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use trilby_account::Account;
use trilby_eventlog::{
    AppendError, Commit, Entry, Expected, Head, NewEvent, NewReceipt, StoreMeta, seal,
};
use trilby_model::LogId;

use super::plan::{After, Events, Plan, States};
use super::send::Written;
use super::{ExecuteError, Write};
use crate::directory::Inner;
use crate::effects::Effects;
use crate::slot::Slot;
use crate::view::AnyView;
use crate::work::Work;

/// A commit with the states its events lead to.
pub(super) struct Drafted<T> {
    commit: Commit,
    works: BTreeMap<LogId, Work>,
    value: T,
}

/// A commit ready to be sent, with the views that stand when it is durable.
pub(super) struct Ready<T> {
    pub commit: Commit,
    pub written: Vec<Written>,
    pub value: T,
}

impl<T> Drafted<T> {
    /// Gives the events the places and hashes that the store will give them, so that the next command can be decided on
    /// them before they are there.
    pub(super) fn sealed<E>(
        self,
        inner: &Inner,
        meta: &StoreMeta,
        states: &States,
        slots: &[Arc<Slot>],
    ) -> Result<Ready<T>, ExecuteError<E>> {
        let Self {
            commit,
            mut works,
            value,
        } = self;
        let entries = commit.entries.iter();
        let heads: Vec<Option<Head>> = entries
            .map(|entry| states.views().get(&entry.log))
            .map(|view| view.map(|view| view.head().clone()))
            .collect();
        let sealed = seal::check(&commit).and_then(|()| seal::seal(meta, &commit, &heads));
        let sealed = sealed.map_err(refused)?;
        let mut written = Vec::with_capacity(sealed.heads.len());
        for head in &sealed.heads {
            let slot = slots.iter().find(|slot| *slot.log() == head.log);
            // A log that the command found out to begin has no slot yet: its first reader folds it.
            let (Some(slot), Some(mut work)) = (slot, works.remove(&head.log)) else {
                continue;
            };
            work.moved_to(head.seq, head.hash, head.at);
            let previous = states.views().get(&head.log);
            // What does not compile is refused here and not by the next reader.
            let view = work
                .finish(&inner.policies, previous)
                .map_err(|error| ExecuteError::Invalid(error.to_string()))?;
            written.push(Written {
                slot: Arc::clone(slot),
                view: Arc::new(view),
            });
        }
        Ok(Ready {
            commit,
            written,
            value,
        })
    }
}

/// A commit that is not taken, for good.
pub(super) fn refused<E>(error: AppendError) -> ExecuteError<E> {
    match error {
        AppendError::NotOpen { log } => ExecuteError::NotOpen { log },
        AppendError::Dead { .. } => ExecuteError::SessionDead,
        AppendError::ClaimTaken { key } => ExecuteError::ClaimTaken { kind: key.kind },
        AppendError::Side { index } => ExecuteError::SideConflict { index },
        AppendError::TooLarge {
            what,
            limit,
            actual,
        } => ExecuteError::TooLarge {
            what,
            limit,
            actual,
        },
        AppendError::Invalid(what) => ExecuteError::Invalid(what),
        AppendError::Corrupt(what) => {
            ExecuteError::Directory(trilby_eventlog::Error::Corrupt(what).into())
        }
        AppendError::Busy(what) => ExecuteError::StoreBusy(what),
        AppendError::Unavailable(what) => ExecuteError::Unavailable(what),
        AppendError::Stale { .. } => ExecuteError::Conflict,
        AppendError::Receipt(_) => ExecuteError::KeyReused,
    }
}

pub(super) fn draft<T, E>(
    inner: &Inner,
    plan: Plan<T, E>,
    states: &States,
    write: &mut Write,
) -> Result<Drafted<T>, ExecuteError<E>> {
    let Plan {
        events,
        guards,
        side,
        answer,
    } = plan;
    let mut derived = Effects::default();
    let mut entries = Vec::new();
    let mut works = BTreeMap::new();
    for events in events.into_iter().filter(|events| !events.is_empty()) {
        let log = events.log();
        if works.contains_key(&log) {
            return Err(ExecuteError::Invalid(format!(
                "two sets of events for log `{log}`"
            )));
        }
        if let Events::Account(id, events) = &events {
            let mut roles = states
                .account(*id)
                .map_or_else(|| Account::empty(*id), |view| view.state.clone());
            for (index, event) in events.iter().enumerate() {
                let added = derived.add(&inner.secrets.claim_key, &log, index, event, &mut roles);
                added.map_err(|error| ExecuteError::Invalid(error.to_string()))?;
            }
        }
        let stored = stored(&events);
        let work = prove(&log, &stored, states)?;
        entries.push(Entry {
            expected: expected(&log, states),
            log: log.clone(),
            events: stored,
        });
        works.insert(log, work);
    }
    // Two reasons to guard a log are one guard.
    for log in guards.into_iter().collect::<BTreeSet<LogId>>() {
        if !works.contains_key(&log) {
            entries.push(Entry {
                expected: expected(&log, states),
                log,
                events: Vec::new(),
            });
        }
    }
    let answer = answer(&After::of(&works, states)).map_err(ExecuteError::Refused)?;
    // A commit without its receipt could be executed twice: the repetition looks for it in this log.
    if !works.contains_key(&write.receipt.log) {
        return Err(ExecuteError::Invalid(format!(
            "the log `{}` keeps the receipt and is not written",
            write.receipt.log
        )));
    }
    let receipt = NewReceipt {
        log: write.receipt.log.clone(),
        key: write.receipt.key,
        request_hash: write.receipt.request_hash,
        status: answer.status,
        response: answer.stored,
    };
    let mut commit = Commit::new(
        states.now(),
        write.meta.clone(),
        write.entropy.take(),
        entries,
    );
    commit.claims_taken = derived.taken;
    commit.claims_released = derived.released;
    commit.revocations = derived.revocations;
    commit.receipt = Some(receipt);
    commit.alive = write.alive.clone();
    commit.side = side;
    commit.trusting = derived.trusting;
    commit.incarnation = write.incarnation;
    commit.trace.clone_from(&write.trace);
    Ok(Drafted {
        commit,
        works,
        value: answer.value,
    })
}

fn expected(log: &LogId, states: &States) -> Expected {
    states
        .views()
        .get(log)
        .map_or(Expected::New, |view: &AnyView| Expected::at(view.head()))
}

fn stored(events: &Events) -> Vec<NewEvent> {
    fn one(etype: &str, ever: u16, data: serde_json::Value) -> NewEvent {
        NewEvent {
            etype: etype.to_owned(),
            ever,
            data,
        }
    }
    match events {
        Events::Account(_, events) => events
            .iter()
            .map(|event| one(event.etype(), event.version(), event.to_data()))
            .collect(),
        Events::Organization(_, events) => events
            .iter()
            .map(|event| one(event.etype(), event.version(), event.to_data()))
            .collect(),
        Events::Platform(events) => events
            .iter()
            .map(|event| one(event.etype(), event.version(), event.to_data()))
            .collect(),
    }
}

/// Folds the events as they will be stored. What does not survive being stored, or what the fold does not know, is
/// found here and not by the next reader.
fn prove<E>(log: &LogId, events: &[NewEvent], states: &States) -> Result<Work, ExecuteError<E>> {
    let mut work = match states.views().get(log) {
        Some(view) => Work::of(view),
        None => Work::begin(log),
    };
    let mut seq = work.seq();
    for event in events {
        seq = seq.next();
        work.folded_mut()
            .apply_stored(&event.etype, event.ever, &event.data, seq, states.now())
            .map_err(|fault| ExecuteError::Invalid(fault.to_string()))?;
    }
    let hash = work.hash();
    work.moved_to(seq, hash, states.now());
    Ok(work)
}
