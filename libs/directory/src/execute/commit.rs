//! From a plan to a commit: proves the events against the fold and derives what goes with them.

use std::collections::{BTreeMap, BTreeSet};

use trilby_account::Account;
use trilby_eventlog::{Commit, Entry, Expected, NewEvent, NewReceipt};
use trilby_model::LogId;

use super::plan::{After, Events, Plan, States};
use super::{ExecuteError, Write};
use crate::directory::Inner;
use crate::effects::Effects;
use crate::view::AnyView;
use crate::work::Work;

/// A commit ready to be appended, with the states its events lead to.
pub(super) struct Drafted<T> {
    pub commit: Commit,
    pub works: BTreeMap<LogId, Work>,
    pub value: T,
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
                let added = derived.add(&inner.claim_key, &log, index, event, &mut roles);
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
