//! What the store was asked on behalf of one request, so that the same request does not ask it again.
//!
//! Where processes write beside each other, whoever asks for the newest state gets it as the store has it. A request asks
//! for the same few logs several times: to judge its session, then its right. One question tells of all of them, and its
//! answer stands for the rest of the request, but not for longer than a moment: what is decided after a body that came
//! slowly is decided on what the store has then.
//!
//! INVARIANT: what stands here was asked after the request had come, so no answer is older than the request; and it only
//! saves the question. The state that is given is the newest that is known when it is given.

use std::time::Duration;

use tokio::time::Instant;
use trilby_model::{AccountId, LogId};

use crate::directory::Inner;
use crate::error::Error;
use crate::view::{account_log, organization_log};

/// How long an answer of the store stands for the request that asked: longer than a request takes between its steps, too
/// short for anybody to prepare one.
pub const ASKED_STANDS: Duration = Duration::from_millis(50);

/// Which logs the store was asked for, and when. Belongs to one request.
#[derive(Debug, Clone, Default)]
pub struct Asked(Vec<Answer>);

#[derive(Debug, Clone)]
struct Answer {
    log: LogId,
    at: Instant,
    exists: bool,
}

impl Asked {
    /// Whether this log exists, if the answer about it stands.
    pub(crate) fn exists(&self, log: &LogId) -> Option<bool> {
        let of = self.0.iter().find(|answer| answer.log == *log)?;
        (of.at.elapsed() <= ASKED_STANDS).then_some(of.exists)
    }

    fn add(&mut self, answer: Answer) {
        self.0.retain(|known| known.log != answer.log);
        self.0.push(answer);
    }
}

impl Inner {
    /// Asks in one question where the logs of these accounts end and, as far as it is known, of the organizations they
    /// are in; but for those that were asked for, or that `named` says are asked for otherwise.
    pub(crate) async fn ask(
        &self,
        accounts: [Option<AccountId>; 2],
        named: impl Fn(&LogId) -> bool,
        asked: &mut Asked,
    ) -> Result<(), Error> {
        if !self.options.ask_heads {
            return Ok(());
        }
        let mut logs: Vec<LogId> = Vec::new();
        for account in accounts.into_iter().flatten() {
            let log = account_log(account);
            let held = self.slots.get(&log).and_then(|slot| slot.last());
            let membership = held.as_ref().and_then(|view| view.account());
            let membership = membership.and_then(|view| view.state.organization());
            logs.extend(membership.map(|of| organization_log(&of.organization)));
            logs.push(log);
        }
        logs.sort();
        logs.dedup();
        logs.retain(|log| !named(log) && asked.exists(log).is_none());
        if logs.is_empty() {
            return Ok(());
        }
        let at = Instant::now();
        let found = self.hear_of_heads(&logs).await?;
        for log in logs {
            let exists = found.contains(&log);
            asked.add(Answer { log, at, exists });
        }
        Ok(())
    }
}
