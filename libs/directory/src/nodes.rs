//! Among other processes: this one says that it is there and which revocations it has in force, and waits until the
//! others have one too.
//!
//! A process says two things. The last revocations that it was told of by the feed, by name: they are in force, whoever
//! else may not have heard. And a moment of the store's clock before which it knows all: however it came to know them, and
//! however many there were. Neither is said before it is so.

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::{Notify, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout, timeout_at};
use trilby_eventlog::node::{LIVE, TOLD_MAX};
use trilby_eventlog::{Applied, Node, NodeKind, NodeTable, Nodes, Told};
use trilby_model::{LogId, NodeId, Seq, Timestamp};

use crate::directory::{Directory, Inner};

/// How often a row is written if there is nothing new to say.
const EVERY: Duration = Duration::from_secs(1);
/// Pause after a row was written: what is told in it is told together.
const PAUSE: Duration = Duration::from_millis(20);
/// Longest that writing a row may take; then it is tried again.
const WRITE_MAX: Duration = Duration::from_secs(2);

/// How long the others are waited for.
pub const NODES_WAIT: Duration = Duration::from_secs(5);
/// Between two looks at first, and at last.
const LOOK_FIRST: Duration = Duration::from_millis(10);
const LOOK_LAST: Duration = Duration::from_millis(160);
/// Whoever was not seen for this long is not there any more. Before, it is waited for or, if it was silent already, missing.
const SEEN: Duration = Duration::from_secs(60);

/// Answers of the store's clock that are kept, and how far they are apart: half a minute of them.
const STAMPS_MAX: usize = 64;
const STAMPS_APART: Duration = Duration::from_millis(500);

/// What this process has to tell others of itself.
#[derive(Default)]
pub(crate) struct Telling {
    told: Mutex<VecDeque<Told>>,
    /// There is something new.
    pub(crate) news: Arc<Notify>,
    table: std::sync::OnceLock<Arc<dyn NodeTable>>,
}

impl Telling {
    /// A revocation is in force that the feed has told of.
    pub(crate) fn told(&self, log: &LogId, seq: Seq) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.len() == TOLD_MAX {
            told.pop_front();
        }
        told.push_back(Told::of(log, seq));
        drop(told);
        self.news.notify_one();
    }

    /// The store was fenced: what was told may be of what is lost, and what is written now bears the same names.
    pub(crate) fn forget(&self) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        told.clear();
        drop(told);
        self.news.notify_one();
    }

    fn all_told(&self) -> Vec<Told> {
        let told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        told.iter().copied().collect()
    }
}

/// Who has a revocation in force.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Acknowledged {
    /// How many decision nodes have it.
    pub nodes: usize,
    /// Which have not said so.
    pub missing: Vec<NodeId>,
    /// Whether it is known which nodes there are. If not, none are named.
    pub is_known: bool,
}

/// This process's row in the table of processes.
pub struct Presence {
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Presence {
    /// Takes the row away: nobody waits for this process any more.
    pub async fn leave(self) {
        // Either tells the task to end.
        drop(self.stop);
        if self.task.await.is_err() {
            tracing::warn!("this process may be waited for although it has ended");
        }
    }
}

impl Directory {
    /// Says to others from now on that this process is there, and what it knows. The row is there when this returns,
    /// unless the store does not answer: then it follows. For one process of a store that several share.
    pub async fn be_present(
        &self,
        table: Arc<dyn NodeTable>,
        id: NodeId,
        kind: NodeKind,
    ) -> Presence {
        let telling = &self.inner.telling;
        if telling.table.set(Arc::clone(&table)).is_err() {
            tracing::error!("a process was made present twice");
        }
        let mut row = Row {
            table,
            id,
            kind,
            stamps: VecDeque::new(),
            until: Timestamp::from_micros(0),
            is_failing: false,
        };
        row.write(&self.inner).await;
        let (stop, stopped) = oneshot::channel();
        let (weak, news) = (Arc::downgrade(&self.inner), Arc::clone(&telling.news));
        let task = tokio::spawn(row.keep(weak, news, stopped));
        Presence { stop, task }
    }

