//! The commits of one log that were sent and are not answered, each decided on the one before.
//!
//! The next command is decided on the last of them. It may be told so, or refused, only when that one is durable: then
//! all before it are, because a commit names the hash it follows. If one fails, those after it fail by themselves; nothing
//! is decided on them any more, and when the last is answered the log goes on from what is durable.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;
use trilby_model::{Hash, Seq};

use crate::view::AnyView;

/// What became of a commit that was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    UnderWay,
    Durable,
    /// It is not there, or nothing is known of it.
    Failed,
}

/// Tells what becomes of a commit.
#[derive(Debug, Clone)]
pub(crate) struct Ticket(watch::Receiver<Fate>);

impl Ticket {
    pub(crate) fn new() -> (watch::Sender<Fate>, Self) {
        let (sender, receiver) = watch::channel(Fate::UnderWay);
        (sender, Self(receiver))
    }

    /// Waits until it is answered. Whether it is durable.
    pub(crate) async fn durable(mut self) -> bool {
        let answered = self.0.wait_for(|fate| *fate != Fate::UnderWay).await;
        answered.is_ok_and(|fate| *fate == Fate::Durable)
    }
}

/// Why nothing more is decided on what is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Break {
    /// A commit was refused; where the log stands is known.
    Refused,
    /// The log stands elsewhere than was thought, or nothing is known of a commit: it is to be read.
    Unknown,
}

/// On what the next command is decided.
pub(crate) enum Tail {
    /// On the newest view: nothing is under way.
    Durable,
    /// On this view, once it is durable.
    Sent(Arc<AnyView>, Ticket),
    /// On nothing until all is answered.
    Broken,
}

/// See the module.
pub(crate) struct Pending {
    chain: Mutex<Chain>,
    /// How many there are.
    n: watch::Sender<usize>,
}

#[derive(Default)]
struct Chain {
    sent: VecDeque<(Arc<AnyView>, Ticket)>,
    broken: Option<Break>,
}

impl Pending {
    pub(crate) fn new() -> Self {
        Self {
            chain: Mutex::default(),
            n: watch::Sender::new(0),
        }
    }

    pub(crate) fn tail(&self) -> Tail {
        let chain = self.chain();
        match (chain.broken, chain.sent.back()) {
            (Some(_), _) => Tail::Broken,
            (None, Some((view, ticket))) => Tail::Sent(Arc::clone(view), ticket.clone()),
            (None, None) => Tail::Durable,
        }
    }

    /// A commit that leads to this view is sent. Only who holds the gate calls this.
    pub(crate) fn push(&self, view: Arc<AnyView>, ticket: Ticket) {
        let mut chain = self.chain();
        chain.sent.push_back((view, ticket));
        self.n.send_replace(chain.sent.len());
    }

    /// The commit that leads to this view is answered.
    pub(crate) fn remove(&self, view: &Arc<AnyView>) {
        let mut chain = self.chain();
        chain.sent.retain(|(one, _)| !Arc::ptr_eq(one, view));
        self.n.send_replace(chain.sent.len());
    }

    /// Nothing more is decided on what is under way.
    pub(crate) fn break_off(&self, why: Break) {
        let mut chain = self.chain();
        chain.broken = chain.broken.max(Some(why));
    }

    /// Goes on, if nothing is under way: gives why it was broken off.
    pub(crate) fn mend(&self) -> Option<Break> {
        let mut chain = self.chain();
        match chain.sent.is_empty() {
            true => chain.broken.take(),
            false => None,
        }
    }

    /// Whether a commit that ends like this is under way.
    pub(crate) fn holds(&self, seq: Seq, hash: Hash) -> bool {
        let chain = self.chain();
        let ends_so = |view: &AnyView| (view.seq(), view.head().hash) == (seq, hash);
        chain.sent.iter().any(|(view, _)| ends_so(view))
    }

    /// Waits until fewer than this many are under way.
    pub(crate) async fn fewer_than(&self, max: usize) {
        let mut n = self.n.subscribe();
        // The sender is this very struct's.
        let _ = n.wait_for(|n| *n < max).await;
    }

    fn chain(&self) -> MutexGuard<'_, Chain> {
        self.chain.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
