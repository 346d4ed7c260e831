//! What a state weighs in memory, for the budget.
//!
//! Reckoned, not measured: the state's text once when it is read, and the bytes of each commit after that. A state whose
//! log mostly takes things away is reckoned too heavy until it is read again, which costs nothing but room.

use std::io::{self, Write};
use std::sync::Arc;

use trilby_eventlog::RecordedCommit;

use crate::directory::Inner;
use crate::slot::Slot;
use crate::view::AnyView;

/// A slot with nothing in it, and what every state has.
pub(crate) const SLOT_BYTES: u64 = 4 * 1024;
/// Bytes in memory for one byte of a state's text: maps and strings of the fold, and the compiled form beside them.
const PER_TEXT_BYTE: u64 = 4;
/// A state never takes more than this share of the budget, as it is reckoned: one that is larger would never be kept.
const SHARE_MAX: u64 = 8;

/// Weight of a state that was just read.
pub(crate) fn of_view(view: &AnyView) -> u64 {
    let mut counter = Counter(0);
    let written = match view {
        AnyView::Account(view) => serde_json::to_writer(&mut counter, &view.state),
        AnyView::Organization(view) => serde_json::to_writer(&mut counter, &view.state),
        AnyView::Platform(view) => serde_json::to_writer(&mut counter, &view.state),
    };
    // A state that cannot be written as text is written for no snapshot either; what was counted is counted.
    drop(written);
    SLOT_BYTES.saturating_add(counter.0.saturating_mul(PER_TEXT_BYTE))
}

/// What a commit adds to it.
pub(crate) fn of_commit(commit: &RecordedCommit) -> u64 {
    let bodies = commit.events.iter().filter_map(|event| event.body.as_ref());
    let bytes = bodies.map(Vec::len).sum::<usize>();
    u64::try_from(bytes)
        .unwrap_or(u64::MAX)
        .saturating_mul(PER_TEXT_BYTE)
}

struct Counter(u64);

impl Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 = self
            .0
            .saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Inner {
    /// A slot has its next view: the first since it was read, or one that commits of so many bytes have made of the last.
    pub(crate) fn weigh_next(&self, slot: &Arc<Slot>, view: &AnyView, first: bool, grown: u64) {
        let bytes = match first {
            true => {
                let bytes = of_view(view);
                slot.set_bytes(bytes);
                bytes
            }
            false => slot.grow(grown),
        };
        self.weigh(slot, bytes);
    }

    /// Tells the cache a slot's new weight, if it still holds this very slot.
    ///
    /// INVARIANT: a slot that was evicted is not put back: its successor may have heard of newer commits.
    fn weigh(&self, slot: &Arc<Slot>, bytes: u64) {
        let most = (self.options.memory_bytes_max / SHARE_MAX).min(u64::from(u32::MAX));
        let told = slot.weight();
        let weight = u32::try_from(bytes.min(most)).unwrap_or(u32::MAX).max(1);
        // A growth that the budget does not feel is told with the next one.
        if weight.abs_diff(told) < told / 8 {
            return;
        }
        slot.set_weight(weight);
        self.slots
            .entry_by_ref(slot.log())
            .and_compute_with(|held| match held {
                Some(held) if Arc::ptr_eq(held.value(), slot) => {
                    moka::ops::compute::Op::Put(Arc::clone(slot))
                }
                Some(_) | None => moka::ops::compute::Op::Nop,
            });
    }
}
