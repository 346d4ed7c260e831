//! The place of one log in memory.

pub(crate) mod pending;

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use tokio::sync::{Mutex as AsyncMutex, watch};
use tokio::time::Instant;
use trilby_model::{Hash, LogId, Seq};

use crate::error::Error;
use crate::measure;
use crate::options::COMMANDS_MAX;
use crate::view::AnyView;
use crate::weigh::SLOT_BYTES;
use pending::{Break, Pending};

/// Ends of recent commits kept to tell a duplicate from a fork without reading the log.
const RECENT_MAX: usize = 64;

/// How long a log that cannot be folded is not read again: it fails either way, and its readers shall not slow others.
const FAULT_STANDS: Duration = Duration::from_secs(1);

/// One log: its newest view, what is known to be newer, and the gate that lets one task at a time move it.
///
/// Readers take `view` and wait for nothing. `hint` is the highest seq that anybody announced; a view below it is not
/// given to those who ask for the head.
pub(crate) struct Slot {
    log: LogId,
    view: ArcSwapOption<AnyView>,
    hint: AtomicU64,
    applied: watch::Sender<u64>,
    snapshotted: AtomicU64,
    weight: AtomicU32,
    /// What the state weighs, as told or not.
    bytes: AtomicU64,
    recent: Mutex<VecDeque<(Seq, Hash)>>,
    fault: Mutex<Option<(Instant, Error)>>,
    /// The event that could not be folded when that was last counted; 0 if none.
    poison: AtomicU64,
    /// How often the state was dropped.
    epoch: AtomicU64,
    n_commands: AtomicUsize,
    /// A task is about to read it.
    to_be_read: AtomicBool,
    pub(crate) pending: Pending,
    pub(crate) gate: AsyncMutex<()>,
}

impl Slot {
    pub(crate) fn new(log: LogId) -> Self {
        Self {
            log,
            view: ArcSwapOption::empty(),
            hint: AtomicU64::new(0),
            applied: watch::Sender::new(0),
            snapshotted: AtomicU64::new(0),
            weight: AtomicU32::new(u32::try_from(SLOT_BYTES).unwrap_or(u32::MAX)),
            bytes: AtomicU64::new(SLOT_BYTES),
            fault: Mutex::new(None),
            poison: AtomicU64::new(0),
            recent: Mutex::new(VecDeque::new()),
            epoch: AtomicU64::new(0),
            n_commands: AtomicUsize::new(0),
            to_be_read: AtomicBool::new(false),
            pending: Pending::new(),
            gate: AsyncMutex::new(()),
        }
    }

    pub(crate) fn log(&self) -> &LogId {
        &self.log
    }

    /// The last view, however old.
    pub(crate) fn last(&self) -> Option<Arc<AnyView>> {
        self.view.load_full()
    }

    /// The view, if nothing newer is known of.
    pub(crate) fn newest(&self) -> Option<Arc<AnyView>> {
        self.last()
            .filter(|view| view.seq().get() >= self.hint.load(Ordering::SeqCst))
    }

    /// Something said that the log reaches at least this far.
    pub(crate) fn hear_of(&self, seq: Seq) {
        self.hint.fetch_max(seq.get(), Ordering::SeqCst);
    }

    /// Whether something newer than `seq` was announced.
    pub(crate) fn knows_newer_than(&self, seq: Seq) -> bool {
        self.hint.load(Ordering::SeqCst) > seq.get()
    }

    /// Forgets what was announced: the announcements were of another timeline, or of nothing.
    pub(crate) fn forget_hint(&self, heard: Seq) {
        let reached = self.last().map_or(0, |view| view.seq().get());
        // A hint that came meanwhile is kept: only the value that proved wrong is lowered.
        let _ =
            self.hint
                .compare_exchange(heard.get(), reached, Ordering::SeqCst, Ordering::SeqCst);
    }

    pub(crate) fn hint(&self) -> Seq {
        Seq::new(self.hint.load(Ordering::SeqCst))
    }

