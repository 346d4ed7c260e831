//! What a command is decided on: the newest state of each of its logs, as far as one can know.

use std::collections::BTreeMap;
use std::sync::Arc;

use trilby_model::{LogId, Seq};

use super::plan::States;
use super::{Caution, Write};
use crate::directory::Inner;
use crate::error::Error;
use crate::options::UNDER_WAY_MAX;
use crate::slot::Slot;
use crate::slot::pending::{Break, Tail, Ticket};
use crate::view::AnyView;

/// States, and what they rest on.
pub(super) struct Standing {
    pub states: States,
    /// Tells when the last commit in them is durable that was not when they were taken.
    pub rests_on: Option<Ticket>,
    /// Whether the store was asked where the logs end.
    pub asked: bool,
}

impl Inner {
    /// The newest state of every log, by who holds their gates; one that does not exist yet is absent.
    ///
    /// INVARIANT: only of the log that keeps the command's receipt may commits be in it that are not durable. Every commit
    /// of the command names that log's head, so it is not written unless they are; of another log it may only have read.
    pub(super) async fn standing(
        &self,
        slots: &[Arc<Slot>],
        write: &Write,
        caution: Caution,
    ) -> Result<Standing, Error> {
        let mut tail = None;
        for slot in slots {
            let may_rest = *slot.log() == write.receipt.log && caution != Caution::Durable;
            if let Some(found) = self.settled(slot, may_rest).await? {
                tail = Some(found);
            }
        }
        let asked = self.options.ask_heads && (slots.len() > 1 || caution != Caution::None);
        if asked {
            self.ask_heads(slots, tail.as_ref().map(|(view, _)| &**view))
                .await?;
        }
        let mut views = BTreeMap::new();
        let mut rests_on = None;
        for slot in slots {
            if let Some((view, ticket)) = tail.take_if(|(view, _)| view.head().log == *slot.log()) {
                views.insert(slot.log().clone(), AnyView::clone(&view));
                rests_on = Some(ticket);
                continue;
            }
            let view = match slot.newest() {
                Some(view) => Ok(view),
                None => self.catch_up_gated(slot, Seq::ZERO).await,
            };
            match view {
                Ok(view) => {
                    views.insert(slot.log().clone(), AnyView::clone(&view));
                }
                Err(Error::UnknownLog { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Standing {
            states: States::new(views, write.now),
            rests_on,
            asked,
        })
    }

    /// Waits until it is known on what to go on: what is under way, if that may be, or else what is durable.
    async fn settled(
        &self,
        slot: &Arc<Slot>,
        may_rest: bool,
    ) -> Result<Option<(Arc<AnyView>, Ticket)>, Error> {
        if may_rest {
            slot.pending.fewer_than(UNDER_WAY_MAX).await;
            match slot.pending.tail() {
                // Who wrote beyond it is another process: what is under way will fail.
                Tail::Sent(view, ticket) if !slot.knows_newer_than(view.seq()) => {
                    return Ok(Some((view, ticket)));
                }
                Tail::Sent(..) | Tail::Broken | Tail::Durable => {}
            }
        }
        slot.pending.fewer_than(1).await;
        match slot.pending.mend() {
            None | Some(Break::Refused) => {}
            // A log that is shorter than we folded is another timeline; reading its tail finds that out.
            Some(Break::Unknown) => match self.read_tail(slot, None).await {
                Ok(_) | Err(Error::UnknownLog { .. }) => {}
                Err(error) => {
                    slot.pending.break_off(Break::Unknown);
                    return Err(error);
                }
            },
        }
        Ok(None)
    }

    /// What is refused on a state that others have changed meanwhile is refused wrongly.
    async fn ask_heads(&self, slots: &[Arc<Slot>], tail: Option<&AnyView>) -> Result<(), Error> {
        // What is under way tells by itself whether it was the newest.
        let is_tail = |log: &LogId| tail.is_some_and(|view| view.head().log == *log);
        let logs = slots.iter().map(|slot| slot.log());
        let logs: Vec<LogId> = logs.filter(|log| !is_tail(log)).cloned().collect();
        if logs.is_empty() {
            return Ok(());
        }
        for head in self.log.heads(&logs).await? {
            slots
                .iter()
                .filter(|slot| *slot.log() == head.log)
                .for_each(|slot| slot.hear_of(head.seq));
        }
        Ok(())
    }
}
