//! A weight-balanced search tree whose copies share nodes.
//!
//! A node that another tree has too is copied before it is changed, and so is an entry: one that stands at the same
//! address in two trees is the same in both. Source: Hirai and Yamamoto, "Balancing weight-balanced trees", 2011: with
//! these two numbers, one rotation after each step keeps every node in balance.

use std::borrow::Borrow;
use std::cmp::Ordering;
use std::mem;
use std::ops::{Bound, RangeBounds};
use std::sync::Arc;

/// How many times heavier one side may be than the other.
const DELTA: usize = 3;
/// From which share of the inner side on a rotation is a double one.
const GAMMA: usize = 2;

pub(super) struct Tree<K, V>(pub(super) Option<Arc<Node<K, V>>>);

pub(super) struct Node<K, V> {
    pub(super) entry: Arc<(K, V)>,
    pub(super) left: Tree<K, V>,
    pub(super) right: Tree<K, V>,
    pub(super) size: usize,
}

impl<K, V> Default for Tree<K, V> {
    fn default() -> Self {
        Self(None)
    }
}

impl<K, V> Clone for Tree<K, V> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<K, V> Clone for Node<K, V> {
    fn clone(&self) -> Self {
        Self {
            entry: Arc::clone(&self.entry),
            left: self.left.clone(),
            right: self.right.clone(),
            size: self.size,
        }
    }
}

impl<K: Ord, V> Tree<K, V> {
    pub(super) fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        let mut tree = self;
        while let Some(node) = &tree.0 {
            tree = match key.cmp(node.entry.0.borrow()) {
                Ordering::Less => &node.left,
                Ordering::Greater => &node.right,
                Ordering::Equal => return Some(&node.entry.1),
            };
        }
        None
    }

    pub(super) fn insert(&mut self, key: K, value: V) {
        self.put(Arc::new((key, value)));
    }

    fn put(&mut self, entry: Arc<(K, V)>) {
        let Some(node) = &mut self.0 else {
            self.0 = Some(Arc::new(Node::new(entry, Self(None), Self(None))));
            return;
        };
        let node = Arc::make_mut(node);
        match entry.0.cmp(&node.entry.0) {
            Ordering::Less => node.left.put(entry),
            Ordering::Greater => node.right.put(entry),
            Ordering::Equal => node.entry = entry,
        }
        node.settle();
    }

    /// Whether there was such an entry.
    pub(super) fn remove<Q: Ord + ?Sized>(&mut self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        // Looked for first: nothing is copied for a key that is not there.
        let found = self.get(key).is_some();
        if found {
            self.take(key);
        }
        found
    }

    fn take<Q: Ord + ?Sized>(&mut self, key: &Q)
    where
        K: Borrow<Q>,
    {
        let Some(node) = &mut self.0 else {
            return;
        };
        let node = Arc::make_mut(node);
        match key.cmp(node.entry.0.borrow()) {
            Ordering::Less => node.left.take(key),
            Ordering::Greater => node.right.take(key),
            Ordering::Equal => match node.right.take_first() {
                Some(next) => node.entry = next,
                None => {
                    *self = mem::take(&mut node.left);
                    return;
                }
            },
        }
        node.settle();
    }

    pub(super) fn get_mut<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q> + Clone,
        V: Clone,
    {
        self.get(key)?;
        let mut tree = self;
        loop {
            let node = Arc::make_mut(tree.0.as_mut()?);
            tree = match key.cmp(node.entry.0.borrow()) {
                Ordering::Less => &mut node.left,
                Ordering::Greater => &mut node.right,
                Ordering::Equal => return Some(&mut Arc::make_mut(&mut node.entry).1),
            };
        }
    }
}

impl<K, V> Tree<K, V> {
    pub(super) fn size(&self) -> usize {
        self.0.as_ref().map_or(0, |node| node.size)
    }

    /// Never 0, so that a side without entries can be compared.
    fn weight(&self) -> usize {
        self.size().saturating_add(1)
    }

