//! What this process knows of logs: their numbers, and where they stand if nobody else has written since.
//!
//! A head that is known here only saves a question. Whether it still holds is decided by the append itself.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use moka::sync::Cache;
use trilby_eventlog::{Commit, Expected, Head};
use trilby_model::LogId;

/// Logs whose head is remembered, about 200 bytes each.
const HEADS_MAX: u64 = 100_000;

/// Logs whose number is remembered. A number never changes.
const NUMBERS_MAX: u64 = 200_000;

/// What is known.
#[derive(Debug)]
pub(crate) struct Known {
    numbers: Cache<LogId, i64>,
    heads: Cache<LogId, Head>,
    /// Where logs will stand when what is under way is done. Bounded by the writer's queue.
    pending: Mutex<HashMap<LogId, Head>>,
}

impl Known {
    pub fn new() -> Self {
        Self {
            numbers: Cache::new(NUMBERS_MAX),
            heads: Cache::new(HEADS_MAX),
            pending: Mutex::new(HashMap::new()),
        }
    }

    pub fn number(&self, log: &LogId) -> Option<i64> {
        self.numbers.get(log)
    }

    pub fn learn_number(&self, log: &LogId, number: i64) {
        self.numbers.insert(log.clone(), number);
    }

    /// The heads that a commit expects, in the order of its entries, if all of them are as far as is known here.
    pub fn heads(&self, commit: &Commit) -> Option<Vec<Option<Head>>> {
        let pending = self.pending();
        let head = |entry: &trilby_eventlog::Entry| match &entry.expected {
            // A log that begins may be there by now: that is looked up.
            Expected::New => None,
            Expected::At { seq, hash } => {
                let fits = |head: &Head| head.seq == *seq && head.hash == *hash;
                let next = pending.get(&entry.log).filter(|head| fits(head)).cloned();
                next.or_else(|| self.heads.get(&entry.log).filter(fits))
                    .map(Some)
            }
        };
        commit.entries.iter().map(head).collect()
    }

    /// A log stands, or stood, there. What is further on stays.
    pub fn learn_head(&self, head: &Head) {
        let is_news = |known: &Head| known.seq < head.seq;
        if self
            .heads
            .get(&head.log)
            .is_none_or(|known| is_news(&known))
        {
            self.heads.insert(head.log.clone(), head.clone());
        }
    }

    /// A commit that will leave these heads is put under way by `send`. Who finds the heads here finds it under way.
    pub fn expect(&self, heads: Vec<Head>, send: impl FnOnce()) {
        let mut pending = self.pending();
        for head in heads {
            pending.insert(head.log.clone(), head);
        }
        send();
    }

    /// It is no longer under way.
    pub fn settle(&self, heads: &[Head], written: bool) {
        let mut pending = self.pending();
        for head in heads {
            if pending.get(&head.log) == Some(head) {
                pending.remove(&head.log);
            }
            if written {
                self.heads.insert(head.log.clone(), head.clone());
            } else {
                self.heads.invalidate(&head.log);
            }
        }
    }

    /// Nothing that was known of heads holds.
    pub fn forget_heads(&self) {
        self.heads.invalidate_all();
    }

    fn pending(&self) -> MutexGuard<'_, HashMap<LogId, Head>> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