    /// Puts a durable view in place, unless a newer one is there or the state was dropped since this epoch, which was taken
    /// before anything was read that the view rests on. Gives the newer of the two.
    ///
    /// INVARIANT: the view only moves forward, whoever publishes; only [`Slot::drop_state`] takes it away. Kept by the
    /// lock on `recent`, which whoever changes the view holds.
    pub(crate) fn publish_in(&self, epoch: u64, view: &Arc<AnyView>) -> Option<Arc<AnyView>> {
        let (seq, hash) = (view.seq(), view.head().hash);
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        if self.epoch() != epoch {
            return None;
        }
        if recent.len() == RECENT_MAX {
            recent.pop_front();
        }
        recent.push_back((seq, hash));
        match self.last() {
            Some(held) if held.seq() > seq => return Some(held),
            Some(held) if held.seq() == seq && held.head().hash == hash => return Some(held),
            Some(held) if held.seq() == seq => {
                tracing::error!(log.id = %self.log, seq = seq.get(), "fork: two commits end at one seq; dropping state");
                measure::fork();
                self.forget_state(&mut recent);
                return None;
            }
            Some(_) | None => {}
        }
        self.view.store(Some(Arc::clone(view)));
        self.hear_of(seq);
        self.applied.send_replace(seq.get());
        *self.fault.lock().unwrap_or_else(PoisonError::into_inner) = None;
        if seq.get() >= self.poison.load(Ordering::SeqCst) {
            self.poison.store(0, Ordering::SeqCst);
        }
        Some(Arc::clone(view))
    }

    pub(crate) fn epoch(&self) -> u64 {
        self.epoch.load(Ordering::SeqCst)
    }

    /// A place for a command; none if too many have one.
    pub(crate) fn place(self: &Arc<Self>) -> Option<Place> {
        let before = self.n_commands.fetch_add(1, Ordering::SeqCst);
        // Gives the place back at once if it is one too many.
        let place = Place(Arc::clone(self));
        (before < COMMANDS_MAX).then_some(place)
    }

    /// Whether a task is about to read it; from now on one is.
    pub(crate) fn is_to_be_read(&self) -> bool {
        self.to_be_read.swap(true, Ordering::SeqCst)
    }

    /// That task reads.
    pub(crate) fn is_being_read(&self) {
        self.to_be_read.store(false, Ordering::SeqCst);
    }

    /// Why the log could not be folded, if it was tried a moment ago.
    pub(crate) fn fault(&self) -> Option<Error> {
        let fault = self.fault.lock().unwrap_or_else(PoisonError::into_inner);
        let (since, error) = fault.as_ref()?;
        (since.elapsed() < FAULT_STANDS).then(|| error.clone())
    }

    /// Counts an event that cannot be folded. The news of it and whoever asks for its log make it be tried again and again;
    /// only what is new is counted.
    pub(crate) fn count_poison(&self, error: &Error) {
        if let Error::Quarantined { seq, .. } = error
            && self.poison.swap(seq.get(), Ordering::SeqCst) != seq.get()
        {
            measure::quarantine();
        }
    }

    /// The log cannot be folded.
    pub(crate) fn set_fault(&self, error: &Error) {
        self.count_poison(error);
        let fault = Some((Instant::now(), error.clone()));
        *self.fault.lock().unwrap_or_else(PoisonError::into_inner) = fault;
    }

    /// The weight that the cache was told, in bytes.
    pub(crate) fn weight(&self) -> u32 {
        self.weight.load(Ordering::Relaxed)
    }

    pub(crate) fn set_weight(&self, weight: u32) {
        self.weight.store(weight, Ordering::Relaxed);
    }

    /// The state weighs this much more; gives the whole.
    pub(crate) fn grow(&self, bytes: u64) -> u64 {
        let before = self.bytes.fetch_add(bytes, Ordering::Relaxed);
        before.saturating_add(bytes)
    }

    pub(crate) fn set_bytes(&self, bytes: u64) {
        self.bytes.store(bytes, Ordering::Relaxed);
    }

    /// Forgets the state: what was folded is not what the log says. The next reader hydrates.
    pub(crate) fn drop_state(&self) {
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        self.forget_state(&mut recent);
    }

    fn forget_state(&self, recent: &mut VecDeque<(Seq, Hash)>) {
        self.epoch.fetch_add(1, Ordering::SeqCst);
        self.view.store(None);
        recent.clear();
        self.pending.break_off(Break::Unknown);
    }

    /// The seq of the newest snapshot that was read or asked for.
    pub(crate) fn snapshotted(&self) -> Seq {
        Seq::new(self.snapshotted.load(Ordering::Relaxed))
    }

    pub(crate) fn set_snapshotted(&self, seq: Seq) {
        self.snapshotted.fetch_max(seq.get(), Ordering::Relaxed);
    }

    /// The hash at the end of a recent commit.
    pub(crate) fn recent_hash(&self, seq: Seq) -> Option<Hash> {
        let recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        recent
            .iter()
            .rev()
            .find(|(end, _)| *end == seq)
            .map(|(_, hash)| *hash)
    }

    /// Tells of each published seq from now on.
    pub(crate) fn watch(&self) -> watch::Receiver<u64> {
        self.applied.subscribe()
    }
}

/// A command's place among those of a log that are not answered.
pub(crate) struct Place(Arc<Slot>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.n_commands.fetch_sub(1, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests;
