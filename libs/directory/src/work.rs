//! Folding: a log's state while commits are being applied to it.

use std::sync::Arc;

use trilby_account as account;
use trilby_account::event::Revocation as Ended;
use trilby_eventlog::revocation::id_hash;
use trilby_eventlog::{Head, HeadState, Recorded, RecordedCommit, Revocation, RevocationKind};
use trilby_model::{Hash, LogId, Seq, Timestamp};

use crate::compile::{self, PolicyCache};
use crate::error::Error;
use crate::view::{AccountView, AnyView, OrganizationView, PlatformView, View};

/// A state on its way to the next commit's end. Whoever meets an error throws it away: half a commit is never seen.
#[derive(Clone)]
pub(crate) struct Work {
    log: LogId,
    seq: Seq,
    hash: Hash,
    at: Timestamp,
    folded: Folded,
}

/// The fold of each kind of log.
#[expect(
    clippy::large_enum_variant,
    reason = "one lives at a time, and a box would be one more step to every fold"
)]
#[derive(Clone)]
pub(crate) enum Folded {
    Account(account::Account),
    Organization(account::organization::Organization),
    Platform(account::platform::Platform),
}

impl Work {
    /// The state before the first event.
    pub(crate) fn start(log: &LogId, genesis: Hash) -> Self {
        Self {
            log: log.clone(),
            seq: Seq::ZERO,
            hash: genesis,
            at: Timestamp::from_micros(0),
            folded: Folded::start(log),
        }
    }

    /// The state of a log that is about to begin. Its hash is not known before it is written.
    pub(crate) fn begin(log: &LogId) -> Self {
        Self::start(log, Hash([0; 32]))
    }

    /// The state of a view, to go on from.
    pub(crate) fn of(view: &AnyView) -> Self {
        let head = view.head();
        Self {
            log: head.log.clone(),
            seq: head.seq,
            hash: head.hash,
            at: head.at,
            folded: Folded::of(view),
        }
    }

    /// The state of a snapshot whose header was checked against the log.
    pub(crate) fn restored(
        log: &LogId,
        seq: Seq,
        hash: Hash,
        at: Timestamp,
        folded: Folded,
    ) -> Self {
        Self {
            log: log.clone(),
            seq,
            hash,
            at,
            folded,
        }
    }

    pub(crate) fn seq(&self) -> Seq {
        self.seq
    }

    pub(crate) fn hash(&self) -> Hash {
        self.hash
    }

    pub(crate) fn folded(&self) -> &Folded {
        &self.folded
    }

    pub(crate) fn folded_mut(&mut self) -> &mut Folded {
        &mut self.folded
    }

    /// Applies a commit that continues this state: checks its place, its hashes, then folds all of it. Gives the
    /// revocations in it.
    pub(crate) fn apply(&mut self, commit: &RecordedCommit) -> Result<Vec<Revocation>, Error> {
        let broken = |reason: String| Error::Corrupt {
            log: commit.log.clone(),
            reason,
        };
        if commit.log != self.log
            || commit.first != self.seq.next()
            || commit.prev_hash != self.hash
        {
            return Err(broken(format!(
                "commit {}..{} does not continue seq {}",
                commit.first, commit.last, self.seq
            )));
        }
        commit.check().map_err(|fault| broken(fault.to_string()))?;
        let mut revocations = Vec::new();
        for event in &commit.events {
            for ended in self.folded.apply(event)? {
                let kind = RevocationKind::from_letter(ended.kind)
                    .ok_or_else(|| quarantined(event, &format!("no kind `{}`", ended.kind)))?;
                revocations.push(Revocation {
                    log: commit.log.clone(),
                    kind,
                    id_hash: id_hash(kind, &ended.parts),
                    seq: event.seq,
                    before: ended.before_seq.unwrap_or(event.seq),
                    at: commit.at,
                });
            }
        }
        self.moved_to(commit.last, commit.hash, commit.at);
        Ok(revocations)
    }

    /// The state stands at this commit's end from now on.
    pub(crate) fn moved_to(&mut self, seq: Seq, hash: Hash, at: Timestamp) {
        (self.seq, self.hash, self.at) = (seq, hash, at);
    }

    /// The view of this state. What the previous view has compiled and is unchanged is used again.
    pub(crate) fn finish(
        self,
        policies: &PolicyCache,
        previous: Option<&AnyView>,
    ) -> Result<AnyView, Error> {
        let head = Head {
            log: self.log,
            seq: self.seq,
            hash: self.hash,
            at: self.at,
            state: HeadState::Open,
        };
        Ok(match self.folded {
            Folded::Account(state) => {
                let previous = previous.and_then(AnyView::account).map(|view| &**view);
                let compiled = compile::account(&state, previous, policies, &head)?;
                let view: AccountView = View {
                    head,
                    state,
                    compiled,
                };
                AnyView::Account(Arc::new(view))
            }
            Folded::Organization(state) => {
                let compiled = compile::organization(&state, policies, &head)?;
                let view: OrganizationView = View {
                    head,
                    state,
                    compiled,
                };
                AnyView::Organization(Arc::new(view))
            }
            Folded::Platform(state) => {
                let view: PlatformView = View {
                    head,
                    state,
                    compiled: (),
                };
                AnyView::Platform(Arc::new(view))
            }
        })
    }
}

impl Folded {
    pub(crate) fn start(log: &LogId) -> Self {
        match log {
            LogId::Account(id) => Self::Account(account::Account::empty(*id)),
            LogId::Organization(id) => {
                Self::Organization(account::organization::Organization::empty(id.clone()))
            }
            LogId::Platform => Self::Platform(account::platform::Platform::empty()),
        }
    }

    pub(crate) fn of(view: &AnyView) -> Self {
        match view {
            AnyView::Account(view) => Self::Account(view.state.clone()),
            AnyView::Organization(view) => Self::Organization(view.state.clone()),
            AnyView::Platform(view) => Self::Platform(view.state.clone()),
        }
    }

    fn apply(&mut self, event: &Recorded) -> Result<Vec<Ended>, Error> {
        // Only the data: what follows them in the body says how they came to be, and changes no state.
        let data = event.data_onwards();
        let data = data.map_err(|fault| quarantined(event, &fault))?;
        let data = &mut serde_json::Deserializer::from_slice(data);
        self.apply_stored(&event.etype, event.ever, data, event.seq, event.at)
            .map_err(|fault| quarantined(event, &fault))
    }

    /// Folds an event in its stored form. Gives the sessions it ends.
    pub(crate) fn apply_stored<'de>(
        &mut self,
        etype: &str,
        ever: u16,
        data: impl serde::Deserializer<'de, Error = serde_json::Error>,
        seq: Seq,
        at: Timestamp,
    ) -> Result<Vec<Ended>, account::UnknownEvent> {
        match self {
            Self::Account(state) => {
                let event = account::Event::from_stored(etype, ever, data)?;
                state.evolve(&event, seq, at);
                return Ok(event.revocations());
            }
            Self::Organization(state) => {
                state.evolve(
                    &account::organization::Event::from_stored(etype, ever, data)?,
                    seq,
                    at,
                );
            }
            Self::Platform(state) => state.evolve(
                &account::platform::Event::from_stored(etype, ever, data)?,
                seq,
                at,
            ),
        }
        // What organizations and the installation mean for sessions is said in accounts' logs.
        Ok(Vec::new())
    }
}

fn quarantined(event: &Recorded, fault: &dyn std::fmt::Display) -> Error {
    Error::Quarantined {
        log: event.log.clone(),
        seq: event.seq,
        reason: fault.to_string(),
    }
}
