//! Appends that wait for a test to say what becomes of them.

use std::collections::VecDeque;
use std::sync::Mutex;

use tokio::sync::oneshot;
use trilby_eventlog::*;

type Answer = Result<Committed, AppendError>;

/// What becomes of an append.
#[derive(Debug, Clone)]
pub enum Verdict {
    /// It is written if its head is still the log's.
    Pass,
    /// It is refused.
    Refuse(AppendError),
    /// Nobody is told that it is written.
    Lose,
    /// Nobody is told that it is not written.
    Drop,
}

#[derive(Default)]
struct Inner {
    holds: bool,
    waiting: VecDeque<(Memory, Commit, oneshot::Sender<Answer>)>,
    /// What becomes of those that are not held, in turn.
    script: VecDeque<Verdict>,
}

/// Holds appends back, in the order in which they were sent.
#[derive(Default)]
pub struct Held(Mutex<Inner>);

impl Held {
    pub fn hold(&self) {
        self.0.lock().unwrap().holds = true;
    }

    /// Those that come from now on: these verdicts first, then all pass.
    pub fn script(&self, verdicts: impl IntoIterator<Item = Verdict>) {
        self.0.lock().unwrap().script.extend(verdicts);
    }

    pub fn n_waiting(&self) -> usize {
        self.0.lock().unwrap().waiting.len()
    }

    /// Waits until this many are held.
    pub async fn until(&self, n: usize) {
        while self.n_waiting() < n {
            tokio::task::yield_now().await;
        }
    }

    /// Lets the first go on.
    pub async fn one(&self, verdict: Verdict) {
        let (memory, commit, reply) = self.0.lock().unwrap().waiting.pop_front().unwrap();
        let _ = reply.send(judged(&memory, commit, verdict).await);
    }

    /// Lets all that are held go on, and holds none from now on.
    pub async fn release(&self) {
        self.0.lock().unwrap().holds = false;
        while self.n_waiting() > 0 {
            self.one(Verdict::Pass).await;
        }
    }

    pub async fn append(&self, memory: Memory, commit: Commit) -> Answer {
        let answer = {
            let mut inner = self.0.lock().unwrap();
            if inner.holds {
                let (reply, answer) = oneshot::channel();
                inner.waiting.push_back((memory, commit, reply));
                Ok(answer)
            } else {
                Err((memory, commit, inner.script.pop_front()))
            }
        };
        match answer {
            Ok(answer) => answer.await.unwrap(),
            Err((memory, commit, verdict)) => {
                let verdict = verdict.unwrap_or(Verdict::Pass);
                let done = judged(&memory, commit, verdict).await;
                // As a disk does: others come in between.
                tokio::task::yield_now().await;
                done
            }
        }
    }
}

async fn judged(memory: &Memory, commit: Commit, verdict: Verdict) -> Answer {
    let unknown = || AppendError::Unavailable("cut off".to_owned());
    match verdict {
        Verdict::Pass => memory.append(commit).await,
        Verdict::Refuse(error) => Err(error),
        Verdict::Lose => memory.append(commit).await.and_then(|_| Err(unknown())),
        Verdict::Drop => Err(unknown()),
    }
}
