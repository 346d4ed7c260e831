//! Snapshots: written in the background when a log's tail has grown or its hydration was slow, used only if everything
//! about them fits.
//!
//! Losing all of them changes nothing but the time of the next hydration, so the queues may drop and the writer may
//! fail without anybody waiting. One is written at a time. Those for slow hydrations wait until no log is hydrated: where
//! many cold logs are read at once each of them is slow, and writing would make the others slower.

use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{Instant, sleep};
use trilby_account as account;
use trilby_eventlog::Snapshot;
use trilby_eventlog::snapshot::{self, Header, SnapshotError};
use trilby_eventlog::verify::SnapshotVerdict;
use trilby_model::{LogId, Seq};

use crate::directory::Inner;
use crate::error::Error;
use crate::slot::Slot;
use crate::view::AnyView;
use crate::work::{Folded, Work};

/// Version of the states' encoding. Raised when a serialized state could be read as something else.
const ENCODING: u8 = 2;

/// Events that a snapshot must stand for to be worth its two questions to the store.
const WORTH_EVENTS: u64 = 32;

/// How long no log was hydrated when a snapshot for a slow hydration is written.
const QUIET: Duration = Duration::from_millis(250);

/// How long that is waited for. Where logs are hydrated all the time one is written as often as this.
const QUIET_WAIT: Duration = Duration::from_secs(10);

/// Logs whose hydration was slow that wait. Only their ids: what is written is their newest state, if it is still held.
const SLOW_MAX: usize = 256;

/// What waits to be written.
pub(crate) struct SnapshotQueue {
    due: mpsc::Sender<Arc<AnyView>>,
    slow: mpsc::Sender<LogId>,
    receivers: Mutex<Option<Receivers>>,
    hydrations: Hydrations,
    /// Of whoever writes.
    pen: tokio::sync::Mutex<()>,
}

struct Receivers {
    due: mpsc::Receiver<Arc<AnyView>>,
    slow: mpsc::Receiver<LogId>,
}

/// The hydrations under way, and when the last one ended.
#[derive(Default)]
struct Hydrations(Mutex<(usize, Option<Instant>)>);

/// One of them, until it is dropped.
pub(crate) struct Hydrating<'a>(&'a Hydrations);

impl Hydrations {
    /// How long it is at least until none was under way for [`QUIET`].
    fn quiet_in(&self) -> Duration {
        match *self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            (0, None) => Duration::ZERO,
            (0, Some(ended)) => QUIET.saturating_sub(ended.elapsed()),
            _ => QUIET,
        }
    }
}

impl Drop for Hydrating<'_> {
    fn drop(&mut self) {
        let mut state = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        *state = (state.0.saturating_sub(1), Some(Instant::now()));
    }
}

impl SnapshotQueue {
    pub(crate) fn new(capacity: usize) -> Self {
        let (due, due_receiver) = mpsc::channel(capacity.max(1));
        let (slow, slow_receiver) = mpsc::channel(SLOW_MAX);
        Self {
            due,
            slow,
            receivers: Mutex::new(Some(Receivers {
                due: due_receiver,
                slow: slow_receiver,
            })),
            hydrations: Hydrations::default(),
            pen: tokio::sync::Mutex::default(),
        }
    }

    /// A hydration is under way.
    pub(crate) fn hydrating(&self) -> Hydrating<'_> {
        let hydrations = &self.hydrations;
        let mut state = hydrations.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.0 = state.0.saturating_add(1);
        Hydrating(hydrations)
    }

    /// Queues a snapshot of a log whose hydration was slow, if the next would be faster with one.
    pub(crate) fn offer_slow(&self, slot: &Slot, view: &AnyView) {
        let tail = view.seq().get().saturating_sub(slot.snapshotted().get());
        if tail >= WORTH_EVENTS && self.slow.try_send(slot.log().clone()).is_ok() {
            slot.set_snapshotted(view.seq());
        }
    }

    /// Queues a snapshot if the slot's tail has grown long enough.
    pub(crate) fn offer(&self, slot: &Slot, view: &Arc<AnyView>, tail: u64) {
        let seq = view.seq();
        if seq.get().saturating_sub(slot.snapshotted().get()) <= tail {
            return;
        }
        if self.due.try_send(Arc::clone(view)).is_ok() {
            slot.set_snapshotted(seq);
        }
    }
}

/// Starts the writers; they end when the directory is gone.
pub(crate) fn spawn(inner: &Arc<Inner>) {
    let receivers = &inner.snapshots.receivers;
    let receivers = receivers.lock().ok().and_then(|mut both| both.take());
    let Some(Receivers { due, slow }) = receivers else {
        return;
    };
    tokio::spawn(write_due(Arc::downgrade(inner), due));
    tokio::spawn(write_slow(Arc::downgrade(inner), slow));
}

async fn write_due(inner: Weak<Inner>, mut due: mpsc::Receiver<Arc<AnyView>>) {
    while let Some(view) = due.recv().await {
        let Some(inner) = inner.upgrade() else { return };
        keep(&inner, &view).await;
    }
}

async fn write_slow(inner: Weak<Inner>, mut slow: mpsc::Receiver<LogId>) {
    while let Some(log) = slow.recv().await {
        let begun = Instant::now();
        let inner = loop {
            let Some(inner) = inner.upgrade() else { return };
            let quiet_in = inner.snapshots.hydrations.quiet_in();
            if quiet_in.is_zero() || begun.elapsed() >= QUIET_WAIT {
                break inner;
            }
            // Whoever waits keeps nothing alive.
            drop(inner);
            sleep(quiet_in).await;
        };
        // A log that was let go meanwhile is hydrated, slowly, another time.
        if let Some(view) = inner.slots.get(&log).and_then(|slot| slot.last()) {
            keep(&inner, &view).await;
        }
    }
}

