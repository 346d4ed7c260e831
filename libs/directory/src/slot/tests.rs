use trilby_account::platform::Platform;
use trilby_eventlog::{Head, HeadState};
use trilby_model::Timestamp;

use super::*;
use crate::view::View;

fn view(seq: u64, hash: u8) -> Arc<AnyView> {
    let view = View {
        head: Head {
            log: LogId::Platform,
            seq: Seq::new(seq),
            hash: Hash([hash; 32]),
            at: Timestamp::from_micros(0),
            state: HeadState::Open,
        },
        state: Platform::empty(),
        compiled: (),
    };
    Arc::new(AnyView::Platform(Arc::new(view)))
}

fn seq(slot: &Slot) -> Option<u64> {
    slot.last().map(|view| view.seq().get())
}

/// Gives the seq of the newer view.
fn publish(slot: &Slot, view: Arc<AnyView>) -> Option<u64> {
    let newer = slot.publish_in(slot.epoch(), &view)?;
    Some(newer.seq().get())
}

#[test]
fn a_view_does_not_go_back() {
    let slot = Slot::new(LogId::Platform);
    publish(&slot, view(3, 3));
    assert_eq!(publish(&slot, view(2, 2)), Some(3));
    assert_eq!(seq(&slot), Some(3));
    assert_eq!(
        slot.recent_hash(Seq::new(2)),
        Some(Hash([2; 32])),
        "a commit that was published late is known"
    );
    publish(&slot, view(4, 4));
    assert_eq!(seq(&slot), Some(4));
}

#[test]
fn two_commits_at_one_seq_are_a_fork_and_nobody_is_given_either() {
    let slot = Slot::new(LogId::Platform);
    publish(&slot, view(3, 3));
    publish(&slot, view(3, 3));
    assert_eq!(seq(&slot), Some(3));
    assert_eq!(publish(&slot, view(3, 9)), None);
    assert_eq!(seq(&slot), None);
}

#[test]
fn what_was_decided_before_the_state_was_dropped_is_not_published() {
    let slot = Slot::new(LogId::Platform);
    publish(&slot, view(3, 3));
    let epoch = slot.epoch();
    slot.drop_state();
    assert!(slot.publish_in(epoch, &view(4, 4)).is_none());
    assert_eq!(seq(&slot), None);
    publish(&slot, view(2, 2));
    assert_eq!(seq(&slot), Some(2));
}

#[test]
fn a_place_is_given_back() {
    let slot = Arc::new(Slot::new(LogId::Platform));
    let places: Vec<_> = (0..COMMANDS_MAX).filter_map(|_| slot.place()).collect();
    assert_eq!(places.len(), COMMANDS_MAX);
    assert!(slot.place().is_none());
    drop(places);
    assert!(slot.place().is_some());
}
