//! What differs between two tables, one of which was made from the other.

use std::cmp::Ordering;
use std::sync::Arc;

use super::Table;
use super::tree::{Node, Tree};

/// How an entry of a table differs from the one before.
#[derive(Debug, PartialEq, Eq)]
pub enum Change<'a, V> {
    /// There was none.
    Added(&'a V),
    /// There is none any more.
    Removed(&'a V),
    /// As it was, and as it is.
    Changed(&'a V, &'a V),
}

impl<'a, V> Change<'a, V> {
    /// The entry as it is, or as it was.
    #[must_use]
    pub fn either(&self) -> &'a V {
        match self {
            Self::Added(value) | Self::Removed(value) | Self::Changed(_, value) => value,
        }
    }

    /// The entry as it was and as it is.
    pub fn sides(&self) -> impl Iterator<Item = &'a V> {
        let (old, new) = match self {
            Self::Added(new) => (None, Some(*new)),
            Self::Removed(old) => (Some(*old), None),
            Self::Changed(old, new) => (Some(*old), Some(*new)),
        };
        old.into_iter().chain(new)
    }
}

impl<K: Ord, V> Table<K, V> {
    /// What became of the entries of this table in a later one, in key order.
    ///
    /// Entries are compared by address: one that was written again counts as changed, even to what it was. What the two
    /// tables share is passed over unseen. Tables that were made apart have everything changed.
    #[must_use]
    pub fn changes<'a>(&'a self, later: &'a Self) -> Vec<Change<'a, V>> {
        let (mut old, mut new) = (Ahead::of(&self.0), Ahead::of(&later.0));
        let mut changes = Vec::new();
        loop {
            match (old.next(), new.next()) {
                (None, None) => return changes,
                (Some(_), None) => changes.extend(old.take().map(Change::Removed)),
                (None, Some(_)) => changes.extend(new.take().map(Change::Added)),
                (Some(Part::Tree(a)), Some(Part::Tree(b))) => {
                    if std::ptr::eq(a, b) {
                        old.skip();
                        new.skip();
                        continue;
                    }
                    // Of two trees that begin alike, a shared one lies in the left side of whichever is larger.
                    let order = a.size.cmp(&b.size);
                    if order.is_ge() {
                        old.open();
                    }
                    if order.is_le() {
                        new.open();
                    }
                }
                (Some(a), Some(b)) => match a.first().0.cmp(&b.first().0) {
                    Ordering::Less => changes.extend(old.take().map(Change::Removed)),
                    Ordering::Greater => changes.extend(new.take().map(Change::Added)),
                    Ordering::Equal => {
                        let is_same = Arc::ptr_eq(a.first(), b.first());
                        let both = old.take().zip(new.take());
                        let changed = both.filter(|_| !is_same);
                        changes.extend(changed.map(|(old, new)| Change::Changed(old, new)));
                    }
                },
            }
        }
    }
}

/// Something that is still to come.
enum Part<'a, K, V> {
    Tree(&'a Node<K, V>),
    Entry(&'a Arc<(K, V)>),
}

impl<K, V> Clone for Part<'_, K, V> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<K, V> Copy for Part<'_, K, V> {}

impl<'a, K, V> Part<'a, K, V> {
    /// Its first entry.
    fn first(self) -> &'a Arc<(K, V)> {
        match self {
            Self::Entry(entry) => entry,
            Self::Tree(mut node) => {
                while let Some(left) = &node.left.0 {
                    node = left;
                }
                &node.entry
            }
        }
    }
}

/// What of a table is still to come, the next part last.
struct Ahead<'a, K, V>(Vec<Part<'a, K, V>>);

impl<'a, K, V> Ahead<'a, K, V> {
    fn of(tree: &'a Tree<K, V>) -> Self {
        Self(tree.0.as_deref().map(Part::Tree).into_iter().collect())
    }

    fn next(&self) -> Option<Part<'a, K, V>> {
        self.0.last().copied()
    }

    /// Passes over the next part.
    fn skip(&mut self) {
        self.0.pop();
    }

    /// Takes a tree apart, if the next part is one.
    fn open(&mut self) {
        if let Some(Part::Tree(node)) = self.next() {
            self.skip();
            self.0.extend(node.right.0.as_deref().map(Part::Tree));
            self.0.push(Part::Entry(&node.entry));
            self.0.extend(node.left.0.as_deref().map(Part::Tree));
        }
    }

    /// The next entry.
    fn take(&mut self) -> Option<&'a V> {
        while let Some(Part::Tree(_)) = self.next() {
            self.open();
        }
        match self.0.pop()? {
            Part::Entry(entry) => Some(&entry.1),
            Part::Tree(_) => None,
        }
    }
}
