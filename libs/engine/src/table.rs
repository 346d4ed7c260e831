//! A table whose copies share what they have in common: changing one entry costs that entry and the nodes above it.
//!
//! Made for being read: one step is one place in memory, and there is one step for each factor of 64 in the number of
//! entries. Hashes are keyed, so that nobody can choose names that all fall into one leaf.

use std::borrow::Borrow;
use std::hash::{BuildHasher, Hash};
use std::sync::{Arc, LazyLock};

use foldhash::fast::RandomState;

const BITS: u32 = 6;
const BRANCHES: usize = 1 << BITS;
/// A leaf with more entries is split, unless their hashes end here.
const LEAF_MAX: usize = 16;
/// Steps after which a hash has no bits left.
const STEPS_MAX: u32 = u64::BITS / BITS;

/// One for all tables of the process, so that what is looked for in many is hashed once.
static HASHER: LazyLock<RandomState> = LazyLock::new(RandomState::default);

/// What a key is looked for by.
pub(crate) fn hash<Q: Hash + ?Sized>(key: &Q) -> u64 {
    HASHER.hash_one(key)
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Table<K, V> {
    root: Node<K, V>,
}

#[derive(Debug)]
enum Node<K, V> {
    Empty,
    Branch(Arc<[Node<K, V>; BRANCHES]>),
    Leaf(Arc<[Entry<K, V>]>),
}

#[derive(Debug)]
struct Entry<K, V> {
    hash: u64,
    shared: Arc<(K, V)>,
}

impl<K, V> Clone for Table<K, V> {
    fn clone(&self) -> Self {
        Self {
            root: self.root.clone(),
        }
    }
}

impl<K, V> Clone for Node<K, V> {
    fn clone(&self) -> Self {
        match self {
            Self::Empty => Self::Empty,
            Self::Branch(branches) => Self::Branch(Arc::clone(branches)),
            Self::Leaf(entries) => Self::Leaf(Arc::clone(entries)),
        }
    }
}

impl<K, V> Clone for Entry<K, V> {
    fn clone(&self) -> Self {
        Self {
            hash: self.hash,
            shared: Arc::clone(&self.shared),
        }
    }
}

impl<K, V> Default for Table<K, V> {
    fn default() -> Self {
        Self { root: Node::Empty }
    }
}

/// Which branch a hash takes at a step.
fn branch(hash: u64, step: u32) -> usize {
    let bits = hash.checked_shr(step * BITS).unwrap_or_default();
    usize::try_from(bits).unwrap_or_default() % BRANCHES
}

impl<K, V> Table<K, V> {
    pub(crate) fn get<Q>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        self.get_hashed(hash(key), key)
    }

    /// The same where the hash is known.
    pub(crate) fn get_hashed<Q>(&self, hash: u64, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
        Q: Eq + ?Sized,
    {
        self.find(hash, |known| known.borrow() == key)
    }

    /// A value whose key has this hash: the wanted one or, hardly ever, another. For who looks at the value to see.
    pub(crate) fn probable(&self, hash: u64) -> Option<&V> {
        self.find(hash, |_| true)
    }

    fn find(&self, hash: u64, is_it: impl Fn(&K) -> bool) -> Option<&V> {
        let (mut node, mut step) = (&self.root, 0);
        // Each step goes down one branch, and there are no more than `STEPS_MAX` below each other.
        loop {
            match node {
                Node::Empty => return None,
                Node::Branch(branches) => {
                    node = branches.get(branch(hash, step))?;
                    step += 1;
                }
                Node::Leaf(entries) => {
                    let found = entries
                        .iter()
                        .find(|entry| entry.hash == hash && is_it(&entry.shared.0));
                    return found.map(|entry| &entry.shared.1);
                }
            }
        }
    }

    /// All values, in no order.
    pub(crate) fn values(&self) -> impl Iterator<Item = &V> {
        let mut open = vec![&self.root];
        let mut leaf: &[Entry<K, V>] = &[];
        std::iter::from_fn(move || {
            loop {
                if let Some((entry, rest)) = leaf.split_first() {
                    leaf = rest;
                    return Some(&entry.shared.1);
                }
                match open.pop()? {
                    Node::Empty => {}
                    Node::Branch(branches) => open.extend(branches.iter()),
                    Node::Leaf(entries) => leaf = entries,
                }
            }
        })
    }
}

impl<K: Hash + Eq, V> Table<K, V> {
    /// Puts a value in, in place of the key's former one.
    pub(crate) fn insert(&mut self, key: K, value: V) {
        let hash = hash(&key);
        let shared = Arc::new((key, value));
        put(&mut self.root, Entry { hash, shared }, 0);
    }

    pub(crate) fn remove<Q>(&mut self, key: &Q)
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        if self.get(key).is_none() {
            return;
        }
        let hash = hash(key);
        let (mut node, mut step) = (&mut self.root, 0);
        loop {
            match node {
                Node::Empty => return,
                Node::Branch(branches) => {
                    let Some(next) = Arc::make_mut(branches).get_mut(branch(hash, step)) else {
                        return;
                    };
                    node = next;
                    step += 1;
                }
                Node::Leaf(entries) => {
                    let others = entries
                        .iter()
                        .filter(|entry| entry.hash != hash || entry.shared.0.borrow() != key);
                    *entries = others.cloned().collect();
                    return;
                }
            }
        }
    }
}