    /// Waits until every decision node has the revocation in force that this event made, or [`NODES_WAIT`] is over. The
    /// commit is durable before this is called. Where no other process shares the store, this one is all there are.
    pub async fn acknowledged(&self, log: &LogId, seq: Seq) -> Acknowledged {
        let Some(table) = self.inner.telling.table.get() else {
            return Acknowledged {
                nodes: 1,
                missing: Vec::new(),
                is_known: true,
            };
        };
        let mut waiting = Waiting::new(Told::of(log, seq));
        let deadline = Instant::now() + NODES_WAIT;
        let mut pause = LOOK_FIRST;
        loop {
            match timeout_at(deadline, table.nodes(SEEN)).await {
                Ok(Ok(nodes)) => waiting.look(&nodes),
                Ok(Err(error)) => tracing::warn!(%error, "the table of processes cannot be read"),
                Err(_) => {}
            }
            if waiting.is_done() || Instant::now() + pause > deadline {
                return waiting.so_far();
            }
            sleep(pause).await;
            pause = (pause * 3 / 2).min(LOOK_LAST);
        }
    }
}

/// Who was waited for, who has answered.
struct Waiting {
    told: Told,
    /// The store's clock when the commit was there.
    committed: Option<Timestamp>,
    have: BTreeSet<NodeId>,
    missing: BTreeSet<NodeId>,
    /// Those that were silent already, and have not left. Nobody waits for them, and nobody knows what they decide: a process that is
    /// cut off from the store may go on.
    silent: BTreeSet<NodeId>,
}

impl Waiting {
    fn new(told: Told) -> Self {
        Self {
            told,
            committed: None,
            have: BTreeSet::new(),
            missing: BTreeSet::new(),
            silent: BTreeSet::new(),
        }
    }

    fn look(&mut self, seen: &Nodes) {
        let committed = *self.committed.get_or_insert(seen.now);
        let live = i64::try_from(LIVE.as_micros()).unwrap_or(i64::MAX);
        let live = seen.now.micros().saturating_sub(live);
        let awaited = std::mem::take(&mut self.missing);
        self.silent.clear();
        for (node, at) in &seen.nodes {
            if node.kind != NodeKind::Decision || self.have.contains(&node.id) {
                continue;
            }
            // One that falls silent while it is waited for has not answered. One that has left is not there.
            let is_awaited = at.micros() >= live || awaited.contains(&node.id);
            let group = match node.applied.has(self.told, committed) {
                true => &mut self.have,
                false if is_awaited => &mut self.missing,
                false => &mut self.silent,
            };
            group.insert(node.id.clone());
        }
    }

    fn is_done(&self) -> bool {
        self.committed.is_some() && self.missing.is_empty()
    }

    fn so_far(self) -> Acknowledged {
        Acknowledged {
            nodes: self.have.len(),
            missing: self.missing.into_iter().chain(self.silent).collect(),
            is_known: self.committed.is_some(),
        }
    }
}

/// The row, and what is needed to write it.
struct Row {
    table: Arc<dyn NodeTable>,
    id: NodeId,
    kind: NodeKind,
    /// The store's clock, and when its answer was here: at that moment the clock showed this or more.
    stamps: VecDeque<(Instant, Timestamp)>,
    until: Timestamp,
    is_failing: bool,
}

impl Row {
    async fn keep(
        mut self,
        inner: Weak<Inner>,
        news: Arc<Notify>,
        mut stopped: oneshot::Receiver<()>,
    ) {
        loop {
            let something = async {
                sleep(PAUSE).await;
                drop(timeout(EVERY.saturating_sub(PAUSE), news.notified()).await);
            };
            tokio::select! {
                () = something => {}
                _ = &mut stopped => break,
            }
            let Some(inner) = Weak::upgrade(&inner) else {
                break;
            };
            self.write(&inner).await;
        }
        let gone = timeout(WRITE_MAX, self.table.node_gone(&self.id)).await;
        if !matches!(gone, Ok(Ok(()))) {
            tracing::warn!(
                "the store was not told that this process ends; it is waited for until it was not seen for long"
            );
        }
    }

    async fn write(&mut self, inner: &Inner) {
        // First what is told, then until when all is known: both are so when they are read.
        let told = inner.telling.all_told();
        self.know_until(inner);
        let node = Node {
            id: self.id.clone(),
            kind: self.kind,
            applied: Applied {
                until: self.until,
                told,
            },
        };
        let written = match timeout(WRITE_MAX, self.table.node_seen(&node)).await {
            Ok(Ok(now)) => {
                self.stamp(now);
                None
            }
            Ok(Err(error)) => Some(error.to_string()),
            Err(_) => Some(format!("no answer within {WRITE_MAX:?}")),
        };
        let was_failing = std::mem::replace(&mut self.is_failing, written.is_some());
        if let Some(reason) = written.filter(|_| !was_failing) {
            tracing::warn!(reason, "others cannot be told that this process is there");
        }
    }

    fn stamp(&mut self, now: Timestamp) {
        let here = Instant::now();
        let last = self.stamps.back();
        if last.is_some_and(|(last, _)| here.duration_since(*last) < STAMPS_APART) {
            return;
        }
        if self.stamps.len() == STAMPS_MAX {
            self.stamps.pop_front();
        }
        self.stamps.push_back((here, now));
    }

    /// The newest moment of the store's clock that was over before what is known.
    fn know_until(&mut self, inner: &Inner) {
        let heard = inner.news.heard();
        let known = self.stamps.iter().rev().find(|(here, _)| *here < heard);
        if let Some((_, moment)) = known {
            self.until = self.until.max(*moment);
        }
    }
}

#[cfg(test)]
mod tests;
