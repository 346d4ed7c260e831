//! A commit on its way to the database: sealed, with the numbers of its logs.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::oneshot;
use trilby_eventlog::seal::Sealed;
use trilby_eventlog::{ClaimScope, Commit, Head, SideOutcome, SideWrite, chain};
use trilby_model::{Hash, LogId, Seq};

/// What became of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It is durable.
    Done(Vec<SideOutcome>),
    /// It is not there: something was not as expected. Look, then decide.
    Refused,
    /// It is not there: this side write's condition did not hold.
    Side(usize),
    /// Nothing is known of it.
    Lost(String),
    /// It is not there and would not be the next time either.
    Failed(trilby_eventlog::Error),
}

/// One log's part, as the statement wants it.
#[derive(Debug)]
pub(crate) struct Part {
    pub id: i64,
    /// Where the log must stand.
    pub seq: Seq,
    pub hash: Hash,
    /// Where it stands afterwards; `None` for a guard.
    pub new: Option<Head>,
}

/// A commit on its way.
#[derive(Debug)]
pub(crate) struct Job {
    pub commit: Arc<Commit>,
    pub sealed: Arc<Sealed>,
    pub parts: Vec<Part>,
    /// Numbers of all logs that it names.
    pub ids: HashMap<LogId, i64>,
    /// It was refused in a group although nothing stands against it.
    pub is_apart: bool,
    pub reply: oneshot::Sender<Outcome>,
}

impl Job {
    /// What a log's part of a commit expects and leaves behind. `heads` are those that the commit was sealed on.
    pub fn parts(
        store_id: &[u8; 16],
        commit: &Commit,
        sealed: &Sealed,
        heads: &[Option<Head>],
        ids: &HashMap<LogId, i64>,
    ) -> Option<Vec<Part>> {
        let part = |(entry, head): (&trilby_eventlog::Entry, &Option<Head>)| {
            let (seq, hash) = match head {
                Some(head) => (head.seq, head.hash),
                None => (Seq::ZERO, chain::genesis(store_id, &entry.log)),
            };
            Some(Part {
                id: *ids.get(&entry.log)?,
                seq,
                hash,
                new: sealed
                    .heads
                    .iter()
                    .find(|head| head.log == entry.log)
                    .cloned(),
            })
        };
        commit.entries.iter().zip(heads).map(part).collect()
    }

    /// The number of a log that it names.
    pub fn id(&self, log: &LogId) -> i64 {
        // Every log of a job was looked up before it was made; 0 is no log's number, so its rows find nothing.
        self.ids.get(log).copied().unwrap_or(0)
    }

    /// A claim's scope as a number.
    pub fn scope(&self, scope: &ClaimScope) -> i64 {
        match scope {
            ClaimScope::Store => 0,
            ClaimScope::Log(log) => self.id(log),
        }
    }

    /// Whether it needs a transaction of its own: it has to wait for a lock, or its side writes are statements of their
    /// own, which must not run unless the rest holds.
    pub fn is_alone(&self) -> bool {
        self.is_apart
            || !self
                .commit
                .side
                .iter()
                .all(|write| matches!(write, SideWrite::PersonalInsert(_)))
    }

    /// The incarnation of the store that it was sealed in. A commit has events in one log at least.
    pub fn incarnation(&self) -> u32 {
        let mut commits = self.sealed.commits.iter();
        commits.next().map_or(0, |commit| commit.incarnation)
    }

    pub fn n_events(&self) -> usize {
        self.sealed
            .commits
            .iter()
            .map(|commit| commit.events.len())
            .sum()
    }
}

/// The numbers of the logs that jobs write to, each once, and of none that a caller's session rests on.
pub(crate) fn logs(jobs: &[Job]) -> Vec<i64> {
    let parts = jobs
        .iter()
        .flat_map(|job| job.parts.iter().map(|part| part.id));
    let side = jobs.iter().flat_map(|job| {
        let logs = job.commit.side.iter().map(SideWrite::log);
        logs.map(|log| job.id(log))
    });
    let mut ids: Vec<i64> = parts.chain(side).collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}
