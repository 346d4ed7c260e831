//! Sending a commit, and taking it into memory when it is durable.
//!
//! Commits of one log are sent in the order in which they were decided, without waiting for each other. Where they share a
//! transaction they share its wait for the disk.
//!
//! What was sent is seen through whether or not its caller still waits.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Instant;

use tokio::sync::{oneshot, watch};
use trilby_eventlog::{AppendError, Commit, Committed};

use crate::directory::Inner;
use crate::measure::{self, Appended};
use crate::slot::Slot;
use crate::slot::pending::{Break, Fate, Ticket};
use crate::view::AnyView;
use crate::weigh;

/// One log that a commit writes.
pub(super) struct Written {
    pub slot: Arc<Slot>,
    /// As it is after the commit.
    pub view: Arc<AnyView>,
}

/// A commit that was sent, until it is answered.
struct UnderWay {
    inner: Arc<Inner>,
    /// Of every log of the command.
    slots: Vec<Arc<Slot>>,
    written: Vec<(Written, u64)>,
    ticket: watch::Sender<Fate>,
    begun: Instant,
    is_settled: bool,
}

type Answer = Result<Committed, AppendError>;

impl Inner {
    /// Sends a commit; by who holds the gates of its logs. What comes of it is told when it is in memory.
    pub(super) fn send(
        self: &Arc<Self>,
        slots: &[Arc<Slot>],
        commit: Commit,
        written: Vec<Written>,
    ) -> oneshot::Receiver<Answer> {
        let (reply, answer) = oneshot::channel();
        let (fate, ticket) = Ticket::new();
        for one in &written {
            one.slot.pending.push(Arc::clone(&one.view), ticket.clone());
        }
        let with_epoch = |one: Written| {
            let epoch = one.slot.epoch();
            (one, epoch)
        };
        let under_way = UnderWay {
            inner: Arc::clone(self),
            slots: slots.to_vec(),
            written: written.into_iter().map(with_epoch).collect(),
            ticket: fate,
            begun: Instant::now(),
            is_settled: false,
        };
        let log = Arc::clone(&self.log);
        let appending = async move { log.append(commit).await };
        // Begun here, whatever is left of this task's turn, so that commits are sent in their order.
        let mut appending = Box::pin(tokio::task::unconstrained(appending));
        if let Some(done) = first_poll(&mut appending) {
            under_way.settle(done, reply);
        } else {
            tokio::spawn(async move {
                let done = appending.await;
                under_way.settle(done, reply);
            });
        }
        answer
    }
}

/// What a future gives when it is polled for the first time, if it gives anything. A waker that nobody hears is no harm:
/// whoever goes on polling brings another.
fn first_poll<F: Future>(future: &mut Pin<Box<F>>) -> Option<F::Output> {
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match future.as_mut().poll(&mut context) {
        Poll::Ready(done) => Some(done),
        Poll::Pending => None,
    }
}

impl UnderWay {
    fn settle(mut self, done: Answer, reply: oneshot::Sender<Answer>) {
        measure::append(outcome(&done), self.begun);
        match &done {
            Ok(committed) => self.adopt(committed),
            Err(error) => self.give_up(error),
        }
        // Who asked may have stopped waiting.
        drop(reply.send(done));
    }

    /// Takes what was written into memory: the states that proved the events become the views.
    fn adopt(&mut self, committed: &Committed) {
        for commit in &committed.commits {
            self.inner.learn_incarnation(commit.incarnation);
        }
        for revocation in &committed.revocations {
            self.inner.sink.revoked(revocation);
        }
        for (one, epoch) in &self.written {
            let slot = &one.slot;
            let head = one.view.head();
            let Some(commit) = committed.commits.iter().find(|one| one.log == head.log) else {
                continue;
            };
            if (commit.last, commit.hash) != (head.seq, head.hash) {
                // Stored otherwise than was proved, as after a fence: the next reader folds it from the log.
                slot.hear_of(commit.last);
                slot.pending.break_off(Break::Unknown);
                self.inner.meta.store(None);
                continue;
            }
            let was_empty = slot.last().is_none();
            if let Some(view) = slot.publish_in(*epoch, &one.view) {
                let grown = weigh::of_commit(commit);
                self.inner.weigh_next(slot, &view, was_empty, grown);
                self.inner
                    .snapshots
                    .offer(slot, &view, self.inner.options.snapshot_tail);
            }
        }
        self.end(Fate::Durable);
    }

    fn give_up(&mut self, error: &AppendError) {
        if let AppendError::Stale { heads } = error {
            for head in heads {
                self.slots
                    .iter()
                    .filter(|slot| *slot.log() == head.log)
                    .for_each(|slot| slot.hear_of(head.seq));
            }
        }
        match error {
            AppendError::Stale { .. }
            | AppendError::NotOpen { .. }
            | AppendError::Corrupt(_)
            | AppendError::Receipt(_)
            | AppendError::Unavailable(_) => {
                for slot in &self.slots {
                    slot.pending.break_off(Break::Unknown);
                }
            }
            AppendError::Dead { .. }
            | AppendError::ClaimTaken { .. }
            | AppendError::Side { .. }
            | AppendError::TooLarge { .. }
            | AppendError::Busy(_)
            | AppendError::Invalid(_) => {
                for (one, _) in &self.written {
                    one.slot.pending.break_off(Break::Refused);
                }
            }
        }
        self.end(Fate::Failed);
    }

    fn end(&mut self, fate: Fate) {
        self.is_settled = true;
        for (one, _) in &self.written {
            one.slot.pending.remove(&one.view);
        }
        self.ticket.send_replace(fate);
    }
}

impl Drop for UnderWay {
    /// One that was cut off before its answer came: nothing is known of it.
    fn drop(&mut self) {
        if !self.is_settled {
            for slot in &self.slots {
                slot.pending.break_off(Break::Unknown);
            }
            self.end(Fate::Failed);
        }
    }
}

fn outcome(appended: &Answer) -> Appended {
    match appended {
        Ok(_) => Appended::Written,
        Err(AppendError::Stale { .. }) => Appended::Conflict,
        Err(
            AppendError::Receipt(_)
            | AppendError::NotOpen { .. }
            | AppendError::Dead { .. }
            | AppendError::ClaimTaken { .. }
            | AppendError::Side { .. }
            | AppendError::TooLarge { .. }
            | AppendError::Invalid(_),
        ) => Appended::Refused,
        Err(AppendError::Busy(_) | AppendError::Unavailable(_) | AppendError::Corrupt(_)) => {
            Appended::Failed
        }
    }
}