    fn is_too_light_for(&self, other: &Self) -> bool {
        self.weight().saturating_mul(DELTA) < other.weight()
    }

    /// Takes the first entry out.
    fn take_first(&mut self) -> Option<Arc<(K, V)>> {
        let node = Arc::make_mut(self.0.as_mut()?);
        if let Some(first) = node.left.take_first() {
            node.settle();
            return Some(first);
        }
        let first = Arc::clone(&node.entry);
        *self = mem::take(&mut node.right);
        Some(first)
    }
}

impl<K, V> Node<K, V> {
    fn new(entry: Arc<(K, V)>, left: Tree<K, V>, right: Tree<K, V>) -> Self {
        let mut node = Self {
            entry,
            left,
            right,
            size: 0,
        };
        node.measure();
        node
    }

    fn measure(&mut self) {
        let sides = self.left.size().saturating_add(self.right.size());
        self.size = sides.saturating_add(1);
    }

    /// Brings size and balance right after a change of one side by one entry.
    fn settle(&mut self) {
        if self.left.is_too_light_for(&self.right) {
            if let Some(right) = &mut self.right.0
                && right.left.weight() >= right.right.weight().saturating_mul(GAMMA)
            {
                Arc::make_mut(right).turn_right();
            }
            self.turn_left();
        } else if self.right.is_too_light_for(&self.left) {
            if let Some(left) = &mut self.left.0
                && left.right.weight() >= left.left.weight().saturating_mul(GAMMA)
            {
                Arc::make_mut(left).turn_left();
            }
            self.turn_right();
        } else {
            self.measure();
        }
    }

    /// The right side comes to stand where this node stands, with this node on its left.
    fn turn_left(&mut self) {
        let Some(right) = self.right.0.take() else {
            return;
        };
        let right = Arc::unwrap_or_clone(right);
        let entry = mem::replace(&mut self.entry, right.entry);
        let left = Self::new(entry, mem::take(&mut self.left), right.left);
        self.left = Tree(Some(Arc::new(left)));
        self.right = right.right;
        self.measure();
    }

    fn turn_right(&mut self) {
        let Some(left) = self.left.0.take() else {
            return;
        };
        let left = Arc::unwrap_or_clone(left);
        let entry = mem::replace(&mut self.entry, left.entry);
        let right = Self::new(entry, left.right, mem::take(&mut self.right));
        self.right = Tree(Some(Arc::new(right)));
        self.left = left.left;
        self.measure();
    }
}

/// The entries of a range of keys, in order.
pub(super) struct Range<'a, K, V, R> {
    /// Nodes whose entry and right side are to come, the next one last.
    ahead: Vec<&'a Node<K, V>>,
    range: R,
}

impl<'a, K: Ord, V, R: RangeBounds<K>> Range<'a, K, V, R> {
    pub(super) fn new(tree: &'a Tree<K, V>, range: R) -> Self {
        let mut ahead = Vec::new();
        let mut tree = tree;
        while let Some(node) = &tree.0 {
            let is_before = match range.start_bound() {
                Bound::Included(start) => node.entry.0 < *start,
                Bound::Excluded(start) => node.entry.0 <= *start,
                Bound::Unbounded => false,
            };
            tree = if is_before {
                &node.right
            } else {
                ahead.push(&**node);
                &node.left
            };
        }
        Self { ahead, range }
    }
}

impl<'a, K: Ord, V, R: RangeBounds<K>> Iterator for Range<'a, K, V, R> {
    type Item = (&'a K, &'a V);

    fn next(&mut self) -> Option<Self::Item> {
        let node = self.ahead.pop()?;
        let (key, value) = &*node.entry;
        let is_past = match self.range.end_bound() {
            Bound::Included(end) => key > end,
            Bound::Excluded(end) => key >= end,
            Bound::Unbounded => false,
        };
        if is_past {
            self.ahead.clear();
            return None;
        }
        let mut tree = &node.right;
        while let Some(node) = &tree.0 {
            self.ahead.push(node);
            tree = &node.left;
        }
        Some((key, value))
    }
}
