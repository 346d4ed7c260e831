//! Snapshots: written in the background when a log's tail has grown, used only if everything about them fits.
//!
//! Losing all of them changes nothing but the time of the next hydration, so the queue may drop and the writer may
//! fail without anybody waiting.

use std::sync::{Arc, Weak};

use tokio::sync::mpsc;
use trilby_account as account;
use trilby_eventlog::Snapshot;
use trilby_eventlog::snapshot::Header;
use trilby_eventlog::verify::SnapshotVerdict;
use trilby_model::{LogId, Seq};

use crate::directory::Inner;
use crate::error::Error;
use crate::slot::Slot;
use crate::view::AnyView;
use crate::work::{Folded, Work};

/// Version of the states' encoding. Raised when a serialized state could be read as something else.
const STATE_SCHEMA: u32 = 1;

/// Views that wait to be written.
pub(crate) struct SnapshotQueue {
    sender: mpsc::Sender<Arc<AnyView>>,
    receiver: std::sync::Mutex<Option<mpsc::Receiver<Arc<AnyView>>>>,
}

impl SnapshotQueue {
    pub(crate) fn new(capacity: usize) -> Self {
        let (sender, receiver) = mpsc::channel(capacity.max(1));
        Self {
            sender,
            receiver: std::sync::Mutex::new(Some(receiver)),
        }
    }

    /// Queues a snapshot if the slot's tail has grown long enough.
    pub(crate) fn offer(&self, slot: &Slot, view: &Arc<AnyView>, tail: u64) {
        let seq = view.seq();
        if seq.get().saturating_sub(slot.snapshotted().get()) <= tail {
            return;
        }
        if self.sender.try_send(Arc::clone(view)).is_ok() {
            slot.set_snapshotted(seq);
        }
    }
}

/// Starts the writer; it ends when the directory is gone.
pub(crate) fn spawn(inner: &Arc<Inner>) {
    let receiver = inner
        .snapshots
        .receiver
        .lock()
        .ok()
        .and_then(|mut receiver| receiver.take());
    let Some(mut receiver) = receiver else { return };
    let weak = Arc::downgrade(inner);
    tokio::spawn(async move {
        while let Some(view) = receiver.recv().await {
            let Some(inner) = Weak::upgrade(&weak) else {
                return;
            };
            if let Err(reason) = write(&inner, &view).await {
                tracing::warn!(log.id = %view.head().log, seq = view.seq().get(), reason, "snapshot not written");
            }
        }
    });
}

async fn write(inner: &Inner, view: &Arc<AnyView>) -> Result<(), String> {
    let packed = {
        let view = Arc::clone(view);
        // Serializing and compressing a large account takes longer than a task may hold its thread.
        tokio::task::spawn_blocking(move || pack(&view))
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
        .snapshot_prune(&view.head().log, STATE_SCHEMA)
        .await
        .map_err(|error| error.to_string())?;
    Ok(())
}

fn pack(view: &AnyView) -> Result<Snapshot, String> {
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
        state_schema: STATE_SCHEMA,
        fold_fingerprint: fingerprint(&head.log),
    };
    let state = state.map_err(|error| error.to_string())?;
    Snapshot::new(&header, &state).map_err(|error| error.to_string())
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
        let Some(snapshot) = self.log.snapshot_get(log, STATE_SCHEMA, at_most).await? else {
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
        match snapshot
            .open()
            .map_err(|error| error.to_string())
            .and_then(|(_, state)| unpack(log, &state))
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
pub(crate) fn compare(snapshot: &Snapshot, work: &Work) -> SnapshotVerdict {
    let ours = snapshot.state_schema == STATE_SCHEMA
        && snapshot.fold_fingerprint == fingerprint(&snapshot.log);
    if !ours {
        return SnapshotVerdict::Foreign;
    }
    let Ok((_, stored)) = snapshot.open() else {
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
