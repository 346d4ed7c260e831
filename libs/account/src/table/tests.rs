use std::cell::Cell;
use std::cmp::Ordering;
use std::collections::BTreeMap;

use proptest::prelude::*;

use super::{Change, Table};

thread_local! {
    static COMPARED: Cell<usize> = const { Cell::new(0) };
}

/// A key that counts how often keys are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Key(u32);

impl Ord for Key {
    fn cmp(&self, other: &Self) -> Ordering {
        COMPARED.set(COMPARED.get() + 1);
        self.0.cmp(&other.0)
    }
}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[derive(Debug, Clone)]
enum Move {
    Insert(u16, u8),
    Remove(u16),
    Change(u16, u8),
}

fn moves(keys: u16) -> impl Strategy<Value = Vec<Move>> {
    let one = prop_oneof![
        3 => (0..keys, any::<u8>()).prop_map(|(key, value)| Move::Insert(key, value)),
        2 => (0..keys).prop_map(Move::Remove),
        1 => (0..keys, any::<u8>()).prop_map(|(key, value)| Move::Change(key, value)),
    ];
    prop::collection::vec(one, 0..200)
}

fn perform(table: &mut Table<u16, u8>, plain: &mut BTreeMap<u16, u8>, made: &Move) {
    match *made {
        Move::Insert(key, value) => {
            table.insert(key, value);
            plain.insert(key, value);
        }
        Move::Remove(key) => assert_eq!(table.remove(&key), plain.remove(&key).is_some()),
        Move::Change(key, value) => {
            let (here, there) = (table.get_mut(&key), plain.get_mut(&key));
            assert_eq!(here.is_some(), there.is_some());
            here.into_iter()
                .chain(there)
                .for_each(|place| *place = value);
        }
    }
}

/// What differs, worked out entry by entry.
fn compared(
    old: &BTreeMap<u16, u8>,
    new: &BTreeMap<u16, u8>,
) -> Vec<(u16, Option<u8>, Option<u8>)> {
    let keys: std::collections::BTreeSet<_> = old.keys().chain(new.keys()).copied().collect();
    keys.into_iter()
        .map(|key| (key, old.get(&key).copied(), new.get(&key).copied()))
        .filter(|(_, was, is)| was != is)
        .collect()
}

proptest! {
    #[test]
    fn a_table_is_an_ordered_map_and_its_copies_stand(
        before in moves(64), after in moves(64), start in 0..70_u16, end in 0..70_u16,
    ) {
        let (mut table, mut plain) = (Table::default(), BTreeMap::new());
        for made in &before {
            perform(&mut table, &mut plain, made);
        }
        let (kept, kept_plain) = (table.clone(), plain.clone());
        for made in &after {
            perform(&mut table, &mut plain, made);
        }
        for (table, plain) in [(&table, &plain), (&kept, &kept_plain)] {
            prop_assert_eq!(table.len(), plain.len());
            prop_assert!(table.iter().eq(plain.iter()));
            prop_assert!((0..64).all(|key| table.get(&key) == plain.get(&key)));
            prop_assert!(table.range(start..).eq(plain.range(start..)));
            if start <= end {
                prop_assert!(table.range(start..end).eq(plain.range(start..end)));
                prop_assert!(table.range(start..=end).eq(plain.range(start..=end)));
            }
        }
    }

    #[test]
    fn changes_are_all_that_differs(before in moves(64), after in moves(64)) {
        let (mut table, mut plain) = (Table::default(), BTreeMap::new());
        for made in &before {
            perform(&mut table, &mut plain, made);
        }
        let (old, old_plain) = (table.clone(), plain.clone());
        for made in &after {
            perform(&mut table, &mut plain, made);
        }
        for (old, new, was, is) in [(&old, &table, &old_plain, &plain), (&table, &old, &plain, &old_plain)] {
            let told: Vec<(Option<u8>, Option<u8>)> = old
                .changes(new)
                .into_iter()
                .map(|change| match change {
                    Change::Added(value) => (None, Some(*value)),
                    Change::Removed(value) => (Some(*value), None),
                    Change::Changed(was, is) => (Some(*was), Some(*is)),
                })
                // Written again, to what it was.
                .filter(|(was, is)| was != is)
                .collect();
            let wanted: Vec<_> = compared(was, is).into_iter().map(|(_, was, is)| (was, is)).collect();
            prop_assert_eq!(told, wanted);
        }
    }
}

/// 100,000 entries have 17 levels or a few more.
const SIZE: u32 = 100_000;
const STEPS_MAX: usize = 200;

fn large() -> Table<Key, u32> {
    let mut table = Table::default();
    for n in 0..SIZE {
        // Every second number, and in no order.
        let key = n * 7_919 % SIZE;
        table.insert(Key(key * 2), n);
    }
    table
}

fn steps<T>(what: impl FnOnce() -> T) -> (T, usize) {
    COMPARED.set(0);
    let done = what();
    (done, COMPARED.get())
}

#[test]
fn a_change_is_found_in_steps_of_the_changed_not_of_the_whole() {
    let old = large();
    assert_eq!(old.len(), 100_000);
    for key in [0, 1, 77_776, 77_777, 199_998, 199_999] {
        let mut new = old.clone();
        let (_, written) = steps(|| new.insert(Key(key), 7));
        assert!(written < STEPS_MAX, "{key}: {written}");
        for (from, to) in [(&old, &new), (&new, &old)] {
            let (changes, compared) = steps(|| from.changes(to));
            assert_eq!(changes.len(), 1, "{key}");
            assert!(compared < STEPS_MAX, "{key}: {compared}");
        }
    }
    let mut new = old.clone();
    assert!(new.remove(&Key(100_000)));
    let (changes, compared) = steps(|| old.changes(&new));
    assert!(matches!(changes.as_slice(), [Change::Removed(_)]));
    assert!(compared < STEPS_MAX, "{compared}");
    let copy = old.clone();
    let (changes, compared) = steps(|| old.changes(&copy));
    assert!(changes.is_empty() && compared == 0);
}

#[test]
fn a_table_that_is_filled_in_order_is_no_list() {
    let mut table = Table::default();
    for n in 0..SIZE {
        table.insert(Key(n), n);
    }
    let deepest = (0..SIZE).map(|n| steps(|| table.get(&Key(n))).1).max();
    assert!(deepest < Some(40), "{deepest:?}");
    for n in 0..SIZE - 100 {
        assert!(table.remove(&Key(n)));
    }
    let deepest = (SIZE - 100..SIZE)
        .map(|n| steps(|| table.get(&Key(n))).1)
        .max();
    assert!(deepest < Some(16), "{deepest:?}");
}