/// The recursion ends at [`STEPS_MAX`].
fn put<K: Eq, V>(node: &mut Node<K, V>, entry: Entry<K, V>, step: u32) {
    match node {
        Node::Empty => *node = Node::Leaf([entry].into()),
        Node::Branch(branches) => {
            if let Some(next) = Arc::make_mut(branches).get_mut(branch(entry.hash, step)) {
                put(next, entry, step + 1);
            }
        }
        Node::Leaf(entries) => {
            let others = entries
                .iter()
                .filter(|known| known.hash != entry.hash || known.shared.0 != entry.shared.0);
            let all: Vec<Entry<K, V>> = others.cloned().chain([entry.clone()]).collect();
            *node = if all.len() > LEAF_MAX && step < STEPS_MAX {
                split(all, step)
            } else {
                Node::Leaf(all.into())
            };
        }
    }
}

fn split<K, V>(entries: Vec<Entry<K, V>>, step: u32) -> Node<K, V> {
    let mut leaves: [Vec<Entry<K, V>>; BRANCHES] = std::array::from_fn(|_| Vec::new());
    for entry in entries {
        if let Some(leaf) = leaves.get_mut(branch(entry.hash, step)) {
            leaf.push(entry);
        }
    }
    Node::Branch(Arc::new(leaves.map(|leaf| {
        if leaf.is_empty() {
            Node::Empty
        } else {
            Node::Leaf(leaf.into())
        }
    })))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn a_table_is_a_map_and_its_copies_stay_as_they_were() {
        let mut table: Table<u32, u32> = Table::default();
        let mut map = BTreeMap::new();
        let mut copies = Vec::new();
        // Every number of the walk comes up many times: put in, replaced, taken out.
        let mut number = 1_u32;
        for round in 0..20_000 {
            number = number.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let key = (number >> 8) % 3_000;
            if number.is_multiple_of(3) {
                table.remove(&key);
                map.remove(&key);
            } else {
                table.insert(key, round);
                map.insert(key, round);
            }
            if round % 4_000 == 0 {
                copies.push((table.clone(), map.clone()));
            }
        }
        copies.push((table, map));
        for (table, map) in copies {
            for key in 0..3_000 {
                assert_eq!(table.get(&key), map.get(&key));
            }
            let mut values: Vec<u32> = table.values().copied().collect();
            let mut wanted: Vec<u32> = map.values().copied().collect();
            values.sort_unstable();
            wanted.sort_unstable();
            assert_eq!(values, wanted);
        }
    }

    /// A key whose hash says nothing.
    #[derive(Clone, PartialEq, Eq)]
    struct Same(u32);

    impl Hash for Same {
        fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
            0_u8.hash(state);
        }
    }

    #[test]
    fn entries_of_one_hash_are_told_apart() {
        let mut table: Table<Same, u32> = Table::default();
        for number in 0..100 {
            table.insert(Same(number), number);
        }
        table.remove(&Same(50));
        for number in 0..100 {
            let wanted = (number != 50).then_some(&number);
            assert_eq!(table.get(&Same(number)), wanted);
        }
    }
}
