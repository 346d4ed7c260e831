//! The past: a log's state as it was at the end of an earlier commit.

use std::sync::Arc;

use trilby_eventlog::CommitPoint;
use trilby_model::{HashPrefix, LogId, Position, Seq, Timestamp};

use crate::directory::{Inner, lost};
use crate::error::Error;
use crate::options::READ_BATCH;
use crate::view::AnyView;
use crate::work::Work;

/// What a past state is remembered by. The hash makes one of a lost timeline unreachable.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct PastKey {
    log: LogId,
    seq: Seq,
    hash: trilby_model::Hash,
}

impl Inner {
    /// The state at exactly this position.
    ///
    /// Errors: `InvalidSeq` inside a commit, `TimelineLost` if the hash is another; beyond the log's end `TimelineLost` with
    /// a hash, `Behind` without.
    pub(crate) async fn at_position(&self, position: &Position) -> Result<AnyView, Error> {
        let point = self.point(position).await?;
        self.at_point(&point).await
    }

    /// The commit that a past position names.
    pub(crate) async fn point(&self, position: &Position) -> Result<CommitPoint, Error> {
        let Position { log, seq, hash } = position;
        let Some(point) = self.log.commit_at(log, *seq).await? else {
            // A hash is told of what is durable: see [`crate::Directory::at_least`].
            return Err(match hash {
                Some(_) => lost(position),
                None => Error::Behind {
                    log: log.clone(),
                    wanted: *seq,
                },
            });
        };
        if point.last != *seq {
            return Err(Error::InvalidSeq {
                log: log.clone(),
                seq: *seq,
            });
        }
        let fits = |prefix: &HashPrefix| point.hash.prefix() == *prefix;
        if !hash.as_ref().is_none_or(fits) {
            return Err(lost(position));
        }
        Ok(point)
    }

    /// The state at a log's last commit not later than a time. `None`: it had no event yet.
    pub(crate) async fn at_time(
        &self,
        log: &LogId,
        at: Timestamp,
    ) -> Result<Option<AnyView>, Error> {
        match self.log.head_at(log, at).await? {
            Some(point) => self.at_point(&point).await.map(Some),
            None => Ok(None),
        }
    }

    pub(crate) async fn at_point(&self, point: &CommitPoint) -> Result<AnyView, Error> {
        // Asking for the past of now needs no folding.
        if let Some(slot) = self.slots.get(&point.log)
            && let Some(view) = slot.last()
            && view.head().hash == point.hash
        {
            return Ok(AnyView::clone(&view));
        }
        let key = PastKey {
            log: point.log.clone(),
            seq: point.last,
            hash: point.hash,
        };
        if let Some(view) = self.past.get(&key) {
            return Ok(view);
        }
        let view = self.fold_to(point).await?;
        self.past.insert(key, view.clone());
        Ok(view)
    }

    async fn fold_to(&self, point: &CommitPoint) -> Result<AnyView, Error> {
        let log = &point.log;
        let mut work = match self.restore(log, Some(point.last)).await? {
            Some(work) => work,
            None => Work::start(log, self.genesis(log).await?),
        };
        while work.seq() < point.last {
            let commits = self.log.read(log, work.seq(), READ_BATCH).await?;
            if commits.is_empty() {
                return Err(Error::Behind {
                    log: log.clone(),
                    wanted: point.last,
                });
            }
            for commit in commits.iter().filter(|commit| commit.last <= point.last) {
                work.apply(commit)?;
            }
            let overshot = commits
                .last()
                .is_some_and(|commit| commit.last > point.last);
            if overshot && work.seq() < point.last {
                return Err(Error::InvalidSeq {
                    log: log.clone(),
                    seq: point.last,
                });
            }
        }
        if work.hash() != point.hash {
            return Err(Error::Corrupt {
                log: log.clone(),
                reason: format!("the chain does not end in the hash of seq {}", point.last),
            });
        }
        work.finish(&self.policies, None)
    }

    /// As [`Inner::at_time`], shared.
    pub(crate) async fn shared_at_time(
        &self,
        log: &LogId,
        at: Timestamp,
    ) -> Result<Option<Arc<AnyView>>, Error> {
        Ok(self.at_time(log, at).await?.map(Arc::new))
    }
}
