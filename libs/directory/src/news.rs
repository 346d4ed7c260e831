//! Up to when the news are known, and what vouches for that.
//!
//! A node that knows everything until a moment is as old as that moment, however its news arrive. Two things move the
//! moment: a good round of asking the store, to when the round began; and heartbeats of a relayed feed. A heartbeat is
//! behind everything that its partition had to tell when it was sent, so the moment is that of the worst partition.
//!
//! INVARIANT: what a feed lost is never vouched for. A gap forgets all heartbeats, and those that come after it move
//! nothing until a round that began after the gap has read from the store what was lost.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use trilby_eventlog::Channel;

/// A partition that has vouched for nothing newer than this is silent. Three heartbeats.
pub(crate) const SILENCE: Duration = Duration::from_secs(3);

/// See the module.
pub(crate) struct News(Mutex<State>);

struct State {
    heard: Instant,
    commits_heard: Instant,
    commits: Beats,
    revocations: Beats,
    gaps: u64,
    /// As many of the gaps as are made good.
    repaired: u64,
}

/// A round of asking the store.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Round {
    begun: Instant,
    gaps: u64,
}

impl News {
    /// Nothing is known from before `begun`, and heartbeats come from so many partitions of each channel.
    pub(crate) fn new(begun: Instant, partitions: u16) -> Self {
        Self(Mutex::new(State {
            heard: begun,
            commits_heard: begun,
            commits: Beats::new(partitions),
            revocations: Beats::new(partitions),
            gaps: 0,
            repaired: 0,
        }))
    }

    /// Every revocation of before this moment is known.
    pub(crate) fn heard(&self) -> Instant {
        self.state().heard
    }

    /// Everything of before this moment is known, or known to be there to read: every revocation, and where each log ends.
    pub(crate) fn all_heard(&self) -> Instant {
        let state = self.state();
        state.heard.min(state.commits_heard)
    }

    /// A round begins now.
    pub(crate) fn begin_round(&self) -> Round {
        let state = self.state();
        Round {
            begun: Instant::now(),
            gaps: state.gaps,
        }
    }

    /// The round has read all revocations that were new.
    pub(crate) fn has_revocations(&self, round: Round) {
        let mut state = self.state();
        state.heard = state.heard.max(round.begun);
    }

    /// The round has read revocations, and where the logs end.
    pub(crate) fn end_round(&self, round: Round) {
        let mut state = self.state();
        state.repaired = state.repaired.max(round.gaps);
        state.commits_heard = state.commits_heard.max(round.begun);
        state.vouch();
    }

    /// A partition had told everything until this moment.
    pub(crate) fn beat(&self, channel: Channel, partition: u16, until: Instant) {
        let mut state = self.state();
        match channel {
            Channel::Commits => state.commits.set(partition, until),
            Channel::Revocations => state.revocations.set(partition, until),
        }
        state.vouch();
    }

    /// The feed has lost something.
    pub(crate) fn gap(&self) {
        let mut state = self.state();
        state.gaps = state.gaps.saturating_add(1);
        state.commits.forget();
        state.revocations.forget();
    }

    /// Whether the store has to be asked: some partition says nothing, or what was lost is not made good.
    pub(crate) fn is_silent(&self) -> bool {
        let state = self.state();
        let is_silent = |beats: &Beats| {
            let until = beats.all_until();
            until.is_none_or(|until| until.elapsed() > SILENCE)
        };
        state.repaired < state.gaps || is_silent(&state.commits) || is_silent(&state.revocations)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn vouch(&mut self) {
        if self.repaired < self.gaps {
            return;
        }
        if let Some(until) = self.revocations.all_until() {
            self.heard = self.heard.max(until);
        }
        if let Some(until) = self.commits.all_until() {
            self.commits_heard = self.commits_heard.max(until);
        }
    }
}

/// The last heartbeat of each partition: until when it had told everything.
struct Beats(Vec<Option<Instant>>);

impl Beats {
    fn new(partitions: u16) -> Self {
        Self(vec![None; usize::from(partitions)])
    }

    fn set(&mut self, partition: u16, until: Instant) {
        // A heartbeat of a partition that does not exist says nothing about those that do.
        if let Some(beat) = self.0.get_mut(usize::from(partition)) {
            *beat = Some(until);
        }
    }

    fn forget(&mut self) {
        self.0.fill(None);
    }

    /// Until when all of them had told everything. None if one of them, or there is none, has said nothing.
    fn all_until(&self) -> Option<Instant> {
        let mut worst: Option<Instant> = None;
        for beat in &self.0 {
            let until = (*beat)?;
            worst = Some(worst.map_or(until, |worst| worst.min(until)));
        }
        worst
    }
}

#[cfg(test)]
mod tests;
