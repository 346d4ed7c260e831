//! From a plan to a commit: proves the events against the fold and derives what goes with them.

use std::collections::BTreeMap;

use trilby_account as account;
use trilby_account::event::{ClaimAct, ClaimChange, ClaimScope as Scope};
use trilby_eventlog::claim::mac;
use trilby_eventlog::revocation::id_hash;
use trilby_eventlog::{
    Claim, ClaimKey, ClaimScope, Commit, Entry, Expected, NewEvent, NewReceipt, NewRevocation,
    RevocationKind,
};
use trilby_model::LogId;

use super::plan::{After, Events, Plan, States};
use super::{ExecuteError, Write};
use crate::directory::Inner;
use crate::view::AnyView;
use crate::work::Work;

/// A commit ready to be appended, with the states its events lead to.
pub(super) struct Drafted<T> {
    pub commit: Commit,
    pub works: BTreeMap<LogId, Work>,
    pub value: T,
}

/// What is derived from events besides themselves.
#[derive(Default)]
struct Derived {
    taken: Vec<Claim>,
    released: Vec<Claim>,
    revocations: Vec<NewRevocation>,
}

pub(super) fn draft<T, E>(
    inner: &Inner,
    plan: Plan<T, E>,
    states: &States,
    write: &mut Write,
) -> Result<Drafted<T>, ExecuteError<E>> {
    let (events, guards, side, trusting, answer) = plan.into_parts();
    let mut derived = Derived::default();
    let mut entries = Vec::new();
    let mut works = BTreeMap::new();
    for events in events.into_iter().filter(|events| !events.is_empty()) {
        let log = events.log();
        if works.contains_key(&log) {
            return Err(ExecuteError::Invalid(format!(
                "two sets of events for log `{log}`"
            )));
        }
        derived.take(inner, &log, &events)?;
        let stored = stored(&events);
        let work = prove(&log, &stored, states)?;
        entries.push(Entry {
            expected: expected(&log, states),
            log: log.clone(),
            events: stored,
        });
        works.insert(log, work);
    }
    for log in guards {
        if !works.contains_key(&log) {
            entries.push(Entry {
                expected: expected(&log, states),
                log,
                events: Vec::new(),
            });
        }
    }
    let answer = answer(&After::of(&works, states)).map_err(ExecuteError::Refused)?;
    let receipt = works.contains_key(&write.receipt.log).then(|| NewReceipt {
        log: write.receipt.log.clone(),
        key: write.receipt.key,
        request_hash: write.receipt.request_hash,
        status: answer.status,
        response: answer.stored,
    });
    let mut commit = Commit::new(
        states.now(),
        write.meta.clone(),
        write.entropy.take(),
        entries,
    );
    commit.claims_taken = derived.taken;
    commit.claims_released = derived.released;
    commit.revocations = derived.revocations;
    commit.receipt = receipt;
    commit.alive = write.alive.clone();
    commit.side = side;
    commit.trusting = trusting;
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

impl Derived {
    fn take<E>(
        &mut self,
        inner: &Inner,
        log: &LogId,
        events: &Events,
    ) -> Result<(), ExecuteError<E>> {
        match events {
            Events::Account(_, events) => {
                for (index, event) in events.iter().enumerate() {
                    self.claims(inner, log, index, event.claims());
                    self.revocations(log, index, event.revocations())?;
                }
            }
            // Neither an organization's nor the installation's events take names or end sessions: what they mean for
            // an account is said in that account's log, in the same commit.
            Events::Organization(..) | Events::Platform(_) => {}
        }
        Ok(())
    }

    fn claims(&mut self, inner: &Inner, log: &LogId, event: usize, changes: Vec<ClaimChange>) {
        for change in changes {
            let scope = match change.scope {
                Scope::Store => ClaimScope::Store,
                Scope::Log => ClaimScope::Log(log.clone()),
            };
            let key = ClaimKey {
                scope,
                kind: change.kind.number(),
                mac: mac(&inner.claim_key, &change.value),
            };
            let claim = Claim {
                key,
                log: log.clone(),
                event,
            };
            match change.act {
                ClaimAct::Take => self.taken.push(claim),
                ClaimAct::Release => self.released.push(claim),
            }
        }
    }

    fn revocations<E>(
        &mut self,
        log: &LogId,
        event: usize,
        revocations: Vec<account::event::Revocation>,
    ) -> Result<(), ExecuteError<E>> {
        for revocation in revocations {
            let kind = RevocationKind::from_letter(revocation.kind).ok_or_else(|| {
                ExecuteError::Invalid(format!("no revocation kind `{}`", revocation.kind))
            })?;
            self.revocations.push(NewRevocation {
                log: log.clone(),
                event,
                kind,
                id_hash: id_hash(kind, &revocation.parts),
                before: revocation.before_seq,
            });
        }
        Ok(())
    }
}