async fn keep(inner: &Inner, view: &Arc<AnyView>) {
    let _pen = inner.snapshots.pen.lock().await;
    if let Err(reason) = write(inner, view).await {
        tracing::warn!(log.id = %view.head().log, seq = view.seq().get(), reason, "snapshot not written");
    }
}

async fn write(inner: &Inner, view: &Arc<AnyView>) -> Result<(), String> {
    let packed = {
        let (view, key) = (Arc::clone(view), inner.secrets.snapshot_key);
        // Serializing and compressing a large account takes longer than a task may hold its thread.
        tokio::task::spawn_blocking(move || pack(&view, &key))
            .await
            .map_err(|error| error.to_string())??
    };
    inner
        .log
        .snapshot_put(packed)
        .await
        .map_err(|error| error.to_string())?;
    inner
        .log
        .snapshot_prune(&view.head().log, schema(&view.head().log))
        .await
        .map_err(|error| error.to_string())?;
    Ok(())
}

fn pack(view: &AnyView, key: &[u8; 32]) -> Result<Snapshot, String> {
    let head = view.head();
    let state = match view {
        AnyView::Account(view) => serde_json::to_vec(&view.state),
        AnyView::Organization(view) => serde_json::to_vec(&view.state),
        AnyView::Platform(view) => serde_json::to_vec(&view.state),
    };
    let header = Header {
        log: head.log.clone(),
        // The head's hash was made under its incarnation and is compared with the log's.
        incarnation: 0,
        seq: head.seq,
        head_hash: head.hash,
        state_schema: schema(&head.log),
        fold_fingerprint: fingerprint(&head.log),
    };
    let state = state.map_err(|error| error.to_string())?;
    snapshot::seal(key, &header, &state)
        .and_then(|sealed| Snapshot::new(&header, &sealed))
        .map_err(|error| error.to_string())
}

/// The state in a snapshot, as somebody with this key has kept it.
fn state_of(snapshot: &Snapshot, key: &[u8; 32]) -> Result<Vec<u8>, SnapshotError> {
    let (header, sealed) = snapshot.open()?;
    snapshot::unseal(key, &header, &sealed).map(<[u8]>::to_vec)
}

/// Under which number snapshots of a log are kept: another for every fold, so that two releases side by side keep theirs
/// beside each other's. What tells whether one fits is the whole fingerprint.
fn schema(log: &LogId) -> u32 {
    let [first, second, third, ..] = fingerprint(log);
    u32::from_be_bytes([ENCODING, first, second, third])
}

fn fingerprint(log: &LogId) -> [u8; 32] {
    let hash = match log {
        LogId::Account(_) => account::Account::fold_fingerprint(),
        LogId::Organization(_) => account::organization::Organization::fold_fingerprint(),
        LogId::Platform => account::platform::Platform::fold_fingerprint(),
    };
    *hash.as_bytes()
}

impl Inner {
    /// The newest usable snapshot at or before a seq. One that does not fit in every respect is passed over.
    pub(crate) async fn restore(
        &self,
        log: &LogId,
        at_most: Option<Seq>,
    ) -> Result<Option<Work>, Error> {
        let Some(snapshot) = self.log.snapshot_get(log, schema(log), at_most).await? else {
            return Ok(None);
        };
        let usable = snapshot.log == *log
            && snapshot.fold_fingerprint == fingerprint(log)
            && at_most.is_none_or(|seq| snapshot.seq <= seq);
        if !usable {
            return Ok(None);
        }
        let Some(commit) = self.log.commit_at(log, snapshot.seq).await? else {
            return Ok(None);
        };
        if commit.last != snapshot.seq || commit.hash != snapshot.head_hash {
            return Ok(None);
        }
        match state_of(&snapshot, &self.secrets.snapshot_key)
            .map_err(|error| error.to_string())
            .and_then(|state| unpack(log, &state))
        {
            Ok(folded) => Ok(Some(Work::restored(
                log,
                commit.last,
                commit.hash,
                commit.at,
                folded,
            ))),
            Err(reason) => {
                tracing::warn!(log.id = %log, seq = snapshot.seq.get(), reason, "snapshot ignored");
                Ok(None)
            }
        }
    }
}

/// Compares a snapshot with the fold at its seq.
pub(crate) fn compare(snapshot: &Snapshot, key: &[u8; 32], work: &Work) -> SnapshotVerdict {
    let ours = snapshot.state_schema == schema(&snapshot.log)
        && snapshot.fold_fingerprint == fingerprint(&snapshot.log);
    if !ours {
        return SnapshotVerdict::Foreign;
    }
    let Ok(stored) = state_of(snapshot, key) else {
        return SnapshotVerdict::Different;
    };
    let folded = match work.folded() {
        Folded::Account(state) => serde_json::to_vec(state),
        Folded::Organization(state) => serde_json::to_vec(state),
        Folded::Platform(state) => serde_json::to_vec(state),
    };
    match folded {
        Ok(folded) if folded == stored => SnapshotVerdict::Same,
        Ok(_) | Err(_) => SnapshotVerdict::Different,
    }
}

fn unpack(log: &LogId, state: &[u8]) -> Result<Folded, String> {
    let folded = match log {
        LogId::Account(_) => serde_json::from_slice(state).map(Folded::Account),
        LogId::Organization(_) => serde_json::from_slice(state).map(Folded::Organization),
        LogId::Platform => serde_json::from_slice(state).map(Folded::Platform),
    };
    folded.map_err(|error| error.to_string())
}
